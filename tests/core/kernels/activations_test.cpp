#include "core/kernels/activations.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/kernels/every_level.h"
#include "core/kernels/numbers.h"

namespace gtsa::kernels {
namespace {

std::vector<float> numbers(int64_t n, uint64_t sample) { return test::numbers(n, sample, 2); }

void expect_near(const std::vector<float>& got, const std::vector<float>& want, double tolerance) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i], tolerance * (1 + std::abs(want[i]))) << i;
}

constexpr int64_t kRows[] = {0, 1, 3};
constexpr int64_t kWidths[] = {1, 3, 7, 8, 9, 16, 31, 33, 384};

template <class Check>
void on_awkward_shapes(const Check& check) {
  test::at_every_level([&] {
    for (const int64_t rows : kRows) {
      for (const int64_t width : kWidths) check(rows, width);
    }
  });
}

TEST(Activations, GeluAgreesWithItsFormula) {
  on_awkward_shapes([](int64_t rows, int64_t width) {
    const auto bias = numbers(width, 1);
    for (const float* b : {bias.data(), static_cast<const float*>(nullptr)}) {
      auto want_x = numbers(rows * width, 2), got_x = want_x;
      std::vector<float> want(want_x.size()), got(want_x.size());
      reference::bias_gelu(want_x.data(), b, rows, width, want.data());
      bias_gelu(got_x.data(), b, rows, width, got.data());
      EXPECT_EQ(got_x, want_x);
      expect_near(got, want, 1e-6);
      auto in_place = numbers(rows * width, 2);
      bias_gelu(in_place.data(), b, rows, width, in_place.data());
      EXPECT_EQ(in_place, got);
    }
  });
}

TEST(Activations, GeluIsExactFarOut) {
  test::at_every_level([] {
    std::vector<float> x{-1e30F, -40, -6, 0, 6, 40, 1e30F}, y(x.size()), dy(x.size(), 1.0F);
    bias_gelu(x.data(), nullptr, 1, std::ssize(x), y.data());
    EXPECT_EQ(y[3], 0);
    EXPECT_EQ(y[6], 1e30F);
    EXPECT_NEAR(y[2], 0, 2e-6);
    EXPECT_NEAR(y[4], 6, 2e-6);
    for (const size_t i : {size_t{1}, size_t{5}}) EXPECT_NEAR(y[i], std::max(0.0F, x[i]), 1e-5);
    gelu_backward(x.data(), 1, std::ssize(x), dy.data(), nullptr);
    for (const size_t i : {size_t{4}, size_t{5}, size_t{6}}) EXPECT_NEAR(dy[i], 1, 1e-6);
    for (const size_t i : {size_t{0}, size_t{1}, size_t{2}}) EXPECT_NEAR(dy[i], 0, 1e-6);
  });
}

TEST(Activations, GeluBackwardAgreesWithItsFormula) {
  on_awkward_shapes([](int64_t rows, int64_t width) {
    const auto x = numbers(rows * width, 3);
    auto want = numbers(rows * width, 4), got = want, want_bias = numbers(width, 5), got_bias = want_bias;
    reference::gelu_backward(x.data(), rows, width, want.data(), want_bias.data());
    gelu_backward(x.data(), rows, width, got.data(), got_bias.data());
    expect_near(got, want, 1e-6);
    expect_near(got_bias, want_bias, 3e-6);
  });
}

TEST(Activations, LayerNormAndItsGradientAgreeWithTheirFormulas) {
  on_awkward_shapes([](int64_t rows, int64_t width) {
    const auto x = numbers(rows * width, 6), weight = numbers(width, 7), bias = numbers(width, 8);
    const auto dy = numbers(rows * width, 9);
    for (const bool affine : {true, false}) {
      const float *w = affine ? weight.data() : nullptr, *b = affine ? bias.data() : nullptr;
      std::vector<float> want(x.size()), got(x.size());
      std::vector<RowMoments> moments(static_cast<size_t>(rows)), got_moments(moments);
      reference::layer_norm(x.data(), rows, width, w, b, 1e-2F, want.data(), moments.data());
      layer_norm(x.data(), rows, width, w, b, 1e-2F, got.data(), got_moments.data());
      expect_near(got, want, 1e-5);
      for (size_t i = 0; i < moments.size(); ++i) {
        EXPECT_NEAR(got_moments[i].mean, moments[i].mean, 1e-6);
        EXPECT_NEAR(got_moments[i].scale, moments[i].scale, 1e-5 * moments[i].scale);
      }
      auto want_weight = numbers(width, 10), got_weight = want_weight, want_bias = numbers(width, 11),
           got_bias = want_bias;
      reference::layer_norm_backward(x.data(), moments.data(), rows, width, w, dy.data(), want.data(),
                                     affine ? want_weight.data() : nullptr, affine ? want_bias.data() : nullptr);
      got = dy;  // in place
      layer_norm_backward(x.data(), moments.data(), rows, width, w, got.data(), got.data(),
                          affine ? got_weight.data() : nullptr, affine ? got_bias.data() : nullptr);
      expect_near(got, want, 2e-5);
      expect_near(got_weight, want_weight, 1e-5);
      expect_near(got_bias, want_bias, 1e-5);
    }
  });
}

TEST(Activations, RowsAndBranchesAreAddedUp) {
  on_awkward_shapes([](int64_t rows, int64_t width) {
    const auto x = numbers(rows * width, 12), branch = numbers(rows * width, 13), bias = numbers(width, 14);
    auto want = bias, got = bias;
    reference::add_rows(x.data(), rows, width, want.data());
    add_rows(x.data(), rows, width, got.data());
    expect_near(got, want, 1e-6);
    std::vector<float> want_sum(x.size()), got_sum(x.size());
    reference::add_branch(x.data(), branch.data(), bias.data(), 1.25F, rows, width, want_sum.data());
    add_branch(x.data(), branch.data(), bias.data(), 1.25F, rows, width, got_sum.data());
    expect_near(got_sum, want_sum, 1e-6);
  });
}

}  // namespace
}  // namespace gtsa::kernels
