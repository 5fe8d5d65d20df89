#include "learn/nn/fpn.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include "core/base/rng.h"
#include "learn/nn/flat.h"
#include "learn/nn/init.h"
#include "learn/nn/pixel_loss.h"
#include "learn/nn/vit.h"
#include "support/golden_torch.h"

namespace gtsa::nn {
namespace {

/// Numbers that differ everywhere, the same at every call.
at::Tensor numbers(at::IntArrayRef shape, uint64_t sample = 0) {
  Rng rng({3, 0, sample});
  at::Tensor tensor = at::empty(shape, at::kFloat);
  for (int64_t i = 0; i < tensor.numel(); ++i) tensor.data_ptr<float>()[i] = rng.uniform(-2, 2);
  return tensor;
}

struct BoundHead {
  explicit BoundHead(const FpnHeadOptions& options = {.in = 6, .width = 5, .classes = 3})
      : head(make_fpn_head(options)), flat(bind(head, true)) {
    InitStreams streams{7};
    init(head, streams);
    // Gains and biases that are not those of the beginning, so that their gradients are those of a learning network.
    const at::NoGradGuard no_grad;
    uint64_t sample = 100;
    head.walk([&](const std::string&, at::Tensor& tensor) {
      if (tensor.dim() == 1) tensor.add_(numbers(tensor.sizes(), ++sample), 0.2);
    });
  }
  FpnHead head;
  Flat flat;
};

std::vector<at::Tensor> levels_on(Grid grid, int64_t width, int64_t n = 2) {
  std::vector<at::Tensor> levels;
  for (uint64_t i = 0; i < kFpnLevels; ++i) {
    levels.push_back(numbers({n, grid.tokens(), width}, i).set_requires_grad(true));
  }
  return levels;
}

/// What a head makes of maps: logits, gradients of maps and parameters, moments.
struct Outcome {
  at::Tensor logits, gradients;
  std::vector<at::Tensor> of_levels;
  std::vector<BatchMoments> moments;
};

template <class Forward>
Outcome run_head(Grid grid, const Forward& head_forward) {
  BoundHead bound;
  const auto levels = levels_on(grid, bound.head.options.in);
  FpnTraining training;
  training.keep = draw_channel_keep(bound.head.options, {.seed = 1, .samples = 2});
  Outcome outcome;
  outcome.logits = head_forward(bound.head, levels, grid, &training);
  (outcome.logits * numbers(outcome.logits.sizes(), 50)).sum().backward();
  outcome.gradients = bound.flat.grads.clone();
  for (const at::Tensor& level : levels) outcome.of_levels.push_back(level.grad());
  outcome.moments = training.moments;
  return outcome;
}

TEST(FpnHead, OfOneResamplingIsTheOneThatGrowsAndShrinks) {
  for (const Grid grid : {Grid{4, 4}, Grid{3, 5}, Grid{1, 3}}) {
    const Outcome fast = run_head(grid, [](const auto&... arguments) { return forward(arguments...); });
    const Outcome plain = run_head(grid, [](const auto&... arguments) { return reference::forward(arguments...); });
    EXPECT_LE(test::relative_difference(fast.logits, plain.logits), 1e-5);
    EXPECT_LE(test::relative_difference(fast.gradients, plain.gradients), 1e-4);
    for (size_t i = 0; i < fast.of_levels.size(); ++i) {
      EXPECT_LE(test::relative_difference(fast.of_levels[i], plain.of_levels[i]), 1e-4) << i;
    }
    ASSERT_EQ(fast.moments.size(), 7U);
    for (size_t i = 0; i < fast.moments.size(); ++i) {
      EXPECT_LE(test::max_difference(fast.moments[i].mean, plain.moments[i].mean), 1e-5) << i;
      EXPECT_LE(test::max_difference(fast.moments[i].variance, plain.moments[i].variance), 1e-4) << i;
      EXPECT_EQ(fast.moments[i].count, plain.moments[i].count) << i;
    }
  }
}

TEST(FpnHead, InEvaluationNormalisesByTheRunningStatistics) {
  BoundHead bound;
  const at::NoGradGuard no_grad;
  bound.head.walk_buffers([](const std::string& name, at::Tensor& tensor) {
    tensor.copy_(numbers(tensor.sizes(), name.size()).abs() + 0.5);
  });
  const auto levels = levels_on({3, 2}, 6);
  const at::Tensor plain = reference::forward(bound.head, levels, {3, 2}, nullptr);
  EXPECT_LE(test::relative_difference(forward(bound.head, levels, {3, 2}), plain), 1e-5);
  const at::AutoGradMode with_grad(true);
  EXPECT_LE(test::relative_difference(forward(bound.head, levels, {3, 2}), plain), 1e-5)
      << "and can be learned through";
}

TEST(FpnHead, NamesAreMmsegmentations) {
  FpnHead head = make_fpn_head({});
  std::vector<std::string> names;
  head.walk([&](const std::string& name, at::Tensor&) { names.push_back(name); });
  ASSERT_EQ(names.size(), 2U + 7 * 3);
  EXPECT_EQ(names.front(), "conv_seg.weight");
  EXPECT_EQ(names[2], "scale_heads.0.0.conv.weight");
  EXPECT_EQ(names.back(), "scale_heads.3.4.bn.bias");
  names.clear();
  head.walk_buffers([&](const std::string& name, at::Tensor&) { names.push_back(name); });
  ASSERT_EQ(names.size(), 14U);
  EXPECT_EQ(names.back(), "scale_heads.3.4.bn.running_var");
}

TEST(FpnHead, DropsChannelsOfASampleWhateverItsPlaceInAMicroBatch) {
  const FpnHeadOptions options{.width = 4000, .dropout = 0.25};
  const at::Tensor both = draw_channel_keep(options, {.seed = 1, .step = 2, .first_sample = 5, .samples = 2});
  const at::Tensor second = draw_channel_keep(options, {.seed = 1, .step = 2, .first_sample = 6, .samples = 1});
  EXPECT_TRUE(at::equal(both[1], second[0]));
  EXPECT_FALSE(at::equal(both[0], both[1]));
  EXPECT_NEAR(both.mean().item<float>(), 0.75, 0.02);
  EXPECT_EQ(draw_channel_keep({.width = 9, .dropout = 0}, {.samples = 1}).min().item<float>(), 1);
}

TEST(FpnNeck, AddsUpFromTheLastLevelToTheFirst) {
  FpnNeck neck = make_fpn_neck(4, 3);
  const Flat flat = bind(neck, false);
  InitStreams streams{1};
  init(neck, streams);
  const Grid grid{2, 3};
  std::vector<at::Tensor> maps;
  for (uint64_t i = 0; i < kFpnLevels; ++i) maps.push_back(numbers({1, 6, 4}, i));
  const auto before = forward(neck, maps, grid);
  maps[1] = maps[1] + 1;
  const auto after = forward(neck, maps, grid);
  for (size_t i = 0; i < maps.size(); ++i) EXPECT_EQ(at::equal(before[i], after[i]), i > 1) << i;
}

TEST(Init, OfNeckAndHeadHasTheOriginalsSpread) {
  FpnNeck neck = make_fpn_neck(384, 256);
  FpnHead head = make_fpn_head({});
  const Flat neck_flat = bind(neck, false), head_flat = bind(head, false);
  InitStreams streams{3};
  init(neck, streams);
  init(head, streams);
  EXPECT_NEAR(neck.laterals[0].weight.abs().max().item<float>(), std::sqrt(6.0 / (384 + 256)), 1e-4);
  EXPECT_NEAR(neck.outputs[3].weight.abs().max().item<float>(), std::sqrt(6.0 / (2 * 9 * 256)), 1e-5);
  EXPECT_NEAR(head.levels[3][2].conv.weight.std().item<float>(), std::sqrt(2.0 / (9 * 128)), 3e-4);
  EXPECT_NEAR(head.classifier.weight.std().item<float>(), 0.01, 2e-4);
  EXPECT_EQ(head.classifier.bias.abs().max().item<float>(), 0);
  EXPECT_EQ(head.levels[0][0].bn.weight.min().item<float>(), 1);
  EXPECT_EQ(head.levels[0][0].bn.running_var.min().item<float>(), 1);
}

TEST(Resample, IsBilinearInterpolation) {
  const Grid from{3, 5};
  for (const Grid to : {Grid{6, 10}, Grid{2, 3}, Grid{7, 4}, from}) {
    const at::Tensor tokens = numbers({2, from.tokens(), 4});
    const at::Tensor map = tokens.unflatten(1, {from.rows, from.columns}).permute({0, 3, 1, 2}).contiguous();
    const at::Tensor want = at::upsample_bilinear2d(map, {to.rows, to.columns}, false).flatten(2).transpose(1, 2);
    const at::Tensor got = ops::resample(tokens, from, ops::interpolation(from.rows, to.rows),
                                         ops::interpolation(from.columns, to.columns));
    EXPECT_LE(test::max_difference(got, want), 1e-6);
  }
}

TEST(BatchNorm, RunningStatisticsFollowAsInPyTorch) {
  at::Tensor mean = at::full({2}, 1, at::kFloat), variance = at::full({2}, 4, at::kFloat);
  update_running(mean, variance, {at::full({2}, 3, at::kFloat), at::full({2}, 1, at::kFloat), 5});
  EXPECT_NEAR(mean[0].item<float>(), 0.9 + 0.3, 1e-6);
  EXPECT_NEAR(variance[0].item<float>(), 3.6 + 0.1 * 1.25, 1e-6) << "unbiased: 5 / 4";
}

TEST(BatchNorm, OfTwoRanksIsThatOfTheirWholeBatch) {
  // Each half is told, in the order in which they are asked for, the sums of the other half.
  const at::Tensor x = numbers({40, 3}), dy = numbers({40, 3}, 1);
  const auto normed = [&](const at::Tensor& rows, const at::Tensor& upstream, const SumOverRanks& sum) {
    BatchNorm norm = make_batch_norm(3);
    const Flat flat = bind(norm, true);
    {
      const at::NoGradGuard no_grad;
      norm.weight.copy_(numbers({3}, 2));
      norm.bias.copy_(numbers({3}, 3));
    }
    const at::Tensor leaf = rows.clone().set_requires_grad(true);
    BatchMoments moments;
    const at::Tensor y = ops::batch_norm_relu(leaf, norm, moments, sum);
    (y * upstream).sum().backward();
    return std::tuple(y.detach(), leaf.grad(), flat.grads.clone(), moments.variance, moments.count);
  };
  const auto whole = normed(x, dy, {});
  std::vector<at::Tensor> partial[2];
  std::vector<at::Tensor> totals;  // grows by one sum a round: the later ones depend on the earlier
  std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, int64_t> halves[2];
  for (size_t round = 0; round <= 4; ++round) {
    for (size_t half = 0; half < 2; ++half) {
      partial[half].clear();
      const auto sum = [&, half](at::Tensor& sums) {
        const size_t call = partial[half].size();
        partial[half].push_back(sums.clone());
        if (call < totals.size()) sums.copy_(totals[call]);
      };
      const auto part = [half](const at::Tensor& t) { return t.narrow(0, 20 * static_cast<int64_t>(half), 20); };
      halves[half] = normed(part(x), part(dy), sum);
    }
    if (round < 4) totals.push_back(partial[0].at(round) + partial[1].at(round));
  }
  EXPECT_EQ(std::get<4>(halves[0]), 40);
  EXPECT_LE(test::max_difference(at::cat({std::get<0>(halves[0]), std::get<0>(halves[1])}), std::get<0>(whole)), 1e-6);
  EXPECT_LE(test::max_difference(at::cat({std::get<1>(halves[0]), std::get<1>(halves[1])}), std::get<1>(whole)), 1e-5);
  EXPECT_LE(test::max_difference(std::get<2>(halves[0]) + std::get<2>(halves[1]), std::get<2>(whole)), 1e-4);
  EXPECT_LE(test::max_difference(std::get<3>(halves[0]), std::get<3>(whole)), 1e-6);
}

TEST(BatchNorm, RunsPlainlyInDouble) {
  BatchNorm norm = make_batch_norm(3);
  const Flat flat = bind(norm, false);
  norm.weight.fill_(1);
  BatchNorm wide{norm.weight.to(at::kDouble), norm.bias.to(at::kDouble), norm.running_mean.to(at::kDouble),
                 norm.running_var.to(at::kDouble)};
  const at::Tensor x = numbers({8, 3});
  BatchMoments moments, of_wide;
  EXPECT_LE(test::max_difference(ops::batch_norm_relu(x.to(at::kDouble), wide, of_wide),
                                 ops::batch_norm_relu(x, norm, moments)),
            1e-5);
  EXPECT_LE(test::max_difference(of_wide.variance, moments.variance), 1e-5);
}

at::Tensor labels_of(at::IntArrayRef shape, int64_t classes) {
  const at::Tensor labels = at::empty(shape, at::kInt);
  Rng rng({9});
  for (int64_t i = 0; i < labels.numel(); ++i) {
    labels.data_ptr<int32_t>()[i] = static_cast<int32_t>(rng.below(static_cast<uint32_t>(classes + 1))) - 1;
  }
  return labels;
}

TEST(PixelCrossEntropy, AgreesWithItsPlainVersionInValueAndGradient) {
  for (const auto& [grid, height, width, classes] :
       {std::tuple(Grid{4, 4}, 64, 64, 7), {Grid{3, 5}, 20, 31, 17}, {Grid{6, 4}, 5, 3, 2}, {Grid{1, 1}, 4, 4, 3}}) {
    const at::Tensor labels = labels_of({2, height, width}, classes);
    const auto run = [&, grid = grid, classes = classes](const auto& loss_of, PixelCounts& counts) {
      at::Tensor tokens = numbers({2, grid.tokens(), classes}).set_requires_grad(true);
      const at::Tensor loss = loss_of(tokens, grid, labels, counts);
      (loss * 3).backward();
      return std::pair(loss.item<double>(), tokens.grad());
    };
    PixelCounts got_counts, want_counts;
    const auto [got, got_gradient] = run(ops::pixel_cross_entropy, got_counts);
    const auto [want, want_gradient] = run(ops::reference::pixel_cross_entropy, want_counts);
    EXPECT_NEAR(got, want, 1e-5 * want);
    EXPECT_LE(test::relative_difference(got_gradient, want_gradient), 1e-5);
    EXPECT_EQ(got_counts.correct, want_counts.correct);
    EXPECT_EQ(got_counts.labelled, want_counts.labelled);
  }
}

TEST(PixelCrossEntropy, OfNoLabelledPixelIsNothing) {
  at::Tensor tokens = numbers({1, 4, 3}).set_requires_grad(true);
  PixelCounts counts;
  const at::Tensor loss = ops::pixel_cross_entropy(tokens, {2, 2}, at::full({1, 4, 4}, -1, at::kInt), counts);
  loss.backward();
  EXPECT_EQ(loss.item<float>(), 0);
  EXPECT_EQ(counts.labelled, 0);
  EXPECT_EQ(tokens.grad().abs().max().item<float>(), 0);
  const at::NoGradGuard no_grad;
  EXPECT_EQ(ops::pixel_cross_entropy(tokens.to(at::kDouble), {2, 2}, at::full({1, 4, 4}, -1, at::kInt), counts)
                .item<double>(),
            0);
  EXPECT_FALSE(ops::pixel_cross_entropy(tokens, {2, 2}, at::full({1, 4, 4}, 1, at::kInt), counts).requires_grad());
}

TEST(VitMaps, ArePaddedToWholePatchesAndTakeTheirBlocks) {
  const VitOptions options{.image_size = 24, .patch_size = 4, .embed_dim = 12, .depth = 3, .num_heads = 3};
  Vit vit = make_vit(options);
  const Flat flat = bind(vit, false);
  InitStreams streams{5};
  init(vit, streams);
  const std::vector<int64_t> blocks{0, 2, 2};
  at::Tensor images = numbers({2, 3, 22, 27});
  const VitMaps maps = forward_maps(vit, images, blocks);
  EXPECT_EQ(maps.grid, (Grid{6, 7}));
  ASSERT_EQ(maps.maps.size(), 3U);
  EXPECT_TRUE(at::equal(maps.maps[1], maps.maps[2]));
  const at::Tensor padded = at::full({2, 3, 24, 28}, 0, at::kFloat);
  padded.narrow(2, 0, 22).narrow(3, 0, 27).copy_(images);
  EXPECT_TRUE(at::equal(forward_maps(vit, padded, blocks).maps[0], maps.maps[0]));
  const at::Tensor square = numbers({1, 3, 24, 24});
  const at::Tensor last = forward_maps(vit, square, blocks).maps.back();
  EXPECT_TRUE(at::equal(last, forward_unnormed(vit, square).narrow(1, 1, 36)));
}

TEST(PosEmbedOn, AsManyTokensAreTakenRowByRowWhateverTheGrid) {
  const at::Tensor positions = numbers({1, 17, 3});
  EXPECT_TRUE(pos_embed_on(positions, {2, 8}).is_same(positions));
  const at::Tensor resized = pos_embed_on(positions, {3, 5});
  EXPECT_EQ(resized.sizes(), at::IntArrayRef({1, 16, 3}));
  EXPECT_TRUE(at::equal(resized.narrow(1, 0, 1), positions.narrow(1, 0, 1)));
}

}  // namespace
}  // namespace gtsa::nn
