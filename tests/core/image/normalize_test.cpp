#include "core/image/normalize.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/base/error.h"
#include "core/image/pictures.h"
#include "core/image/turn.h"

namespace gtsa::image {
namespace {

TEST(Normalize, PutsChannelsFirst) {
  const Image in = test::coordinates(3, 2);
  std::vector<float> out(18);
  normalize_into(in, out, {.mean = {0, 0, 0}, .std = {1, 1, 1}});
  EXPECT_FLOAT_EQ(out[0 * 6 + 1 * 3 + 2] * 255, 2);      // red says x
  EXPECT_FLOAT_EQ(out[1 * 6 + 1 * 3 + 2] * 255, 1);      // green says y
  EXPECT_FLOAT_EQ(out[2 * 6 + 1 * 3 + 2] * 255, 2 + 2);  // blue says x + 2 y
}

TEST(Normalize, TurnedIsTheSameAsTurningFirst) {
  for (const auto& size : test::kAwkwardSizes) {
    const Image in = test::noise(size.width, size.height);
    for (const Turn turn : {Turn::none, Turn::quarter, Turn::half, Turn::three_quarters}) {
      std::vector<float> want(static_cast<size_t>(3 * size.width * size.height)), got = want;
      normalize_into(turned(in, turn), want);
      normalize_turned_into(Planes(in), turn, got);
      EXPECT_EQ(got, want) << degrees(turn);
    }
  }
}

TEST(Normalize, RefusesABufferOfAnotherSize) {
  std::vector<float> out(5);
  EXPECT_THROW(normalize_into(test::coordinates(3, 2), out), BugError);
}

TEST(NormalizeLevels, SubtractsTheMeanAndMultipliesByTheInverse) {
  const Image in = test::coordinates(3, 2);
  std::vector<float> out(18);
  normalize_levels_into(Planes(in), in.size(), out);
  const auto want = [](float difference, float std) {
    return static_cast<float>(static_cast<double>(difference) * (1.0 / static_cast<double>(std)));
  };
  EXPECT_EQ(out[0 * 6 + 1 * 3 + 2], want(2 - 123.675f, 58.395f));
  EXPECT_EQ(out[2 * 6 + 0 * 3 + 1], want(1 - 103.53f, 57.375f));
}

TEST(NormalizeLevels, PadsAtTheRightAndBelow) {
  const Image in = test::noise(3, 2);
  std::vector<float> plain(18), padded(3 * 5 * 4, 9);
  normalize_levels_into(Planes(in), in.size(), plain);
  normalize_levels_into(Planes(in), {5, 4}, padded);
  for (size_t c = 0; c < 3; ++c) {
    for (size_t y = 0; y < 4; ++y) {
      for (size_t x = 0; x < 5; ++x) {
        EXPECT_EQ(padded[(c * 4 + y) * 5 + x], x < 3 && y < 2 ? plain[(c * 2 + y) * 3 + x] : 0);
      }
    }
  }
  EXPECT_THROW(normalize_levels_into(Planes(in), {2, 4}, plain), BugError);
  EXPECT_THROW(normalize_levels_into(Planes(in), {3, 1}, plain), BugError);
  EXPECT_THROW(normalize_levels_into(Planes(in), {4, 2}, plain), BugError);
}

}  // namespace
}  // namespace gtsa::image
