#include "learn/ssl/dino_task.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones_like.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "learn/train/trainer.h"
#include "support/golden_torch.h"

namespace gtsa::ssl {
namespace {

using ::testing::HasSubstr;

class DinoTaskTest : public ::testing::Test {
 protected:
  static constexpr int64_t kPhotographs = 4;
  DinoOptions options_{.vit = {.image_size = 16, .patch_size = 8, .embed_dim = 24, .depth = 1, .num_heads = 2},
                       .head = {.in = 24, .hidden = 16, .bottleneck = 8, .out = 32},
                       .global = {2, 16},
                       .local = {1, 8}};
  data::DinoViewOptions samples_{.crop_sizes = {16, 8}, .num_crops = {2, 1}};
  DinoSchedule schedule_{.last_layer_from_step = 5};
  train::Position position_{3, 10, 5};

  train::DeviceBatch batch() const {
    auto batch = std::make_shared<data::Batch>();
    Rng rng({});
    for (const auto& [name, views] : {std::pair("global", options_.global), std::pair("local", options_.local)}) {
      const data::BufferSpec spec{name, data::Element::f32, {views.count, kPhotographs, 3, views.size, views.size}};
      batch->buffers.push_back({spec, data::allocate_on_heap(spec.bytes())});
      float* values = batch->buffers.back().as<float>();
      for (size_t i = 0; i < spec.bytes() / sizeof(float); ++i) values[i] = static_cast<float>(rng.normal());
    }
    batch->keys.resize(kPhotographs);
    return train::DeviceBatch(batch);
  }
  train::StepLosses forward(DinoTask& task) const {
    train::StepLosses losses;
    task.trained().zero_grads();
    train::run_micro_batch(task, batch(), 1, {.position = position_}, losses);
    return losses;
  }
  std::string finding(DinoTask& task) const {
    const train::Health health = task.health(position_);
    return health.warnings.empty() ? "" : health.warnings.front().text;
  }
};

TEST_F(DinoTaskTest, TheCentreMovesWhenAStepIsDoneAndNotWhenItIsSkipped) {
  DinoTask task(options_, schedule_, samples_);
  forward(task);
  EXPECT_EQ(task.centre().abs().max().item<float>(), 0) << "losses() changes nothing";
  task.discard();
  forward(task);
  const at::Tensor mean = [&] {
    const at::NoGradGuard no_grad;
    return ssl::forward(task.teacher(), batch()["global"].flatten(0, 1)).logits.mean(0, true);
  }();
  task.commit();
  EXPECT_LE(test::max_difference(task.centre(), mean * 0.1), 1e-6) << "what was discarded does not count";
}

TEST_F(DinoTaskTest, TheLastLayerRestsAtFirstAndItsNormsAlways) {
  DinoTask task(options_, schedule_, samples_);
  const auto& layout = task.trained().layout;
  const auto rows = task.rows();
  const auto directions = static_cast<size_t>(layout.find("head.last_layer.weight_v"));
  EXPECT_EQ(rows.at(directions).first_step, 5);
  EXPECT_EQ(rows.at(static_cast<size_t>(layout.find("head.mlp.4.weight"))).first_step, 0);
  forward(task);
  EXPECT_EQ(task.trained().touched->at(directions), 1);
  EXPECT_EQ(task.trained().touched->at(static_cast<size_t>(layout.find("head.last_layer.weight_g"))), 0);
  options_.head.norm_last_layer = false;
  DinoTask trained(options_, schedule_, samples_);
  forward(trained);
  EXPECT_EQ(trained.trained().touched->at(static_cast<size_t>(layout.find("head.last_layer.weight_g"))), 1);
}

TEST_F(DinoTaskTest, SaysNothingOfAHealthyStart) {
  options_.head.out = 256;  // more than the photographs, so that four answers are not yet "all alike"
  DinoTask task(options_, schedule_, samples_);
  EXPECT_TRUE(task.health(position_).figures.empty()) << "nothing was seen yet";
  {
    const at::NoGradGuard no_grad;
    task.teacher().backbone.cls_token.zero_();
    task.teacher().backbone.patch_embed.proj.weight.mul_(20);
  }
  forward(task);
  const train::Health health = task.health(position_);
  EXPECT_TRUE(health.warnings.empty()) << finding(task);
  EXPECT_EQ(health.figures.front().name, "teacher_entropy");
}

TEST_F(DinoTaskTest, NamesATeacherThatGivesAllPrototypesAlike) {
  schedule_.teacher_temperature = {.first = 1e4, .last = 1e4, .epochs = 0};
  DinoTask task(options_, schedule_, samples_);
  const at::NoGradGuard no_grad;
  task.student().head.weight_v.copy_(at::ones_like(task.student().head.weight_v));
  {
    const at::AutoGradMode grad(true);
    forward(task);
  }
  EXPECT_THAT(finding(task), HasSubstr("all 32 prototypes alike"));
}

TEST_F(DinoTaskTest, NamesATeacherThatGivesAllPhotographsTheSamePrototype) {
  DinoTask task(options_, schedule_, samples_);
  // A centre far below the logits of one prototype.
  task.walk([](const std::string& name, at::Tensor& tensor) {
    if (name == "dino_loss.center") tensor.view(-1)[3].fill_(-100);
  });
  forward(task);
  EXPECT_THAT(finding(task), HasSubstr("the same prototype"));
}

TEST_F(DinoTaskTest, NamesClassTokensThatHardlyDiffer) {
  // Warm enough that the one answer to all photographs is spread over many prototypes, and not over all alike.
  schedule_.teacher_temperature = {.first = 0.3, .last = 0.3, .epochs = 0};
  DinoTask task(options_, schedule_, samples_);
  {
    const at::NoGradGuard no_grad;
    task.teacher().backbone.norm.weight.fill_(1e-4);
    task.teacher().backbone.norm.bias.fill_(1);
  }
  forward(task);
  EXPECT_THAT(finding(task), HasSubstr("hardly differ"));
}

TEST(DinoOptions, RefusesWhatCannotBe) {
  DinoOptions options{.vit = {.image_size = 16, .patch_size = 8, .embed_dim = 24, .depth = 1, .num_heads = 2}};
  options.global = {1, 16};
  options.local = {-1, 8};
  try {
    options.check();
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("at least two global views"));
    EXPECT_THAT(error.what(), HasSubstr("-1 local views"));
  }
  options.global = {2, 4};
  options.local = {1, 8};
  EXPECT_THROW(options.check(), UsageError) << "views smaller than a patch";
}

}  // namespace
}  // namespace gtsa::ssl
