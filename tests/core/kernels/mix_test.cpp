#include "core/kernels/mix.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/base/rng.h"
#include "core/kernels/every_level.h"

namespace gtsa::kernels {
namespace {

std::vector<float> some_numbers(size_t count, uint64_t seed) {
  Rng rng({.seed = seed, .purpose = Purpose::test});
  std::vector<float> numbers(count);
  for (float& number : numbers) number = rng.uniform(-4, 4);
  return numbers;
}

/// One to five rows of `sources` an output.
Taps some_taps(int64_t outputs, int64_t sources, uint64_t seed) {
  Rng rng({.seed = seed, .sample = 1, .purpose = Purpose::test});
  Taps taps;
  for (int64_t i = 0; i < outputs; ++i) {
    for (uint32_t left = 1 + rng.below(5); left > 0; --left) {
      taps.add(rng.below(static_cast<uint32_t>(sources)), rng.uniform(0, 1));
    }
    taps.finish();
  }
  return taps;
}

constexpr int64_t kWidths[] = {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 150, 151};

TEST(Mix, GivesTheReferencesBitsAtEveryLevel) {
  constexpr int64_t kSources = 6, kOutputs = 9;
  test::at_every_level([&] {
    for (const int64_t width : kWidths) {
      const auto in = some_numbers(static_cast<size_t>(kSources * width), 1);
      const Taps taps = some_taps(kOutputs, kSources, 2);
      for (const auto& [begin, end] : {std::pair<int64_t, int64_t>{0, kOutputs}, {3, 5}, {4, 4}}) {
        std::vector<float> want(static_cast<size_t>((end - begin) * width) + 1, 7), got = want;
        reference::mix(in.data(), width, taps, begin, end, want.data());
        mix(in.data(), width, taps, begin, end, got.data());
        ASSERT_EQ(got, want) << width << " wide, outputs " << begin << " to " << end;
        std::vector<uint16_t> want_places(static_cast<size_t>(end - begin) + 1, 7), got_places = want_places;
        reference::mix_and_find_largest(in.data(), width, taps, begin, end, want_places.data());
        mix_and_find_largest(in.data(), width, taps, begin, end, got_places.data());
        ASSERT_EQ(got_places, want_places) << width << " wide, outputs " << begin << " to " << end;
      }
    }
  });
}

TEST(Mix, AddsItsTapsInTheirOrder) {
  Taps taps;
  taps.add(1, 0.5F);
  taps.add(0, 2);
  taps.finish();
  const float in[] = {1, 2, 10, 20};
  std::vector<float> out(2);
  mix(in, 2, taps, 0, 1, out.data());
  EXPECT_EQ(out, (std::vector<float>{7, 14}));
  EXPECT_EQ(taps.size(), 1);
}

TEST(Mix, TakesTheFirstOfEqualsAndNeverANaN) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN(), kLeast = -std::numeric_limits<float>::infinity();
  Taps taps;
  taps.add(0, 1);
  taps.finish();
  test::at_every_level([&] {
    for (const int64_t width : kWidths) {
      const auto largest = [&](const std::vector<float>& in) {
        uint16_t place = 9;
        mix_and_find_largest(in.data(), width, taps, 0, 1, &place);
        return static_cast<int64_t>(place);
      };
      const auto n = static_cast<size_t>(width);
      EXPECT_EQ(largest(std::vector<float>(n, 1.5F)), 0);
      EXPECT_EQ(largest(std::vector<float>(n, kNaN)), 0);
      EXPECT_EQ(largest(std::vector<float>(n, kLeast)), 0);
      for (size_t place = 0; place < n; ++place) {
        std::vector<float> in(n, kNaN);
        in[place] = -3;
        EXPECT_EQ(largest(in), static_cast<int64_t>(place)) << width;
        in.back() = -3;
        EXPECT_EQ(largest(in), static_cast<int64_t>(place)) << width;
      }
    }
  });
}

TEST(AddSoftmax, AgreesWithTheReferenceAtEveryLevel) {
  constexpr int64_t kRows = 3;
  test::at_every_level([&] {
    for (const int64_t width : kWidths) {
      auto in = some_numbers(static_cast<size_t>(kRows * width), 3);
      in.front() = 90;  // exp() of it overflows
      std::vector<float> want(in.size(), 0.25F), got = want;
      reference::add_softmax(in.data(), kRows, width, 0.5F, want.data());
      add_softmax(in.data(), kRows, width, 0.5F, got.data());
      for (size_t i = 0; i < want.size(); ++i) ASSERT_NEAR(got[i], want[i], 1e-6) << width << " wide, number " << i;
    }
  });
}

TEST(AddSoftmax, AddsSharesOfOne) {
  const float in[] = {std::log(1.0F), std::log(3.0F)};
  std::vector<float> out{0, 1};
  add_softmax(in, 1, 2, 2, out.data());
  EXPECT_NEAR(out[0], 0.5, 1e-6);
  EXPECT_NEAR(out[1], 2.5, 1e-6);
}

}  // namespace
}  // namespace gtsa::kernels
