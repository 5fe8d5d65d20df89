#include "learn/transfer/classifier.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "core/base/error.h"
#include "learn/model/encoder.h"
#include "learn/transfer/class_losses.h"
#include "support/golden_torch.h"

namespace gtsa::transfer {
namespace {

using ::testing::HasSubstr;

constexpr std::array kHeads{HeadKind::original, HeadKind::global_pool, HeadKind::cls};
const nn::VitOptions kSmall{
    .image_size = 32, .patch_size = 8, .embed_dim = 24, .depth = 2, .num_heads = 3, .drop_path = 0};

struct Bound {
  Classifier classifier;
  nn::Flat flat;
  Bound(HeadKind head, const nn::Vit* encoder, int64_t classes = 5, nn::VitOptions vit = kSmall)
      : classifier(make_classifier({.vit = vit, .head = head, .classes = classes})), flat(nn::bind(classifier, false)) {
    init(classifier, 7);
    if (encoder == nullptr) return;
    model::copy_encoder(*encoder, classifier.encoder);
    init_head_small(classifier, 7);
  }
};

double deviation_of(const at::Tensor& tensor) { return tensor.square().mean().sqrt().item<double>(); }

TEST(Classifier, BeginsOnAGivenEncoderAtTheLossOfGuessing) {
  const model::Encoder encoder = model::random_encoder(kSmall, std::nullopt, 3);
  const at::Tensor images = at::rand({4, 3, 32, 32});
  for (const HeadKind head : kHeads) {
    const Bound bound(head, &encoder.vit);
    const at::Tensor logits = forward(bound.classifier, images);
    EXPECT_LT(logits.abs().max().item<float>(), 2e-3) << name_of(head);
    const at::Tensor labels = at::arange(4, at::kLong);
    EXPECT_NEAR(smoothed_cross_entropy(logits, labels, 0.1).item<float>(), std::log(5.0), 1e-3) << name_of(head);
    EXPECT_TRUE(at::equal(bound.classifier.encoder.blocks[1].attn.qkv.weight, encoder.vit.blocks[1].attn.qkv.weight));
  }
}

TEST(Classifier, DrawsGainAndWeightOfTheOriginalsHeadSmallOnAGivenEncoder) {
  nn::VitOptions wide = kSmall;
  wide.embed_dim = 240;
  const model::Encoder encoder = model::random_encoder(wide, std::nullopt, 3);
  const Bound given(HeadKind::original, &encoder.vit, 40, wide), scratch(HeadKind::original, nullptr, 40, wide);
  EXPECT_NEAR(deviation_of(given.classifier.mlp_head.norm.weight), 2e-5, 4e-6);
  EXPECT_NEAR(deviation_of(given.classifier.mlp_head.linear.weight), 2e-5, 1e-6);
  EXPECT_EQ(scratch.classifier.mlp_head.norm.weight.min().item<float>(), 1);
  EXPECT_NEAR(deviation_of(scratch.classifier.mlp_head.linear.weight), 0.02, 1e-3);
  EXPECT_EQ(given.classifier.mlp_head.linear.bias.abs().max().item<float>(), 0);
}

TEST(Classifier, HasTheTensorsOfItsKindAndNoOthers) {
  const auto names = [](HeadKind head) {
    Classifier classifier = make_classifier({.vit = kSmall, .head = head, .classes = 5});
    std::vector<std::string> after_blocks;
    classifier.walk([&](const std::string& name, at::Tensor&) {
      if (!name.starts_with("blocks.") && name.ends_with("weight")) after_blocks.push_back(name);
    });
    return after_blocks;
  };
  using ::testing::ElementsAre;
  const std::string patch = "patch_embed.proj.weight";
  EXPECT_THAT(names(HeadKind::original), ElementsAre(patch, "norm.weight", "head.weight", "fc_norm.weight",
                                                     "mlp_head.0.weight", "mlp_head.1.weight"));
  EXPECT_THAT(names(HeadKind::global_pool), ElementsAre(patch, "fc_norm.weight", "head.weight"));
  EXPECT_THAT(names(HeadKind::cls), ElementsAre(patch, "norm.weight", "head.weight"));
}

TEST(Classifier, ResizesTheGivenPositionsToItsOwnGrid) {
  const model::Encoder encoder = model::random_encoder(kSmall, std::nullopt, 3);
  nn::VitOptions larger = kSmall;
  larger.image_size = 48;
  const Bound bound(HeadKind::cls, &encoder.vit, 5, larger);
  EXPECT_EQ(bound.classifier.encoder.pos_embed.size(1), 1 + 6 * 6);
  EXPECT_TRUE(at::equal(bound.classifier.encoder.pos_embed.select(1, 0), encoder.vit.pos_embed.select(1, 0)));
  EXPECT_EQ(forward(bound.classifier, at::rand({2, 3, 48, 48})).sizes(), at::IntArrayRef({2, 5}));
}

TEST(Classifier, DropsBranchesAsDrawn) {
  nn::VitOptions dropping = kSmall;
  dropping.drop_path = 0.5;
  const Bound bound(HeadKind::original, nullptr, 5, dropping);
  const at::Tensor images = at::rand({8, 3, 32, 32});
  const auto masks = [&](uint64_t step) {
    return nn::draw_drop_path(dropping, {.seed = 1, .step = step, .samples = 8, .views = 1});
  };
  const nn::DropPath first = masks(0), second = masks(1);
  const at::Tensor kept = forward(bound.classifier, images), dropped = forward(bound.classifier, images, &first);
  EXPECT_FALSE(at::equal(kept, dropped));
  EXPECT_TRUE(at::equal(dropped, forward(bound.classifier, images, &first)));
  EXPECT_FALSE(at::equal(dropped, forward(bound.classifier, images, &second)));
}

TEST(Classifier, RefusesWhatCannotBe) {
  EXPECT_THROW(make_classifier({.vit = kSmall, .classes = 0}), UsageError);
  EXPECT_THROW(make_classifier({.vit = {.embed_dim = 25, .num_heads = 2}, .classes = 3}), UsageError);
  EXPECT_THROW(head_named("mean"), UsageError);
  for (const HeadKind head : kHeads) EXPECT_EQ(head_named(name_of(head)), head);
}

TEST(ClassLosses, OfOneHotTargetsIsTheCrossEntropy) {
  const at::Tensor logits = at::rand({6, 4}), labels = at::randint(4, {6}, at::kLong);
  const at::Tensor targets = at::one_hot(labels, 4).to(at::kFloat);
  EXPECT_NEAR(soft_cross_entropy(logits, targets).item<float>(),
              smoothed_cross_entropy(logits, labels, 0).item<float>(), 1e-6);
  const at::Tensor smoothed = targets * 0.9 + 0.1 / 4;
  EXPECT_NEAR(soft_cross_entropy(logits, smoothed).item<float>(),
              smoothed_cross_entropy(logits, labels, 0.1).item<float>(), 1e-6);
}

}  // namespace
}  // namespace gtsa::transfer
