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
using InPlace = std::function<void(uint8_t*, size_t)>;
void expect_same(const InPlace& fast, const InPlace& plain) {
  test::at_every_level([&] {
    for (const size_t pixels : kCounts) {
      auto got = random_bytes(3 * pixels + 4), want = got;
      fast(got.data() + 1, pixels);
      plain(want.data() + 1, pixels);
      ASSERT_EQ(got, want) << pixels << " pixels";
    }
  });
}

/// All 2^24 colours in planes of 2^16.
void for_every_colour(const std::function<void(std::vector<uint8_t>&)>& check) {
  std::vector<uint8_t> plane(3 * 65536);
  for (int red = 0; red < 256; ++red) {
    for (int i = 0; i < 65536; ++i) {
      uint8_t* pixel = plane.data() + 3 * i;
      pixel[0] = static_cast<uint8_t>(red);
      pixel[1] = static_cast<uint8_t>(i >> 8);
      pixel[2] = static_cast<uint8_t>(i & 255);
    }
    check(plane);
  }
}

TEST(BlendConstant, GivesTheReferencesBytesAtEveryLevel) {
  for (const float factor : kFactors) {
    for (const int constant : {0, 100, 255}) {
      const auto c = static_cast<uint8_t>(constant);
      expect_same([&](uint8_t* rgb, size_t pixels) { blend_constant(rgb, 3 * pixels, c, factor); },
                  [&](uint8_t* rgb, size_t pixels) { reference::blend_constant(rgb, 3 * pixels, c, factor); });
    }
  }
}

TEST(BlendLuma, GivesTheReferencesBytesAtEveryLevel) {
  for (const float factor : kFactors) {
    expect_same([&](uint8_t* rgb, size_t pixels) { blend_luma(rgb, pixels, factor); },
                [&](uint8_t* rgb, size_t pixels) { reference::blend_luma(rgb, pixels, factor); });
  }
}

TEST(ToLuma, GivesTheReferencesBytesAtEveryLevel) { expect_same(to_luma, reference::to_luma); }

TEST(ToLuma, IsExactForEveryColour) {
  for_every_colour([](std::vector<uint8_t>& colours) {
    auto want = colours;
    to_luma(colours.data(), 65536);
    reference::to_luma(want.data(), 65536);
    ASSERT_EQ(colours, want);
  });
}

TEST(SumLuma, GivesTheReferencesSumAtEveryLevel) {
  test::at_every_level([] {
    for (const size_t pixels : kCounts) {
      const auto rgb = random_bytes(3 * pixels);
      ASSERT_EQ(sum_luma(rgb.data(), pixels), reference::sum_luma(rgb.data(), pixels)) << pixels << " pixels";
    }
  });
}

TEST(SumLuma, DoesNotOverflowOnLargeWhitePictures) {
  constexpr size_t kPixels = 20'000'001;
  const std::vector<uint8_t> white(3 * kPixels, 255);
  EXPECT_EQ(sum_luma(white.data(), kPixels), 255 * uint64_t{kPixels});
}

TEST(ShiftHue, GivesTheReferencesBytesAtEveryLevel) {
  for (const int shift : {0, 1, 51, 128, 205, 255}) {
    const auto s = static_cast<uint8_t>(shift);
    expect_same([&](uint8_t* rgb, size_t pixels) { shift_hue(rgb, pixels, s); },
                [&](uint8_t* rgb, size_t pixels) { reference::shift_hue(rgb, pixels, s); });
  }
}

// The vector version computes in float32 and integers what the reference computes in double: equality is a fact about
// all inputs, not about typical ones.
TEST(ShiftHue, IsExactForEveryColour) {
  int red = 0;
  for_every_colour([&](std::vector<uint8_t>& colours) {
    auto want = colours;
    const auto shift = static_cast<uint8_t>(37 * red++);
    shift_hue(colours.data(), 65536, shift);
    reference::shift_hue(want.data(), 65536, shift);
    ASSERT_EQ(colours, want) << "shift " << int{shift};
  });
}

}  // namespace
}  // namespace gtsa::kernels
