// Eight steps of the original's training loop, through the task, the optimiser and the schedules that pretraining uses.

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "learn/ssl/golden_step.h"
#include "learn/ssl/golden_update.h"
#include "learn/ssl/gtsa_task.h"
#include "learn/train/optimizer.h"
#include "learn/train/task.h"
#include "learn/train/trainer.h"

namespace gtsa {
namespace {

using test::golden_tensor;

/// A recorded batch as the loader would hand it over.
std::shared_ptr<const data::Batch> host_batch(const test::Golden& golden, const ssl::GtsaOptions& o,
                                              const std::string& prefix) {
  const test::GoldenBatch recorded = test::golden_batch(golden, o, prefix);
  const int64_t photographs = recorded.turns.numel() / o.views();
  auto batch = std::make_shared<data::Batch>();
  const auto add = [&](std::string_view name, data::Element element, const at::Tensor& tensor,
                       std::vector<int64_t> shape) {
    data::Buffer buffer{{std::string(name), element, std::move(shape)}, data::allocate_on_heap(tensor.nbytes())};
    const at::Tensor contiguous = tensor.contiguous();
    std::copy_n(static_cast<const std::byte*>(contiguous.data_ptr()), contiguous.nbytes(), buffer.data.get());
    batch->buffers.push_back(std::move(buffer));
  };
  using data::Element;
  add("global", Element::f32, recorded.global_views, {o.global.count, photographs, 3, o.global.size, o.global.size});
  add("local", Element::f32, recorded.local_views, {o.local.count, photographs, 3, o.local.size, o.local.size});
  add("turns", Element::i64, recorded.turns, {o.views(), photographs});
  add(data::kStudentPoolGlobal, Element::f32, recorded.global_pooling.student,
      recorded.global_pooling.student.sizes().vec());
  add(data::kTeacherPoolGlobal, Element::f32, recorded.global_pooling.teacher,
      recorded.global_pooling.teacher.sizes().vec());
  add(data::kStudentPoolLocal, Element::f32, recorded.local_pooling.student,
      recorded.local_pooling.student.sizes().vec());
  add(data::kTeacherPoolLocal, Element::f32, recorded.local_pooling.teacher,
      recorded.local_pooling.teacher.sizes().vec());
  add("capped", Element::u8, at::zeros({photographs}, at::kByte), {photographs});
  batch->keys.resize(static_cast<size_t>(photographs));
  return batch;
}

TEST(gtsa_trajectory_tiny_GoldenTest, LossesNormsAndFinalWeightsAgree) {
  GTSA_REQUIRE_GOLDEN("gtsa_trajectory_tiny");
  const test::Golden golden("gtsa_trajectory_tiny");
  const auto& json = golden.json();
  ssl::GtsaOptions options = test::golden_options(golden);
  options.vit.drop_path = 0;
  const int64_t iters = json.at("iters"), epochs = json.at("epochs"), warmup = json.at("warmup");
  const ssl::GtsaSchedule schedule{.base = {.lr = json.at("lr"),
                                            .min_lr = json.at("min_lr"),
                                            .warmup_steps = warmup * iters,
                                            .weight_decay = json.at("wd"),
                                            .weight_decay_end = json.at("wd_end"),
                                            .momentum = json.at("momentum")},
                                   .correspondence = json.at("pc_coef"),
                                   .rotation = json.at("rot_coef"),
                                   .correspondence_from_step = (warmup + 1) * iters};
  ssl::GtsaTask task(options, schedule, test::samples_of(options));
  test::load_golden(golden, "param/", [&](const nn::Walk& visit) { task.walk(visit); });
  train::AdamW optimizer(task.trained(), task.averaged(), task.rows(), {.clip = json.at("clip_grad")});
  const auto losses = golden.values<double>("losses"), norms = golden.values<double>("gradient_norms");
  const auto columns = json.at("gradient_norm_columns").get<std::vector<std::string>>();
  train::Position position{0, epochs * iters, iters};
  optimizer.average(task.values(position).momentum);
  for (; position.step < position.total_steps; ++position.step) {
    const auto step = static_cast<size_t>(position.step);
    const train::Values values = task.values(position);
    EXPECT_NEAR(values.lr, golden.values<double>("lr")[step], 1e-15);
    EXPECT_NEAR(values.weight_decay, golden.values<double>("wd")[step], 1e-12);
    EXPECT_NEAR(values.momentum, golden.values<double>("momentum")[step], 1e-12);
    EXPECT_EQ(values.others.at(0).second, golden.values<double>("pc_coef")[step]);
    task.trained().zero_grads();
    const train::DeviceBatch batch(host_batch(golden, options, "step/" + std::to_string(step) + "/"));
    train::StepLosses got;
    train::run_micro_batch(task, batch, 1, {.position = position}, got);
    for (size_t i = 0; i < 3; ++i)
      EXPECT_NEAR(got.terms[i].second, losses[step * 4 + i], 2e-5) << got.terms[i].first << " step " << step;
    EXPECT_NEAR(got.total, losses[step * 4 + 3], 2e-5) << step;
    const train::GradientNorms found = optimizer.norms();
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].ends_with("qkv.bias")) continue;
      const int64_t row = task.trained().layout.find(columns[i]);
      ASSERT_GE(row, 0) << columns[i];
      const double want = norms[step * columns.size() + i];
      EXPECT_LE(std::abs(found.rows[static_cast<size_t>(row)] - want), 1e-3 * want) << columns[i] << " step " << step;
    }
    optimizer.step(found, values.lr, values.weight_decay, values.next_momentum, position.step);
  }
  for (const auto& [name, tensor] : test::by_name(nn::parameters(task.student()))) {
    const at::Tensor want = golden_tensor(golden, "final/" + name);
    EXPECT_LE(test::max_difference(tensor.detach() * test::counted(golden, name, want),
                                   want * test::counted(golden, name, want)),
              1e-4)
        << name;
  }
}

}  // namespace
}  // namespace gtsa
