#include "core/kernels/resample.h"

#include <gtest/gtest.h>

#include <numeric>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/kernels/every_level.h"

namespace gtsa::kernels {
namespace {

std::vector<uint8_t> random_bytes(size_t count, uint64_t sample) {
  Rng rng({.sample = sample});
  std::vector<uint8_t> bytes(count);
  for (auto& b : bytes) b = static_cast<uint8_t>(rng.bits());
  return bytes;
}

// Black and white only: the sums reach their extremes, so clipping shows.
std::vector<uint8_t> extreme_bytes(size_t count, uint64_t sample) {
  auto bytes = random_bytes(count, sample);
  for (auto& b : bytes) b = b < 128 ? 0 : 255;
  return bytes;
}

struct Sizes {
  int64_t inputs, outputs;
};

constexpr Sizes kAxes[] = {{1, 1}, {1, 7}, {2, 1}, {3, 2}, {5, 31}, {17, 16}, {64, 63}, {100, 3}, {333, 96}, {2000, 1}};
constexpr Filter kFilters[] = {Filter::bilinear, Filter::bicubic};

TEST(ResampleAxis, WeightsSumToOneWithinRounding) {
  for (const auto [inputs, outputs] : kAxes) {
    for (const Filter filter : kFilters) {
      const auto axis = resample_axis(inputs, outputs, filter);
      for (int64_t o = 0; o < outputs; ++o) {
        const auto at = static_cast<size_t>(o);
        EXPECT_GE(axis.first[at], 0);
        EXPECT_GE(axis.count[at], 1);
        EXPECT_LE(axis.first[at] + axis.count[at], inputs);
        const auto* weights = axis.weights.data() + o * axis.capacity;
        const int64_t sum = std::accumulate(weights, weights + axis.capacity, int64_t{0});
        EXPECT_NEAR(static_cast<double>(sum), 1 << 22, static_cast<double>(axis.count[at]))
            << inputs << " to " << outputs;
      }
    }
  }
}

TEST(ResampleAxis, SplitsWeightsIntoPartsThatMakeThemUp) {
  for (const auto [inputs, outputs] : kAxes) {
    for (const Filter filter : kFilters) {
      const auto axis = resample_axis(inputs, outputs, filter);
      for (size_t i = 0; i < axis.weights.size(); ++i) {
        EXPECT_EQ(axis.high[i] * (1 << 15) + axis.low[i], axis.weights[i]);
        EXPECT_EQ(axis.digits[2][i] * (1 << 16) + axis.digits[1][i] * (1 << 8) + axis.digits[0][i], axis.weights[i]);
      }
    }
  }
}

TEST(ResampleAxis, ChangesNothingWhenTheSizeStays) {
  const auto axis = resample_axis(9, 9, Filter::bicubic);
  const auto in = random_bytes(3 * (9 + kRowsReadAhead), 1);
  std::vector<uint8_t> out(27);
  resample_columns(in.data(), 3, 3, axis, out.data(), 3);
  EXPECT_EQ(out, std::vector<uint8_t>(in.begin(), in.begin() + 27));
}

TEST(ResampleAxis, HasSamples) {
  EXPECT_THROW(resample_axis(0, 4, Filter::bilinear), BugError);
  EXPECT_THROW(resample_axis(4, 0, Filter::bilinear), BugError);
}

TEST(ResampleColumns, GivesTheReferencesBytesAtEveryLevel) {
  test::at_every_level([] {
    uint64_t sample = 0;
    for (const auto [inputs, outputs] : kAxes) {
      for (const int64_t row_bytes : {1, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 200}) {
        for (const Filter filter : kFilters) {
          const int64_t in_stride = row_bytes + 3, out_stride = row_bytes + 2;
          const auto in = extreme_bytes(static_cast<size_t>(in_stride * (inputs + kRowsReadAhead)), ++sample);
          std::vector<uint8_t> want(static_cast<size_t>(out_stride * outputs), 7), got = want;
          const auto axis = resample_axis(inputs, outputs, filter);
          reference::resample_columns(in.data(), in_stride, row_bytes, axis, want.data(), out_stride);
          resample_columns(in.data(), in_stride, row_bytes, axis, got.data(), out_stride);
          ASSERT_EQ(got, want) << inputs << " to " << outputs << ", bytes " << row_bytes;
        }
      }
    }
  });
}

}  // namespace
}  // namespace gtsa::kernels
