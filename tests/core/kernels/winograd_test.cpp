#include "core/kernels/winograd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/kernels/every_level.h"
#include "core/kernels/numbers.h"

namespace gtsa::kernels {
namespace {

using test::numbers;

/// The convolution by its definition, in double: y[i][o] of x [images, rows, columns, in], weight [out, in, 3, 3].
std::vector<float> convolved(const WinogradMaps& in, int64_t out, const std::vector<float>& x,
                             const std::vector<float>& weight, const std::vector<float>& bias) {
  std::vector<float> y;
  for (int64_t pixel = 0; pixel < in.images * in.rows * in.columns; ++pixel) {
    const int64_t row = pixel / in.columns % in.rows, column = pixel % in.columns;
    for (int64_t o = 0; o < out; ++o) {
      double sum = bias[static_cast<size_t>(o)];
      for (int64_t dy = -1; dy <= 1; ++dy) {
        for (int64_t dx = -1; dx <= 1; ++dx) {
          if (row + dy < 0 || row + dy >= in.rows || column + dx < 0 || column + dx >= in.columns) continue;
          const float* from = x.data() + (pixel + dy * in.columns + dx) * in.channels;
          const float* w = weight.data() + o * in.channels * 9 + (dy + 1) * 3 + dx + 1;
          for (int64_t c = 0; c < in.channels; ++c) sum += double{from[c]} * w[9 * c];
        }
      }
      y.push_back(static_cast<float>(sum));
    }
  }
  return y;
}

/// The same by transforms and 16 products.
std::vector<float> convolved_by_tiles(const WinogradMaps& in, int64_t out, const std::vector<float>& x,
                                      const std::vector<float>& weight, const std::vector<float>& bias) {
  WinogradMaps result = in;
  result.channels = out;
  const int64_t tiles = in.tiles(), pairs = in.channels * out;
  std::vector<float> v(static_cast<size_t>(16 * tiles * in.channels)), u(static_cast<size_t>(16 * pairs));
  std::vector<float> m(static_cast<size_t>(16 * tiles * out)),
      y(static_cast<size_t>(in.images * in.rows * in.columns * out));
  winograd_input(in, {0, in.images}, x.data(), v.data());
  winograd_weight(pairs, 0, pairs, weight.data(), u.data());
  for (int64_t k = 0; k < 16; ++k) {
    for (int64_t t = 0; t < tiles; ++t) {
      for (int64_t o = 0; o < out; ++o) {
        double sum = 0;
        for (int64_t c = 0; c < in.channels; ++c) {
          sum += double{v[static_cast<size_t>((k * tiles + t) * in.channels + c)]} *
                 u[static_cast<size_t>(k * pairs + o * in.channels + c)];
        }
        m[static_cast<size_t>((k * tiles + t) * out + o)] = static_cast<float>(sum);
      }
    }
  }
  winograd_output(result, {0, in.images}, m.data(), bias.data(), y.data());
  return y;
}

const std::vector<WinogradMaps> kAwkward{{1, 1, 1, 1},  {2, 2, 2, 7},  {1, 3, 5, 8},   {2, 4, 4, 9},
                                         {1, 6, 6, 17}, {3, 5, 2, 33}, {1, 14, 14, 3}, {0, 4, 4, 8}};

TEST(Winograd, ConvolvesAsTheDefinitionAtEveryLevel) {
  test::at_every_level([] {
    for (const WinogradMaps& maps : kAwkward) {
      for (const int64_t out : {1, 5, 16}) {
        const auto x = numbers(maps.images * maps.rows * maps.columns * maps.channels, 1);
        const auto weight = numbers(9 * maps.channels * out, 2), bias = numbers(out, 3);
        const auto want = convolved(maps, out, x, weight, bias);
        const auto got = convolved_by_tiles(maps, out, x, weight, bias);
        ASSERT_EQ(got.size(), want.size());
        for (size_t i = 0; i < want.size(); ++i) {
          EXPECT_NEAR(got[i], want[i], 1e-5 * static_cast<double>(9 * maps.channels)) << i;
        }
      }
    }
  });
}

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * b[i];
  return sum;
}

/// <T x, y> = <x, T* y>.
TEST(Winograd, AdjointsAreTransposesAtEveryLevel) {
  test::at_every_level([] {
    for (const WinogradMaps& maps : kAwkward) {
      const int64_t pixels = maps.images * maps.rows * maps.columns * maps.channels,
                    matrices = 16 * maps.tiles() * maps.channels;
      const ImageRange all{0, maps.images};
      const auto map = numbers(pixels, 4), transformed = numbers(matrices, 5);
      std::vector<float> to(transformed.size()), back(map.size(), 77.0F);
      winograd_input(maps, all, map.data(), to.data());
      winograd_input_adjoint(maps, all, transformed.data(), back.data());
      EXPECT_NEAR(dot(to, transformed), dot(map, back), 1e-3);
      const std::vector<float> no_bias(static_cast<size_t>(maps.channels));
      winograd_output(maps, all, transformed.data(), no_bias.data(), back.data());
      winograd_output_adjoint(maps, all, map.data(), to.data());
      EXPECT_NEAR(dot(map, back), dot(to, transformed), 1e-3);
    }
  });
  constexpr int64_t kPairs = 11;
  const auto weight = numbers(9 * kPairs, 6), u = numbers(16 * kPairs, 7);
  std::vector<float> to(u.size()), back(weight.size());
  winograd_weight(kPairs, 0, kPairs, weight.data(), to.data());
  winograd_weight_adjoint(kPairs, 0, kPairs, u.data(), back.data());
  EXPECT_NEAR(dot(to, u), dot(weight, back), 1e-3);
}

TEST(Winograd, PartsOfABatchAreThoseOfTheWhole) {
  const WinogradMaps maps{5, 3, 4, 6};
  const auto x = numbers(5 * 3 * 4 * 6, 8);
  std::vector<float> whole(static_cast<size_t>(16 * maps.tiles() * 6)), parts(whole.size());
  winograd_input(maps, {0, 5}, x.data(), whole.data());
  for (const ImageRange part : {ImageRange{0, 2}, ImageRange{2, 2}, ImageRange{2, 5}}) {
    winograd_input(maps, part, x.data(), parts.data());
  }
  EXPECT_EQ(parts, whole);
}

}  // namespace
}  // namespace gtsa::kernels
