// A whole step of fine-tuning, one for each head: mixed pictures, targets, logits, losses, gradients, norm, clipping
// over all tensors and AdamW with layer-wise rates.

#include <ATen/TensorOperators.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/where.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "learn/train/optimizer.h"
#include "learn/train/schedule.h"
#include "learn/transfer/class_losses.h"
#include "learn/transfer/classifier.h"
#include "learn/transfer/layer_decay.h"
#include "learn/transfer/mixing.h"
#include "support/golden_torch.h"

namespace gtsa::transfer {
namespace {

using test::golden_tensor;

/// |got - want| <= absolute + relative * |want| everywhere.
void expect_close(const at::Tensor& got, const at::Tensor& want, double relative, double absolute,
                  const std::string& what) {
  ASSERT_EQ(got.sizes(), want.sizes()) << what;
  const at::Tensor over = (got.detach() - want).abs() - (want.abs() * relative + absolute);
  EXPECT_LE(over.max().item<float>(), 0) << what;
}

ClassifierOptions options_of(const test::Golden& golden) {
  const auto& c = golden.json().at("config");
  return {.vit = {.image_size = c.at("img"),
                  .patch_size = c.at("patch"),
                  .embed_dim = c.at("dim"),
                  .depth = c.at("depth"),
                  .num_heads = c.at("heads"),
                  .drop_path = 0},
          .head = head_named(golden.json().at("variant").get<std::string>()),
          .classes = c.at("classes")};
}

/// A recorded step, run.
class Step {
 public:
  explicit Step(const std::string& stem)
      : golden_(stem), config_(golden_.json().at("config")), classifier_(make_classifier(options_of(golden_))) {
    flat_ = nn::bind(classifier_, true);
    test::load_golden(golden_, "init.", nn::parameters(classifier_));
  }

  void check() {
    const at::Tensor logits = check_forward();
    check_losses(logits);
    soft_cross_entropy(logits, golden_tensor(golden_, "targets")).backward();
    check_gradients();
    check_update();
  }

 private:
  at::Tensor check_forward() {
    const at::Tensor images = golden_tensor(golden_, "images"), labels = golden_tensor(golden_, "labels");
    const std::vector<Mix> mixes(static_cast<size_t>(images.size(0)), {.lambda = config_.at("lam")});
    expect_close(mix_images(images, mixes), golden_tensor(golden_, "mixed_images"), 1e-6, 1e-6, "mixed_images");
    expect_close(mix_targets(labels, mixes, config_.at("classes"), config_.at("smoothing")),
                 golden_tensor(golden_, "targets"), 0, 1e-6, "targets");
    const at::Tensor logits = forward(classifier_, golden_tensor(golden_, "mixed_images"));
    expect_close(logits, golden_tensor(golden_, "logits"), 1e-4, 1e-5, "logits");
    return logits;
  }

  void check_losses(const at::Tensor& logits) {
    const at::Tensor labels = golden_tensor(golden_, "labels");
    const auto expect = [&](const at::Tensor& loss, const char* name) {
      EXPECT_NEAR(loss.item<float>(), golden_.scalar(name), 1e-5 * golden_.scalar(name)) << name;
    };
    expect(soft_cross_entropy(logits, golden_tensor(golden_, "targets")), "loss");
    expect(smoothed_cross_entropy(logits, labels, config_.at("smoothing")), "loss_label_smoothing");
    expect(smoothed_cross_entropy(logits, labels, 0), "loss_hard");
  }

  bool unused(const std::string& name) const {
    const auto& names = golden_.json().at("unused");
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  void check_gradients() {
    for (size_t i = 0; i < flat_.layout.slots.size(); ++i) {
      const std::string& name = flat_.layout.slots[i].name;
      EXPECT_EQ((*flat_.touched)[i] == 0, unused(name)) << name;
    }
    classifier_.walk([&](const std::string& name, at::Tensor& tensor) {
      if (unused(name)) return;
      expect_close(tensor.grad(), golden_tensor(golden_, "grad." + name), 1e-3, 1e-6, "grad." + name);
    });
  }

  void check_update() {
    const double lr = train::ramp_cosine(config_.at("lr"), config_.at("min_lr"), config_.at("warmup"), config_.at("at"),
                                         config_.at("epochs"));
    EXPECT_NEAR(lr, golden_.json().at("lr").get<double>(), 1e-12 * lr);
    const auto rows = layer_decay_rows(flat_.layout, config_.at("depth"), config_.at("decay"));
    train::AdamW optimizer(flat_, nullptr, rows,
                           {.clip = config_.at("clip"), .clip_over = train::AdamWOptions::ClipOver::all});
    const train::GradientNorms norms = optimizer.norms();
    EXPECT_NEAR(norms.total, golden_.scalar("grad_norm"), 1e-4 * golden_.scalar("grad_norm"));
    optimizer.step(norms, lr, config_.at("wd"), 1, 0);
    for (const nn::Slot& slot : flat_.layout.slots) {
      const at::Tensor got = flat_.values.narrow(0, slot.offset, slot.size).view(slot.shape);
      const at::Tensor want = golden_tensor(golden_, "after." + slot.name);
      if (unused(slot.name)) {
        EXPECT_EQ(test::max_difference(got, golden_tensor(golden_, "init." + slot.name)), 0) << slot.name;
        continue;
      }
      const auto row = static_cast<size_t>(flat_.layout.find(slot.name));
      const at::Tensor gradient = golden_tensor(golden_, "grad." + slot.name);
      const at::Tensor allowed = at::where(gradient.abs() > 1e-6, want.abs() * 1e-4 + 2e-6,
                                           at::full_like(want, 2.2 * lr * rows[row].lr_scale));
      EXPECT_LE(((got - want).abs() - allowed).max().item<float>(), 0) << slot.name;
    }
  }

  test::Golden golden_;
  nlohmann::json config_;
  Classifier classifier_;
  nn::Flat flat_;
};

TEST(classifier_step_tiny_original_GoldenTest, AgreesWithTheOriginal) {
  GTSA_REQUIRE_GOLDEN("classifier_step_tiny_original");
  Step("classifier_step_tiny_original").check();
}

TEST(classifier_step_tiny_global_pool_GoldenTest, AgreesWithTheReference) {
  GTSA_REQUIRE_GOLDEN("classifier_step_tiny_global_pool");
  Step("classifier_step_tiny_global_pool").check();
}

TEST(classifier_step_tiny_cls_GoldenTest, AgreesWithTheReference) {
  GTSA_REQUIRE_GOLDEN("classifier_step_tiny_cls");
  Step("classifier_step_tiny_cls").check();
}

}  // namespace
}  // namespace gtsa::transfer
