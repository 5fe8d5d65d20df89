// Two steps of the original's DINO, through the task, the optimiser and the schedules that pretraining uses.

#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "learn/ssl/dino_task.h"
#include "learn/train/optimizer.h"
#include "learn/train/trainer.h"
#include "support/golden_torch.h"

namespace gtsa {
namespace {

using test::golden_tensor;

ssl::DinoOptions options_of(const nlohmann::json& c) {
  ssl::DinoOptions o;
  o.vit = {.image_size = c.at("img"),
           .patch_size = c.at("patch"),
           .embed_dim = c.at("dim"),
           .depth = c.at("depth"),
           .num_heads = c.at("heads"),
           .drop_path = 0,
           .mlp_ratio = c.at("mlp")};
  o.head = {.in = c.at("dim"),
            .hidden = c.at("hidden"),
            .bottleneck = c.at("bottleneck"),
            .out = c.at("out"),
            .norm_last_layer = c.at("norm_last")};
  o.global = {2, c.at("img")};
  o.local = {c.at("nlocal"), c.at("local")};
  return o;
}

ssl::DinoSchedule schedule_of(const nlohmann::json& c) {
  const int64_t iters = c.at("iters");
  return {.base = {.lr = c.at("lr"),
                   .min_lr = c.at("min_lr"),
                   .warmup_steps = c.at("warmup").get<int64_t>() * iters,
                   .weight_decay = c.at("wd"),
                   .weight_decay_end = c.at("wd_end"),
                   .momentum = c.at("momentum")},
          .teacher_temperature = {.first = c.at("temp0"), .last = c.at("temp1"), .epochs = c.at("temp_warm")},
          .last_layer_from_step = c.at("freeze").get<int64_t>() * iters};
}

data::DinoViewOptions samples_of(const ssl::DinoOptions& o) {
  data::DinoViewOptions samples;
  samples.crop_sizes = {o.global.size, o.local.size};
  samples.num_crops = {o.global.count, o.local.count};
  return samples;
}

class DinoStep {
 public:
  DinoStep()
      : golden_("dino_step_tiny"),
        config_(golden_.json().at("config")),
        options_(options_of(config_)),
        task_(options_, schedule_of(config_), samples_of(options_)) {
    test::load_golden(golden_, "init.", [&](const nn::Walk& visit) {
      task_.walk([&](const std::string& name, at::Tensor& tensor) {
        if (name == "dino_loss.center") {
          tensor.copy_(golden_tensor(golden_, "init.center"));
        } else {
          visit(name, tensor);
        }
      });
    });
    optimizer_.emplace(task_.trained(), task_.averaged(), task_.rows(),
                       train::AdamWOptions{.clip = config_.at("clip")});
  }

  void check(size_t number) {
    const nlohmann::json& step = golden_.json().at("steps").at(number);
    prefix_ = fmt::format("step{}.", number + 1);
    const int64_t iters = config_.at("iters"), epochs = config_.at("epochs");
    position_ = {step.at("iteration").get<int64_t>(), epochs * iters, iters};
    ASSERT_EQ(position_.epoch(), step.at("epoch").get<int64_t>());
    const train::Values values = task_.values(position_);
    EXPECT_NEAR(values.lr, step.at("lr"), 1e-15);
    EXPECT_NEAR(values.weight_decay, step.at("weight_decay"), 1e-12);
    EXPECT_NEAR(values.momentum, step.at("momentum"), 1e-12);
    EXPECT_NEAR(values.others.at(0).second, step.at("teacher_temp"), 1e-12);
    check_outputs();
    check_loss();
    const train::GradientNorms norms = optimizer_->norms();
    check_gradients(step, norms);
    optimizer_->step(norms, values.lr, values.weight_decay, values.momentum, position_.step);
    task_.commit();
    check_after(values.lr, values.momentum);
  }

 private:
  at::Tensor images(int64_t first, int64_t count) const {
    std::vector<at::Tensor> views;
    for (int64_t v = first; v < first + count; ++v) {
      views.push_back(golden_tensor(golden_, prefix_ + "image." + std::to_string(v)));
    }
    return at::stack(views);
  }

  void expect_close(const at::Tensor& got, const std::string& name, double relative, double absolute) const {
    const at::Tensor want = golden_tensor(golden_, prefix_ + name);
    ASSERT_EQ(got.sizes(), want.sizes()) << name;
    const at::Tensor over = (got.detach() - want).abs() - (absolute + relative * want.abs());
    EXPECT_LE(over.max().item<float>(), 0) << prefix_ << name;
  }

  void check_outputs() {
    const at::Tensor global = images(0, options_.global.count).flatten(0, 1);
    const at::Tensor local = images(options_.global.count, options_.local.count).flatten(0, 1);
    const at::Tensor student =
        at::cat({ssl::forward(task_.student(), global).logits, ssl::forward(task_.student(), local).logits});
    expect_close(student, "student_out", 1e-4, 2e-5);
    expect_close(ssl::forward(task_.teacher(), global).logits, "teacher_out", 1e-4, 2e-5);
    expect_close(task_.centre(), "center_before", 1e-5, 1e-6);
  }

