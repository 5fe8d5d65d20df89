#include "core/image/turn.h"

#include <gtest/gtest.h>

#include <cstring>

#include "core/image/pictures.h"

namespace gtsa::image {
namespace {

constexpr Turn kTurns[] = {Turn::none, Turn::quarter, Turn::half, Turn::three_quarters};

TEST(Turned, MovesEveryPixelWhereTheFormulaSays) {
  for (const auto& [width, height] : test::kAwkwardSizes) {
    const Image in = test::coordinates(width, height);
    const Image out = turned(in, Turn::quarter);
    ASSERT_EQ(out.size(), (Size{height, width}));
    for (int64_t r = 0; r < out.height(); ++r) {
      for (int64_t c = 0; c < out.width(); ++c) {
        ASSERT_EQ(std::memcmp(out.row(r) + 3 * c, in.row(c) + 3 * (width - 1 - r), 3), 0)
            << "row " << r << ", column " << c;
      }
    }
  }
}

TEST(Turned, BringsTheTopRightCornerToTheTopLeft) {
  const Image in = test::coordinates(7, 3);
  EXPECT_EQ(std::memcmp(turned(in, Turn::quarter).row(0), in.row(0) + 3 * 6, 3), 0);
}

TEST(Turned, FourTimesIsTheIdentity) {
  for (const auto& [width, height] : test::kAwkwardSizes) {
    const Image in = test::noise(width, height);
    for (const Turn turn : kTurns) {
      EXPECT_TRUE(turned(turned(turned(turned(in, turn), turn), turn), turn) == in) << width << " x " << height;
    }
  }
}

TEST(Turned, ByTwoTurnsIsTheirSum) {
  const Image in = test::noise(150, 67);
  for (const Turn first : kTurns) {
    for (const Turn second : kTurns) {
      const auto sum = static_cast<Turn>((static_cast<int>(first) + static_cast<int>(second)) % 4);
      EXPECT_TRUE(turned(turned(in, first), second) == turned(in, sum)) << degrees(first) << " + " << degrees(second);
    }
  }
}

TEST(Flipped, ExchangesLeftAndRightAndIsItsOwnInverse) {
  for (const auto& [width, height] : test::kAwkwardSizes) {
    const Image in = test::coordinates(width, height);
    const Image out = flipped(in);
    for (int64_t y = 0; y < height; ++y) {
      for (int64_t x = 0; x < width; ++x)
        ASSERT_EQ(std::memcmp(out.row(y) + 3 * x, in.row(y) + 3 * (width - 1 - x), 3), 0);
    }
    EXPECT_TRUE(flipped(out) == in);
  }
}

}  // namespace
}  // namespace gtsa::image
