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

}  // namespace
}  // namespace gtsa::image
