#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "core/base/error.h"
#include "learn/nn/flat.h"
#include "learn/nn/heads.h"
#include "learn/nn/init.h"
#include "learn/nn/vit.h"
#include "support/golden_torch.h"

namespace gtsa::nn {
namespace {

VitOptions tiny() {
  VitOptions options;
  options.image_size = 24;
  options.patch_size = 4;
  options.embed_dim = 12;
  options.depth = 3;
  options.num_heads = 3;
  options.drop_path = 0.4;
  return options;
}

/// Pictures whose pixels differ everywhere, the same at every call.
at::Tensor pictures(int64_t n, int64_t height, int64_t width) {
  Rng rng({3});
  at::Tensor images = at::empty({n, 3, height, width}, at::kFloat);
  for (int64_t i = 0; i < images.numel(); ++i) images.data_ptr<float>()[i] = rng.uniform(-2, 2);
  return images;
}

struct BoundVit {
  explicit BoundVit(const VitOptions& options) : vit(make_vit(options)), flat(bind(vit, true)) {
    InitStreams streams{11};
    init(vit, streams);
  }
  Vit vit;
  Flat flat;
};

TEST(pos_embed_interp_GoldenTest, AgreesWithTheOriginalAlsoInItsGradient) {
  GTSA_REQUIRE_GOLDEN("pos_embed_interp");
  const test::Golden golden("pos_embed_interp");
  for (const auto& entry : golden.json().at("cases")) {
    const std::string n = std::to_string(entry.at("case").get<int>());
    at::Tensor pos_embed = test::golden_tensor(golden, n + "/pos_embed").set_requires_grad(true);
    const at::Tensor out =
        resize_pos_embed(pos_embed, entry.at("patch"), entry.at("image_height"), entry.at("image_width"));
    EXPECT_LE(test::max_difference(out, test::golden_tensor(golden, n + "/out")), 1e-5) << "case " << n;
    EXPECT_EQ(out.is_same(pos_embed), entry.at("identity").get<bool>()) << "case " << n;
    (out * test::golden_tensor(golden, n + "/upstream")).sum().backward();
    EXPECT_LE(test::max_difference(pos_embed.grad(), test::golden_tensor(golden, n + "/grad")), 1e-5) << "case " << n;
  }
}

TEST(Vit, TakesPicturesOfAnySizeAndDropsWhatFillsNoPatch) {
  const BoundVit bound(tiny());
  EXPECT_EQ(forward_tokens(bound.vit, pictures(2, 24, 24)).sizes(), at::IntArrayRef({2, 36, 12}));
  EXPECT_EQ(forward_tokens(bound.vit, pictures(1, 8, 40)).sizes(), at::IntArrayRef({1, 20, 12}));
  EXPECT_EQ(forward_tokens(bound.vit, pictures(1, 11, 43)).sizes(), at::IntArrayRef({1, 20, 12}));
  EXPECT_THROW(forward_tokens(bound.vit, pictures(1, 3, 40)), Error);
}

TEST(Vit, GivesTheSameTokensWithAndWithoutTheClassToken) {
  const BoundVit bound(tiny());
  const at::Tensor images = pictures(2, 24, 24);
  const VitOutput both = forward_features(bound.vit, images);
  EXPECT_EQ(both.class_token.sizes(), at::IntArrayRef({2, 12}));
  EXPECT_LE(test::max_difference(forward_tokens(bound.vit, images), both.tokens), 1e-6);
}

TEST(Vit, TellsWhatTheClassTokenLooksAt) {
  BoundVit bound(tiny());
  const at::NoGradGuard no_grad;
  bound.vit.pos_embed.zero_();
  const at::Tensor images = pictures(2, 8, 16);
  const at::Tensor weights = class_attention(bound.vit, images);
  ASSERT_EQ(weights.sizes(), at::IntArrayRef({2, 3, 8}));
  EXPECT_GT(weights.min().item<float>(), 0);
  EXPECT_LT(weights.sum(2).max().item<float>(), 1) << "the rest is the class token's own";
  // Without positions, patches that change places take their weights along.
  const at::Tensor swapped = at::cat({images.narrow(2, 4, 4), images.narrow(2, 0, 4)}, 2);
  const at::Tensor moved = class_attention(bound.vit, swapped);
  EXPECT_LE(test::max_difference(moved, at::cat({weights.narrow(2, 4, 4), weights.narrow(2, 0, 4)}, 2)), 1e-6);
  // A query of zeros looks everywhere alike.
  bound.vit.blocks.back().attn.qkv.weight.narrow(0, 0, 12).zero_();
  bound.vit.blocks.back().attn.qkv.bias.narrow(0, 0, 12).zero_();
  EXPECT_LE(test::max_difference(class_attention(bound.vit, images), at::full({2, 3, 8}, 1.0 / 9)), 1e-6);
}

TEST(Vit, CheckpointingChangesNoBit) {
  const auto learnt = [](bool checkpointing) {
    VitOptions options = tiny();
    options.checkpointing = checkpointing;
    BoundVit bound(options);
    const DropPath drop_path = draw_drop_path(options, {4, 0, 0, 5, 0, 1});
    const at::Tensor tokens = forward_tokens(bound.vit, pictures(5, 24, 24), &drop_path);
    (tokens * tokens).sum().backward();
    return bound.flat.grads.clone();
  };
  EXPECT_TRUE(at::equal(learnt(true), learnt(false)));
}

TEST(Vit, RefusesEveryOptionThatCannotBe) {
  const auto refused = [](auto change) {
    VitOptions options = tiny();
    change(options);
    EXPECT_THROW(options.check(), UsageError);
  };
  refused([](VitOptions& o) { o.patch_size = 0; });
  refused([](VitOptions& o) { o.image_size = 3; });
  refused([](VitOptions& o) { o.num_heads = 0; });
  refused([](VitOptions& o) { o.embed_dim = 0; });
  refused([](VitOptions& o) { o.drop_path = 1; });
  refused([](VitOptions& o) { o.drop_path = -0.1; });
}

TEST(Vit, RefusesOptionsNamingAllFaults) {
  VitOptions options;
  options.embed_dim = 100;
  options.num_heads = 3;
  options.depth = 0;
  try {
    make_vit(options);
    FAIL() << "no error";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("100"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("depth 0"), std::string::npos) << error.what();
  }
}

TEST(DropPath, DrawsTheSameForASampleInAnyMicroBatchAndView) {
  const VitOptions options = tiny();
  const at::Tensor whole = draw_drop_path(options, {5, 17, 100, 6, 2, 3}).keep.unflatten(2, {3, 6});
  for (int64_t first = 0; first < 6; first += 2) {
    for (uint32_t view = 0; view < 3; ++view) {
      const DropPath part = draw_drop_path(options, {5, 17, 100 + static_cast<uint64_t>(first), 2, 2 + view, 1});
      EXPECT_TRUE(at::equal(part.keep, whole.select(2, view).narrow(2, first, 2)));
    }
  }
  EXPECT_FALSE(at::equal(draw_drop_path(options, {5, 18, 100, 6, 2, 3}).keep.unflatten(2, {3, 6}), whole));
}

TEST(DropPath, DropsAtTheBlocksRate) {
  const VitOptions options = tiny();
  const int64_t n = 20000;
  const at::Tensor keep = draw_drop_path(options, {1, 0, 0, n, 0, 1}).keep;
  for (int64_t j = 0; j < options.depth; ++j) {
    for (int64_t branch = 0; branch < 2; ++branch) {
      EXPECT_NEAR(keep[j][branch].sum().item<double>() / n, 1 - 0.2 * static_cast<double>(j), 0.015);
    }
  }
}

TEST(DropPath, ChangesTheTokensOfADroppedSampleAlone) {
  const BoundVit bound(tiny());
  const at::Tensor images = pictures(2, 24, 24);
  const DropPath all_kept{at::ones({3, 2, 2}, at::kByte)}, one_dropped{at::ones({3, 2, 2}, at::kByte)};
  one_dropped.keep[2][0][1].fill_(0);
  const at::Tensor before = forward_tokens(bound.vit, images, &all_kept);
  const at::Tensor after = forward_tokens(bound.vit, images, &one_dropped);
  // Not bit for bit: the branch's products have fewer rows, for which a matrix library may sum in another order.
  EXPECT_LE(test::max_difference(before[0], after[0]), 1e-6);
  EXPECT_GT(test::max_difference(before[1], after[1]), 1e-3);
}

TEST(DropPath, TouchesTheRowsOfABranchThatEverySampleSkips) {
  BoundVit bound(tiny());
  const DropPath all_dropped{at::full({3, 2, 2}, 0, at::kByte)};
  forward_tokens(bound.vit, pictures(2, 24, 24), &all_dropped).sum().backward();
  // They count as trained with a gradient of zero: weight decay and step counts go on, as in the original.
  const auto row = static_cast<size_t>(bound.flat.layout.find("blocks.2.mlp.fc1.weight"));
  EXPECT_EQ(bound.flat.touched->at(row), 1);
  EXPECT_EQ(bound.vit.blocks[2].mlp.fc1.weight.grad().abs().sum().item<float>(), 0.0F);
}

TEST(ConvHead, AddsABlocksInputWhereChannelsMatch) {
  ConvHead head = make_conv_head({5, 7, 4, 2, true});
  const Flat flat = bind(head, false);
  const at::Tensor tokens = pictures(1, 3, 5).view({3, 3, 5}).narrow(0, 0, 1);
  // With all weights zero a block gives GELU(LayerNorm(0)) = 0: the second block passes its input on, the first cannot.
  head.proj.weight.fill_(1.0);
  EXPECT_EQ(forward(head, tokens, {1, 3}).abs().sum().item<float>(), 0.0F);
  ConvHead square = make_conv_head({5, 5, 5, 1, true});
  const Flat square_flat = bind(square, false);
  for (int64_t i = 0; i < 5; ++i) square.proj.weight[i][i].fill_(1.0);
  EXPECT_TRUE(at::equal(forward(square, tokens, {1, 3}), tokens));
}

TEST(Init, DependsOnSeedAndTensorAlone) {
  VitOptions deep = tiny();
  deep.depth = 5;
  const BoundVit a(tiny()), b(tiny());
  EXPECT_TRUE(at::equal(a.flat.values, b.flat.values));
  const BoundVit c(deep);
  EXPECT_TRUE(at::equal(a.vit.blocks[1].mlp.fc1.weight, c.vit.blocks[1].mlp.fc1.weight));
  EXPECT_FALSE(at::equal(a.vit.blocks[1].mlp.fc1.weight, a.vit.blocks[2].mlp.fc1.weight));
}

TEST(Init, HasTheOriginalsDistributions) {
  VitOptions options;
  options.depth = 1;
  BoundVit bound(options);
  const auto deviation = [](const at::Tensor& x) { return x.std().item<double>(); };
  const auto largest = [](const at::Tensor& x) { return x.abs().max().item<double>(); };
  EXPECT_NEAR(deviation(bound.vit.blocks[0].mlp.fc1.weight), 0.02, 2e-4);
  EXPECT_NEAR(deviation(bound.vit.pos_embed), 0.02, 5e-4);
  EXPECT_EQ(largest(bound.vit.blocks[0].mlp.fc1.bias), 0);
  EXPECT_TRUE(at::equal(bound.vit.norm.weight, at::ones({384})));
  const double patch_bound = 1 / std::sqrt(3.0 * 16 * 16);
  EXPECT_LE(largest(bound.vit.patch_embed.proj.weight), patch_bound);
  EXPECT_NEAR(deviation(bound.vit.patch_embed.proj.weight), patch_bound / std::sqrt(3.0), 2e-4);
  EXPECT_GT(largest(bound.vit.patch_embed.proj.bias), 0.9 * patch_bound);
  RotationHead rotation = make_rotation_head({});
  const Flat flat = bind(rotation, false);
  InitStreams streams{2};
  init(rotation, streams);
  EXPECT_NEAR(deviation(rotation.linear0.weight), 1 / std::sqrt(3.0 * 384), 2e-4);
  EXPECT_LE(largest(rotation.linear0.bias), 1 / std::sqrt(384.0));
  EXPECT_GT(largest(rotation.linear0.bias), 0.9 / std::sqrt(384.0));
  EXPECT_EQ(streams.next_tensor, flat.layout.slots.size());
}

TEST(Init, DrawsTheSameWeightsForARoleAsItsWalkCounts) {
  ConvHead head = make_conv_head({});
  const Flat flat = bind(head, false);
  InitStreams streams{2};
  init(head, streams);
  EXPECT_EQ(streams.next_tensor, flat.layout.slots.size());
  EXPECT_NEAR(head.blocks[0].weight.std().item<double>(), 0.02, 1e-4);
  EXPECT_EQ(head.blocks[0].bias.abs().max().item<double>(), 0);
}

}  // namespace
}  // namespace gtsa::nn
