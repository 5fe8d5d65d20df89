#include "learn/transfer/segmenter.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/rand.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "learn/model/encoder.h"
#include "learn/nn/cost.h"
#include "learn/nn/flat.h"
#include "learn/nn/init.h"
#include "learn/transfer/segment_loss.h"
#include "learn/transfer/segment_task.h"
#include "learn/transfer/segmenter_cost.h"
#include "support/golden_torch.h"

namespace gtsa::transfer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

SegmenterOptions small() {
  return {.vit = {.image_size = 32, .patch_size = 8, .embed_dim = 24, .depth = 2, .num_heads = 3, .drop_path = 0},
          .taps = default_taps(2),
          .neck_width = 10,
          .head_width = 6,
          .classes = 3};
}

struct Bound {
  Bound() : segmenter(make_segmenter(small())), flat(nn::bind(segmenter, true)) { init(segmenter, 5); }
  Segmenter segmenter;
  nn::Flat flat;
};

TEST(DefaultTaps, AreTheEndsOfTheQuarters) {
  EXPECT_THAT(default_taps(12), ElementsAre(2, 5, 8, 11));
  EXPECT_THAT(default_taps(4), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(default_taps(6), ElementsAre(0, 2, 3, 5));
  EXPECT_THAT(default_taps(1), ElementsAre(0, 0, 0, 0));
}

TEST(Segmenter, GivesLogitsOfEveryPatchOfPicturesOfAnySize) {
  const Bound bound;
  const at::NoGradGuard no_grad;
  EXPECT_EQ(forward(bound.segmenter, at::rand({2, 3, 32, 32})).sizes(), at::IntArrayRef({2, 3, 4, 4}));
  EXPECT_EQ(forward(bound.segmenter, at::rand({1, 3, 33, 7})).sizes(), at::IntArrayRef({1, 3, 5, 1}));
}

TEST(Segmenter, NamesAreMmsegmentations) {
  Segmenter segmenter = make_segmenter(small());
  std::vector<std::string> names;
  segmenter.walk([&](const std::string& name, at::Tensor&) { names.push_back(name); });
  EXPECT_THAT(names, testing::IsSupersetOf(
                         {"backbone.cls_token", "backbone.patch_embed.projection.weight",
                          "backbone.layers.1.attn.attn.in_proj_bias", "backbone.layers.0.attn.attn.out_proj.weight",
                          "backbone.layers.1.ffn.layers.0.0.weight", "backbone.layers.1.ffn.layers.1.bias",
                          "backbone.layers.0.ln2.weight", "neck.lateral_convs.3.conv.bias",
                          "decode_head.scale_heads.3.4.bn.weight", "decode_head.conv_seg.bias"}));
  EXPECT_THAT(names, testing::Not(testing::Contains(HasSubstr("norm"))));
  for (const std::string& name : names) {
    if (!name.starts_with("backbone.")) continue;
    const std::string inner = name.substr(9);
    EXPECT_EQ(model::mmsegmentation_name(model::name_from_mmsegmentation(inner)), inner);
  }
  EXPECT_EQ(model::name_from_mmsegmentation("ln1.weight"), "norm.weight");
  EXPECT_EQ(model::mmsegmentation_name("blocks"), "blocks");
}

TEST(Segmenter, BeginsWithTheEncoderOfPretraining) {
  const Bound bound;
  const model::Encoder encoder = model::random_encoder(small().vit, std::nullopt, 5);
  EXPECT_TRUE(at::equal(bound.segmenter.encoder.blocks[1].mlp.fc2.weight, encoder.vit.blocks[1].mlp.fc2.weight));
}

TEST(Segmenter, TakesAnEncoderOfAnotherGrid) {
  Bound bound;
  nn::VitOptions other = small().vit;
  other.image_size = 24;
  const model::Encoder encoder = model::random_encoder(other, std::nullopt, 9);
  model::copy_encoder(encoder.vit, bound.segmenter.encoder);
  EXPECT_TRUE(at::equal(bound.segmenter.encoder.pos_embed, model::resized_pos_embed(encoder.vit.pos_embed, 4)));
}

TEST(SegmenterOptions, AreCheckedAllAtOnce) {
  const auto message = [](const std::function<void(SegmenterOptions&)>& change) -> std::string {
    SegmenterOptions options = small();
    change(options);
    try {
      options.check();
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message([](auto&) {}), "");
  const std::string all = message([](auto& o) {
    o.taps = {0, 1, 1, 2};
    o.neck_width = 0;
    o.classes = 0;
    o.dropout = 1;
  });
  for (const char* part : {"taps [0, 1, 1, 2]", "neck_width 0", "classes 0", "dropout of 1"}) {
    EXPECT_THAT(all, HasSubstr(part));
  }
  for (const std::vector<int64_t>& taps :
       {std::vector<int64_t>{}, {0, 0, 1}, {-1, 0, 0, 1}, {1, 0, 1, 1}, {0, 0, 0, 1, 1}}) {
    EXPECT_THAT(message([&](auto& o) { o.taps = taps; }), HasSubstr("taps ["));
  }
}

TEST(SegmentLoss, IsAMeanOverAllPixelsOrOverThoseWithAClass) {
  const SegmentLogits logits{{2, 2}, at::rand({1, 4, 3})};
  at::Tensor labels = at::full({1, 8, 8}, -1, at::kInt);
  labels.narrow(1, 0, 2).fill_(1);
  const SegmentLoss all = segment_loss(logits, labels), valid = segment_loss(logits, labels, true);
  EXPECT_EQ(all.pixels.labelled, 16);
  EXPECT_NEAR(valid.value.item<float>(), 4 * all.value.item<float>(), 1e-5);
  EXPECT_EQ(segment_loss(logits, at::full({1, 8, 8}, -1, at::kInt), true).value.item<float>(), 0);
}

TEST(SegmentRows, SparePositionsAloneUnlessNormsAreToBeSpared) {
  const Bound bound;
  const auto decays = [&](bool decay_norms, const std::string& name) {
    const auto slot = static_cast<size_t>(bound.flat.layout.find(name));
    return segment_rows(bound.flat.layout, decay_norms).at(slot).decay_scale;
  };
  for (const bool decay_norms : {true, false}) {
    EXPECT_EQ(decays(decay_norms, "backbone.pos_embed"), 0);
    EXPECT_EQ(decays(decay_norms, "backbone.cls_token"), 0);
    EXPECT_EQ(decays(decay_norms, "neck.fpn_convs.0.conv.weight"), 1);
    EXPECT_EQ(decays(decay_norms, "decode_head.conv_seg.bias"), 1);
    for (const char* name : {"backbone.layers.0.ln1.weight", "decode_head.scale_heads.1.0.bn.bias"}) {
      EXPECT_EQ(decays(decay_norms, name), decay_norms ? 1 : 0) << name;
    }
  }
}

TEST(SegmenterCost, IsCountedAndGrowsWithTheBatch) {
  SegmenterOptions options;
  const double gflop = gflop_per_image(options);
  // Encoder 3 * (44 + 19), neck 3 * 5.6, head 3 * (3 * 1.2 + 1.2 + 2 * 1.2 + 4.8 - ..): most of it is the encoder's.
  EXPECT_GT(gflop, 3 * nn::encoder_gflop_per_image(options.vit));
  EXPECT_LT(gflop, 1.5 * 3 * nn::encoder_gflop_per_image(options.vit));
  EXPECT_LT(memory_bytes(options, 1), memory_bytes(options, 2));
  options.vit.checkpointing = true;
  EXPECT_LT(memory_bytes(options, 2), memory_bytes({}, 2));
}

}  // namespace
}  // namespace gtsa::transfer
