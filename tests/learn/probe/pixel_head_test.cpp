// The linear head at pixels: gradient and prediction against LibTorch's own interpolation and cross-entropy.

#include "learn/probe/pixel_head.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "core/base/parallel.h"
#include "core/base/rng.h"

namespace gtsa::probe {
namespace {

struct Case {
  nn::Grid grid;
  Size pixels;
  int64_t classes;
};

const Case kCases[] = {{{12, 16}, {128, 96}, 21}, {{3, 5}, {11, 7}, 2},  {{1, 1}, {9, 10}, 3},
                       {{4, 4}, {4, 4}, 5},       {{2, 3}, {21, 17}, 1}, {{5, 4}, {13, 33}, 7}};

at::Tensor random_logits(const Case& c, Rng& rng) {
  at::Tensor logits = at::empty({c.grid.tokens(), c.classes});
  for (int64_t i = 0; i < logits.numel(); ++i) logits.data_ptr<float>()[i] = static_cast<float>(4 * rng.normal());
  return logits;
}

std::vector<uint8_t> random_labels(const Case& c, Rng& rng) {
  std::vector<uint8_t> labels(static_cast<size_t>(c.pixels.width * c.pixels.height));
  for (uint8_t& label : labels) label = static_cast<uint8_t>(rng.below(static_cast<uint32_t>(c.classes) + 1));
  return labels;
}

/// [T, K] -> [1, K, height, width].
at::Tensor interpolated(const at::Tensor& logits, const Case& c) {
  const at::Tensor map = logits.t().reshape({1, c.classes, c.grid.rows, c.grid.columns});
  return at::upsample_bilinear2d(map, {c.pixels.height, c.pixels.width}, /*align_corners=*/false);
}

TEST(PixelMap, GradientIsThatOfInterpolationAndCrossEntropy) {
  Rng rng({.seed = 5});
  for (const Case& c : kCases) {
    const at::Tensor logits = random_logits(c, rng).set_requires_grad(true);
    const std::vector<uint8_t> labels = random_labels(c, rng);
    at::Tensor truth = at::empty({1, c.pixels.height, c.pixels.width}, at::kLong);
    for (size_t i = 0; i < labels.size(); ++i) truth.data_ptr<int64_t>()[i] = int64_t{labels[i]} - 1;
    constexpr int64_t kSum = 2;
    at::cross_entropy_loss(interpolated(logits, c), truth, {}, kSum, /*ignore_index=*/-1).backward();
    at::Tensor gradient = at::empty(logits.sizes());
    PixelMap(c.grid, c.pixels, c.classes)
        .cross_entropy_gradient(logits.data_ptr<float>(), labels, gradient.data_ptr<float>());
    const double scale = logits.grad().abs().max().item<double>() + 1e-12;
    EXPECT_LT((gradient - logits.grad()).abs().max().item<double>() / scale, 2e-5)
        << c.grid.rows << " x " << c.grid.columns;
  }
}

TEST(PixelMap, PredictsTheHighestInterpolatedLogit) {
  Rng rng({.seed = 6});
  for (const Case& c : kCases) {
    const at::Tensor logits = random_logits(c, rng);
    std::vector<int64_t> predicted(static_cast<size_t>(c.pixels.width * c.pixels.height));
    PixelMap(c.grid, c.pixels, c.classes).predict(logits.data_ptr<float>(), predicted);
    const at::Tensor expected = at::argmax(interpolated(logits, c), 1).contiguous();
    size_t different = 0;
    for (size_t i = 0; i < predicted.size(); ++i) different += predicted[i] != expected.data_ptr<int64_t>()[i];
    EXPECT_LE(different, predicted.size() / 1000) << "more than rounding at a border between classes";
  }
}

TEST(PixelMap, UnlabelledPixelsGiveNoGradient) {
  const Case c = kCases[1];
  Rng rng({.seed = 7});
  const std::vector<uint8_t> labels(static_cast<size_t>(c.pixels.width * c.pixels.height), kUnlabelled);
  at::Tensor gradient = at::empty({c.grid.tokens(), c.classes});
  PixelMap(c.grid, c.pixels, c.classes)
      .cross_entropy_gradient(random_logits(c, rng).data_ptr<float>(), labels, gradient.data_ptr<float>());
  EXPECT_TRUE(at::equal(gradient, at::zeros(gradient.sizes())));
}

/// Pictures of 4 x 4 patches of 4 pixels whose features name the class of each patch.
PixelSet separable(int64_t pictures, int64_t classes) {
  PixelSet set;
  set.grid = {4, 4};
  set.pixels = {16, 16};
  set.features = at::zeros({pictures, 16, classes});
  set.labels.resize(static_cast<size_t>(pictures * 256));
  Rng rng({.seed = 8});
  for (int64_t n = 0; n < pictures; ++n) {
    const uint32_t split = rng.below(static_cast<uint32_t>(classes));
    for (int64_t y = 0; y < 16; ++y) {
      for (int64_t x = 0; x < 16; ++x) {
        const int64_t label = y < 8 ? split : (split + 1) % classes;
        set.features[n][y / 4 * 4 + x / 4][label] = 1.0;
        set.labels[static_cast<size_t>((n * 16 + y) * 16 + x)] = static_cast<uint8_t>(label + 1);
      }
    }
  }
  return set;
}

TEST(PixelHead, LearnsWhatIsLinearInTheFeatures) {
  const PixelSet set = separable(24, 3);
  const PixelHead head = train_pixel_head(set, 3, {.epochs = 60, .batch = 8, .lr = 0.05});
  std::vector<int64_t> predicted(256);
  PixelMap(set.grid, set.pixels, 3)
      .predict((set.features[0].matmul(head.weight.t()) + head.bias).contiguous().data_ptr<float>(), predicted);
  for (size_t i = 0; i < predicted.size(); ++i) EXPECT_EQ(predicted[i] + 1, set.labels_of(0)[i]) << "pixel " << i;
}

TEST(PixelHead, IsAFunctionOfItsSeed) {
  const PixelSet set = separable(10, 3);
  const PixelHeadOptions options{.epochs = 3, .batch = 4};
  PixelHeadOptions other = options;
  other.repeat = 1;
  const PixelHead head = train_pixel_head(set, 3, options);
  EXPECT_TRUE(at::equal(head.weight, train_pixel_head(set, 3, options).weight));
  EXPECT_FALSE(at::equal(head.weight, train_pixel_head(set, 3, other).weight));
}

}  // namespace
}  // namespace gtsa::probe
