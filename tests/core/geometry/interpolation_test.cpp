#include "core/geometry/interpolation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"

namespace gtsa::geometry {
namespace {

using ::testing::ElementsAre;

TEST(Interpolation, LiesAtHalfPixelsAndIsClamped) {
  const Interpolation up = interpolation(2, 4);  // places -0.25 (clamped), 0.25, 0.75, 1.25
  EXPECT_THAT(up.first, ElementsAre(0, 0, 0, 1));
  EXPECT_THAT(up.second, ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(up.weight, ElementsAre(0.0F, 0.25F, 0.75F, 0.25F));
  const Interpolation down = interpolation(8, 2);  // places 1.5 and 5.5: the middle two of each four
  EXPECT_THAT(down.first, ElementsAre(1, 5));
  EXPECT_THAT(down.second, ElementsAre(2, 6));
  EXPECT_THAT(down.weight, ElementsAre(0.5F, 0.5F));
  EXPECT_THAT(interpolation(1, 3).second, ElementsAre(0, 0, 0));
}

TEST(Interpolation, AscendsAndStaysInside) {
  for (const auto& [in, out] : {std::pair<int64_t, int64_t>{1, 7}, {7, 1}, {32, 512}, {512, 683}, {5, 5}}) {
    const Interpolation places = interpolation(in, out);
    ASSERT_EQ(places.size(), out);
    for (size_t i = 0; i < places.first.size(); ++i) {
      EXPECT_LE(i == 0 ? 0 : places.first[i - 1], places.first[i]);
      EXPECT_EQ(places.second[i], std::min(places.first[i] + 1, in - 1));
      EXPECT_TRUE(places.weight[i] >= 0 && places.weight[i] < 1) << places.weight[i];
      if (in == out) {
        EXPECT_EQ(places.weight[i], 0) << "nothing is mixed";
      }
    }
  }
}

TEST(Interpolation, RefusesAnAxisOfNothing) {
  EXPECT_THROW(interpolation(0, 3), BugError);
  EXPECT_THROW(interpolation(3, 0), BugError);
}

}  // namespace
}  // namespace gtsa::geometry
