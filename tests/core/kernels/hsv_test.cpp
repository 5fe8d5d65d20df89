#include "core/kernels/hsv.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "core/base/rng.h"
#include "core/kernels/every_level.h"

namespace gtsa::kernels {
namespace {

constexpr int64_t kCounts[] = {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 1001};

Channels channels_of(uint8_t* planes, int64_t pixels) { return {planes, planes + pixels, planes + 2 * pixels}; }

/// Runs both on copies of the same pixels, of every awkward count, at every level.
using InPlace = std::function<void(const Channels&, int64_t)>;
void expect_same(const InPlace& fast, const InPlace& plain) {
  test::at_every_level([&] {
    for (const int64_t pixels : kCounts) {
      Rng rng({.sample = static_cast<uint64_t>(pixels)});
      std::vector<uint8_t> got(static_cast<size_t>(3 * pixels + 4));
      for (auto& byte : got) byte = static_cast<uint8_t>(rng.bits());
      auto want = got;
      fast(channels_of(got.data() + 1, pixels), pixels);
      plain(channels_of(want.data() + 1, pixels), pixels);
      ASSERT_EQ(got, want) << pixels << " pixels";
    }
  });
}

/// All 2^24 triples, 2^16 at a time, at every level.
void expect_same_for_every_triple(const InPlace& fast, const InPlace& plain) {
  constexpr int64_t kTriples = 65536;
  std::vector<uint8_t> planes(3 * kTriples);
  for (int first = 0; first < 256; ++first) {
    for (int64_t i = 0; i < kTriples; ++i) {
      planes[static_cast<size_t>(i)] = static_cast<uint8_t>(first);
      planes[static_cast<size_t>(kTriples + i)] = static_cast<uint8_t>(i >> 8);
      planes[static_cast<size_t>(2 * kTriples + i)] = static_cast<uint8_t>(i & 255);
    }
    auto want = planes;
    plain(channels_of(want.data(), kTriples), kTriples);
    test::at_every_level([&] {
      auto got = planes;
      fast(channels_of(got.data(), kTriples), kTriples);
      ASSERT_EQ(got, want) << "first " << first;
    });
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(RgbToHsv, GivesTheReferencesBytesAtEveryLevel) { expect_same(rgb_to_hsv, reference::rgb_to_hsv); }

TEST(RgbToHsv, GivesTheReferencesBytesForEveryColour) {
  expect_same_for_every_triple(rgb_to_hsv, reference::rgb_to_hsv);
}

TEST(RgbToHsv, KnowsTheColoursThatHaveNames) {
  // Red, yellow, green, cyan, blue, magenta, grey, black.
  std::vector<uint8_t> planes{255, 255, 0, 0, 0, 255, 7, 0, 0, 255, 255, 255, 0, 0, 7, 0, 0, 0, 0, 255, 255, 255, 7, 0};
  rgb_to_hsv(channels_of(planes.data(), 8), 8);
  EXPECT_EQ(planes, (std::vector<uint8_t>{0,   30,  60, 90, 120, 150, 0,   0,   255, 255, 255, 255,
                                          255, 255, 0,  0,  255, 255, 255, 255, 255, 255, 7,   0}));
}

TEST(HsvToRgb, GivesTheReferencesBytesAtEveryLevel) {
  for (const bool truncate : {false, true}) {
    expect_same([&](const Channels& hsv, int64_t pixels) { hsv_to_rgb(hsv, pixels, truncate); },
                [&](const Channels& hsv, int64_t pixels) { reference::hsv_to_rgb(hsv, pixels, truncate); });
  }
}

TEST(HsvToRgb, GivesTheReferencesBytesForEveryTriple) {
  for (const bool truncate : {false, true}) {
    expect_same_for_every_triple(
        [&](const Channels& hsv, int64_t pixels) { hsv_to_rgb(hsv, pixels, truncate); },
        [&](const Channels& hsv, int64_t pixels) { reference::hsv_to_rgb(hsv, pixels, truncate); });
  }
}

TEST(HsvToRgb, TruncatesWhereItDoesNotRound) {
  // Hue 15 is half-way through the first sector: 255 * (1 - 1 * (1 - 0.5)) = 127.5.
  std::vector<uint8_t> rounded{15, 255, 255}, truncated = rounded;
  hsv_to_rgb(channels_of(rounded.data(), 1), 1, false);
  hsv_to_rgb(channels_of(truncated.data(), 1), 1, true);
  EXPECT_EQ(rounded, (std::vector<uint8_t>{255, 128, 0}));
  EXPECT_EQ(truncated, (std::vector<uint8_t>{255, 127, 0}));
}

}  // namespace
}  // namespace gtsa::kernels
