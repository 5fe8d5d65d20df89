#include "core/kernels/affine.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/base/rng.h"
#include "core/kernels/every_level.h"

namespace gtsa::kernels {
namespace {

constexpr Rgbx kFill{1, 2, 3, 4};
constexpr AffineMap kIdentity{1, 0, 0, 0, 1, 0};

std::vector<uint8_t> noise(RgbxSize size, Rng& rng) {
  std::vector<uint8_t> pixels(static_cast<size_t>(4 * size.width * size.height));
  // Mostly extremes, so that cubics leave 0..255 on both sides.
  for (uint8_t& value : pixels) value = rng.chance(0.7F) ? (rng.chance(0.5F) ? 0 : 255) : rng.bits() % 256;
  return pixels;
}

/// Turns, shears, shifts and their mixtures, on pixels and between them.
AffineMap random_map(Rng& rng, RgbxSize size) {
  const auto about = [&](double centre) { return rng.chance(0.3F) ? centre : centre + rng.uniform(-0.6F, 0.6F); };
  const auto side = static_cast<double>(std::max(size.width, size.height));
  return {about(1), about(0), side * about(0), about(0), about(1), side * about(0)};
}

TEST(Affine, GivesTheReferencesBitsAtEveryLevel) {
  test::at_every_level([] {
    Rng rng({.sample = 1});
    for (const RgbxSize size :
         {RgbxSize{1, 1}, RgbxSize{1, 9}, RgbxSize{9, 1}, RgbxSize{2, 3}, RgbxSize{17, 12}, RgbxSize{40, 31}}) {
      const auto in = noise(size, rng);
      for (int i = 0; i < 40; ++i) {
        const AffineMap map = random_map(rng, size);
        for (const Filter filter : {Filter::bilinear, Filter::bicubic}) {
          std::vector<uint8_t> got(in.size()), want(in.size());
          affine(in.data(), size, map, filter, kFill, got.data());
          reference::affine(in.data(), size, map, filter, kFill, want.data());
          ASSERT_EQ(got, want) << size.width << " x " << size.height << ", map " << i;
        }
      }
    }
  });
}

TEST(Affine, LeavesEverythingWhereItIsByTheIdentity) {
  Rng rng({.sample = 2});
  const RgbxSize size{13, 7};
  const auto in = noise(size, rng);
  for (const Filter filter : {Filter::bilinear, Filter::bicubic}) {
    std::vector<uint8_t> out(in.size());
    affine(in.data(), size, kIdentity, filter, kFill, out.data());
    EXPECT_EQ(out, in);
  }
}

TEST(Affine, FillsWhatLiesOutside) {
  const std::vector<uint8_t> in(4 * 6, 200);
  std::vector<uint8_t> out(in.size());
  affine(in.data(), {3, 2}, {1, 0, 2, 0, 1, 0}, Filter::bicubic, kFill, out.data());
  for (size_t pixel = 0; pixel < 6; ++pixel) {
    EXPECT_EQ(out[4 * pixel], pixel % 3 == 0 ? 200 : kFill[0]) << pixel;
    EXPECT_EQ(out[4 * pixel + 2], pixel % 3 == 0 ? 200 : kFill[2]) << pixel;
  }
}

}  // namespace
}  // namespace gtsa::kernels