  void check_loss() {
    auto batch = std::make_shared<data::Batch>();
    for (const auto& [name, views] : {std::pair("global", images(0, options_.global.count)),
                                      std::pair("local", images(options_.global.count, options_.local.count))}) {
      data::BufferSpec spec{name, data::Element::f32, views.sizes().vec()};
      data::Buffer buffer{std::move(spec), data::allocate_on_heap(views.nbytes())};
      std::copy_n(static_cast<const std::byte*>(views.data_ptr()), views.nbytes(), buffer.data.get());
      batch->buffers.push_back(std::move(buffer));
    }
    batch->keys.resize(config_.at("batch").get<size_t>());
    task_.trained().zero_grads();
    train::StepLosses losses;
    train::run_micro_batch(task_, train::DeviceBatch(batch), 1, {.position = position_}, losses);
    const double want = golden_.scalar(prefix_ + "loss");
    EXPECT_NEAR(losses.total, want, 1e-5 * want);
  }

  /// The smaller of the recorded gradients of the steps so far, by size.
  at::Tensor smallest_gradient(const std::string& name) {
    const at::Tensor gradient = golden_tensor(golden_, prefix_ + "grad." + name).abs();
    const auto [known, fresh] = smallest_.try_emplace(name, gradient);
    if (!fresh) known->second = at::where(gradient < known->second, gradient, known->second);
    return known->second;
  }

  void check_gradients(const nlohmann::json& step, const train::GradientNorms& norms) {
    const auto names = step.at("norm_names").get<std::vector<std::string>>();
    const auto want = golden_.values<double>(prefix_ + "grad_norms");
    for (size_t i = 0; i < names.size(); ++i) {
      const int64_t row = task_.trained().layout.find(names[i]);
      ASSERT_GE(row, 0) << names[i];
      const double got = norms.rows[static_cast<size_t>(row)];
      EXPECT_NEAR(got, want[i], 1e-4 * want[i] + 1e-7) << names[i];
      const auto gradients = test::by_name(nn::parameters(task_.student()));
      expect_close(gradients.at(names[i]).grad(), "grad." + names[i], 1e-3, 1e-6);
      const double clip = std::min(1.0, step.at("clip").get<double>() / (got + 1e-6));
      EXPECT_EQ(golden_.has(prefix_ + "grad_clipped." + names[i]), clip < 1) << names[i];
      if (clip < 1) expect_close(gradients.at(names[i]).grad() * clip, "grad_clipped." + names[i], 1e-3, 1e-6);
    }
  }

  void check_after(double lr, double momentum) {
    for (const auto& [name, tensor] : test::by_name(nn::parameters(task_.student()))) {
      const at::Tensor want = golden_tensor(golden_, prefix_ + "student_after." + name);
      at::Tensor allowed = 2e-6 + 1e-4 * want.abs();
      if (golden_.has(prefix_ + "grad." + name)) {
        allowed = at::where(smallest_gradient(name) > 1e-6, allowed, at::zeros_like(allowed) + 2.2 * lr);
      }
      EXPECT_LE(((tensor.detach() - want).abs() - allowed).max().item<float>(), 0) << prefix_ << name;
    }
    take_over_noise(momentum);
    for (const auto& [name, tensor] : test::by_name(nn::parameters(task_.teacher()))) {
      expect_close(tensor, "teacher_after." + name, 1e-5, 1e-6);
    }
    expect_close(task_.centre(), "center_after", 1e-5, 1e-6);
  }

  /// Where a gradient is rounding noise (the key third of qkv biases above all), AdamW makes a step of up to lr of it
  /// in either direction. The recorded one's takes the place of ours: in the student, and by its share in the average.
  void take_over_noise(double momentum) {
    const at::NoGradGuard no_grad;
    const auto teacher = test::by_name(nn::parameters(task_.teacher()));
    for (const auto& [name, tensor] : test::by_name(nn::parameters(task_.student()))) {
      if (!golden_.has(prefix_ + "grad." + name)) continue;
      const at::Tensor recorded = golden_tensor(golden_, prefix_ + "student_after." + name);
      const at::Tensor taken = at::where(smallest_gradient(name) > 1e-6, tensor, recorded);
      teacher.at(name).add_(taken - tensor, 1 - momentum);
      tensor.copy_(taken);
    }
  }

  test::Golden golden_;
  nlohmann::json config_;
  ssl::DinoOptions options_;
  ssl::DinoTask task_;
  std::optional<train::AdamW> optimizer_;
  std::string prefix_;
  train::Position position_;
  std::map<std::string, at::Tensor> smallest_;
};

TEST(dino_step_tiny_GoldenTest, TwoStepsAgreeWithTheOriginal) {
  GTSA_REQUIRE_GOLDEN("dino_step_tiny");
  DinoStep step;
  step.check(0);
  step.check(1);
}

}  // namespace
}  // namespace gtsa
