#include "core/kernels/batch_norm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/kernels/every_level.h"
#include "core/kernels/numbers.h"

namespace gtsa::kernels {
namespace {

using test::numbers;

void expect_near(const std::vector<float>& got, const std::vector<float>& want, double tolerance) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i], tolerance * (1 + std::abs(want[i]))) << i;
}

/// A batch and its channels' numbers.
struct Batch {
  Batch(int64_t rows, int64_t width)
      : x(numbers(rows * width, 1)),
        dy(numbers(rows * width, 2)),
        mean(numbers(width, 3)),
        scale(numbers(width, 4)),
        shift(numbers(width, 5)) {}
  ChannelScale channels() const { return {mean.data(), scale.data(), shift.data()}; }
  std::vector<float> x, dy, mean, scale, shift;
};

template <class Check>
void on_awkward_shapes(const Check& check) {
  test::at_every_level([&] {
    for (const int64_t rows : {0, 1, 3}) {
      for (const int64_t width : {1, 3, 7, 8, 9, 16, 31, 128}) check(rows, width);
    }
  });
}

TEST(BatchNormKernels, SquaresAddUpToTheVariance) {
  on_awkward_shapes([](int64_t rows, int64_t width) {
    const Batch b(rows, width);
    auto want = numbers(width, 6), got = want;
    reference::add_squares(b.x.data(), rows, width, b.mean.data(), want.data());
    add_squares(b.x.data(), rows, width, b.mean.data(), got.data());
    expect_near(got, want, 1e-6);
  });
}

TEST(BatchNormKernels, ScaleReluAgreesWithItsFormulaAlsoInPlace) {
  on_awkward_shapes([](int64_t rows, int64_t width) {
    const Batch b(rows, width);
    std::vector<float> want(b.x.size()), got(b.x.size()), in_place = b.x;
    reference::scale_relu(b.x.data(), rows, width, b.channels(), want.data());
    scale_relu(b.x.data(), rows, width, b.channels(), got.data());
    scale_relu(in_place.data(), rows, width, b.channels(), in_place.data());
    expect_near(got, want, 1e-6);
    EXPECT_EQ(in_place, got);
    for (const float y : got) EXPECT_GE(y, 0);
  });
}

TEST(BatchNormKernels, GradientsAgreeWithTheirFormulas) {
  on_awkward_shapes([](int64_t rows, int64_t width) {
    const Batch b(rows, width);
    auto want_sums = numbers(width, 7), got_sums = want_sums, want_products = numbers(width, 8),
         got_products = want_products;
    reference::add_relu_gradients(b.x.data(), b.dy.data(), rows, width, b.channels(), want_sums.data(),
                                  want_products.data());
    add_relu_gradients(b.x.data(), b.dy.data(), rows, width, b.channels(), got_sums.data(), got_products.data());
    expect_near(got_sums, want_sums, 1e-6);
    expect_near(got_products, want_products, 1e-6);
    const auto slope = numbers(width, 9), offset = numbers(width, 10);
    std::vector<float> want(b.x.size()), in_place = b.dy;
    reference::scale_relu_backward(b.x.data(), b.dy.data(), rows, width, b.channels(), slope.data(), offset.data(),
                                   want.data());
    scale_relu_backward(b.x.data(), in_place.data(), rows, width, b.channels(), slope.data(), offset.data(),
                        in_place.data());
    expect_near(in_place, want, 2e-6);
  });
}

}  // namespace
}  // namespace gtsa::kernels
