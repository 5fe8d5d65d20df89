#include "core/kernels/adamw.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/base/rng.h"
#include "core/kernels/simd.h"

namespace gtsa::kernels {
namespace {

std::vector<float> numbers(size_t n, uint64_t sample) {
  Rng rng({3, 0, sample, 0, Purpose::test});
  std::vector<float> values(n);
  for (float& value : values) value = static_cast<float>(rng.normal());
  return values;
}

const AdamWStep kStep{.clip = 0.3F, .keep = 0.999F, .step_size = 1e-2F, .root_bias2 = 0.05F};
const AverageStep kAverage{0.99F, 0.01F};

struct State {
  std::vector<float> value, m, v, teacher;
  explicit State(size_t n) : value(numbers(n, 1)), m(numbers(n, 2)), v(numbers(n, 3)), teacher(numbers(n, 4)) {
    for (float& x : v) x = std::abs(x);
  }
  bool operator==(const State&) const = default;
};

class AdamWLevels : public testing::Test {
 protected:
  void TearDown() override { force_simd_level(""); }
};

TEST_F(AdamWLevels, GiveTheSameBitsAsTheReferenceOnAwkwardSizes) {
  for (const std::string& level : simd_levels()) {
    force_simd_level(level);
    for (const size_t n : {0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 1000, 5001}) {
      for (const bool with_teacher : {false, true}) {
        const auto gradient = numbers(n, 5);
        State want(n), got(n);
        adamw_reference(want.value.data(), gradient.data(), want.m.data(), want.v.data(),
                        with_teacher ? want.teacher.data() : nullptr, static_cast<int64_t>(n), kStep, kAverage);
        adamw(got.value.data(), gradient.data(), got.m.data(), got.v.data(),
              with_teacher ? got.teacher.data() : nullptr, static_cast<int64_t>(n), kStep, kAverage);
        EXPECT_EQ(got, want) << level << " n=" << n;
      }
    }
  }
}

TEST_F(AdamWLevels, SumTheSameBits) {
  for (const size_t n : {0, 1, 7, 8, 9, 4095, 4096, 4097, 20001}) {
    const auto values = numbers(n, 6);
    const double want = sum_of_squares_reference(values.data(), static_cast<int64_t>(n));
    double plain = 0;
    for (const float x : values) plain += static_cast<double>(x) * x;
    EXPECT_NEAR(want, plain, 1e-12 * (plain + 1));
    for (const std::string& level : simd_levels()) {
      force_simd_level(level);
      EXPECT_EQ(sum_of_squares(values.data(), static_cast<int64_t>(n)), want) << level << " n=" << n;
    }
  }
}

TEST(SumOfSquares, IsNotFiniteIfAnElementIsNot) {
  for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    auto values = numbers(5000, 7);
    values[4321] = bad;
    EXPECT_FALSE(std::isfinite(sum_of_squares(values.data(), 5000)));
  }
}

TEST(AdamW, FollowsTheFormulaInDouble) {
  const size_t n = 100;
  State state(n);
  const State before(n);
  const auto gradient = numbers(n, 5);
  adamw(state.value.data(), gradient.data(), state.m.data(), state.v.data(), state.teacher.data(),
        static_cast<int64_t>(n), kStep, kAverage);
  for (size_t i = 0; i < n; ++i) {
    const double g = 0.3 * gradient[i];
    const double m = 0.9 * before.m[i] + 0.1 * g;
    const double v = 0.999 * before.v[i] + 0.001 * g * g;
    const double value = 0.999 * before.value[i] - 1e-2 * m / (std::sqrt(v) / 0.05 + 1e-8);
    EXPECT_NEAR(state.value[i], value, 1e-5 * (1 + std::abs(value)));
    EXPECT_NEAR(state.teacher[i], 0.99 * before.teacher[i] + 0.01 * value, 1e-5 * (1 + std::abs(value)));
  }
}

}  // namespace
}  // namespace gtsa::kernels
