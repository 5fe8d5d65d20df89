#include "core/kernels/colour.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "core/base/rng.h"
#include "core/kernels/every_level.h"

namespace gtsa::kernels {
namespace {

constexpr size_t kCounts[] = {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 1001};
constexpr float kFactors[] = {0.0f, 0.2f, 0.55f, 0.999f, 1.0f, 1.3f, 1.8f, 300.0f};

std::vector<uint8_t> random_bytes(size_t count) {
  Rng rng({.sample = count});
  std::vector<uint8_t> bytes(count);
  for (auto& b : bytes) b = static_cast<uint8_t>(rng.bits());
  return bytes;
}

/// Runs `fast` and `plain` on copies of the same pixels, of every awkward count, at every level.
using InPlace = std::function<void(const Channels&, size_t)>;
Channels channels_of(uint8_t* planes, size_t pixels) { return {planes, planes + pixels, planes + 2 * pixels}; }
void expect_same(const InPlace& fast, const InPlace& plain) {
  test::at_every_level([&] {
    for (const size_t pixels : kCounts) {
      auto got = random_bytes(3 * pixels + 4), want = got;
      fast(channels_of(got.data() + 1, pixels), pixels);
      plain(channels_of(want.data() + 1, pixels), pixels);
      ASSERT_EQ(got, want) << pixels << " pixels";
    }
  });
}

/// All 2^24 colours, 2^16 at a time.
constexpr int kColours = 65536;
void for_every_colour(const std::function<void(std::vector<uint8_t>&)>& check) {
  std::vector<uint8_t> planes(3 * kColours);
  for (int red = 0; red < 256; ++red) {
    for (int i = 0; i < kColours; ++i) {
      planes[static_cast<size_t>(i)] = static_cast<uint8_t>(red);
      planes[static_cast<size_t>(kColours + i)] = static_cast<uint8_t>(i >> 8);
      planes[static_cast<size_t>(2 * kColours + i)] = static_cast<uint8_t>(i & 255);
    }
    check(planes);
  }
}

TEST(BlendConstant, GivesTheReferencesBytesAtEveryLevel) {
  for (const float factor : kFactors) {
    for (const int constant : {0, 100, 255}) {
      const auto c = static_cast<uint8_t>(constant);
      expect_same(
          [&](const Channels& rgb, size_t pixels) { blend_constant(rgb.red, 3 * pixels, c, factor); },
          [&](const Channels& rgb, size_t pixels) { reference::blend_constant(rgb.red, 3 * pixels, c, factor); });
    }
  }
}

TEST(BlendLuma, GivesTheReferencesBytesAtEveryLevel) {
  for (const float factor : kFactors) {
    expect_same([&](const Channels& rgb, size_t pixels) { blend_luma(rgb, pixels, factor); },
                [&](const Channels& rgb, size_t pixels) { reference::blend_luma(rgb, pixels, factor); });
  }
}

TEST(ToLuma, GivesTheReferencesBytesAtEveryLevel) { expect_same(to_luma, reference::to_luma); }

TEST(ToLuma, IsExactForEveryColour) {
  for_every_colour([](std::vector<uint8_t>& colours) {
    auto want = colours;
    to_luma(channels_of(colours.data(), kColours), kColours);
    reference::to_luma(channels_of(want.data(), kColours), kColours);
    ASSERT_EQ(colours, want);
  });
}

TEST(SumLuma, GivesTheReferencesSumAtEveryLevel) {
  test::at_every_level([] {
    for (const size_t pixels : kCounts) {
      auto bytes = random_bytes(3 * pixels);
      const Channels rgb = channels_of(bytes.data(), pixels);
      ASSERT_EQ(sum_luma(rgb, pixels), reference::sum_luma(rgb, pixels)) << pixels << " pixels";
    }
  });
}

TEST(SumLuma, DoesNotOverflowOnLargeWhitePictures) {
  constexpr size_t kPixels = 20'000'001;
  std::vector<uint8_t> white(3 * kPixels, 255);
  EXPECT_EQ(sum_luma(channels_of(white.data(), kPixels), kPixels), 255 * uint64_t{kPixels});
}

TEST(ShiftHue, GivesTheReferencesBytesAtEveryLevel) {
  for (const int shift : {0, 1, 51, 128, 205, 255}) {
    const auto s = static_cast<uint8_t>(shift);
    expect_same([&](const Channels& rgb, size_t pixels) { shift_hue(rgb, pixels, s); },
                [&](const Channels& rgb, size_t pixels) { reference::shift_hue(rgb, pixels, s); });
  }
}

// The vector version computes in float32 and integers what the reference computes in double: equality is a fact about
// all inputs, not about typical ones.
TEST(ShiftHue, IsExactForEveryColourAtEveryLevel) {
  int red = 0;
  for_every_colour([&](const std::vector<uint8_t>& colours) {
    auto want = colours;
    const auto shift = static_cast<uint8_t>(37 * red++);
    reference::shift_hue(channels_of(want.data(), kColours), kColours, shift);
    test::at_every_level([&] {
      auto got = colours;
      shift_hue(channels_of(got.data(), kColours), kColours, shift);
      ASSERT_EQ(got, want) << "shift " << int{shift};
    });
  });
}

}  // namespace
}  // namespace gtsa::kernels
