#include "core/image/label_colours.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/base/error.h"

namespace gtsa::image {
namespace {

TEST(DefaultPalette, HasAColourOfItsOwnForEveryClass) {
  for (const int64_t classes : {0, 1, 14, 15, 150, 256, 5000}) {
    const auto palette = default_palette(classes);
    ASSERT_EQ(std::ssize(palette), classes);
    const std::set<Colour> distinct(palette.begin(), palette.end());
    EXPECT_EQ(std::ssize(distinct), classes);
    EXPECT_FALSE(distinct.contains({0, 0, 0}));
    EXPECT_FALSE(distinct.contains({255, 255, 255}));
  }
}

TEST(DefaultPalette, KeepsTheColoursOfAShorterList) {
  const auto few = default_palette(20), many = default_palette(300);
  EXPECT_TRUE(std::equal(few.begin(), few.end(), many.begin()));
  EXPECT_EQ(few[0], (Colour{0, 114, 178}));
}

TEST(DefaultPalette, KeepsClassesApart) {
  const auto palette = default_palette(150);
  int nearest = 3 * 255;
  for (size_t a = 0; a < palette.size(); ++a) {
    for (size_t b = 0; b < a; ++b) {
      int distance = 0;
      for (size_t c = 0; c < 3; ++c) distance += std::abs(palette[a][c] - palette[b][c]);
      nearest = std::min(nearest, distance);
    }
  }
  EXPECT_GE(nearest, 8);
}

TEST(DefaultPalette, RefusesMoreClassesThanLabelsHave) { EXPECT_THROW(default_palette(65'537), BugError); }

}  // namespace
}  // namespace gtsa::image
