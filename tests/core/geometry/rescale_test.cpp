#include "core/geometry/rescale.h"

#include <gtest/gtest.h>

#include "core/base/error.h"

namespace gtsa::geometry {
namespace {

TEST(Rescaled, BringsTheShorterSideToItsBound) {
  EXPECT_EQ(rescaled({683, 512}, {2048, 512}), (Size{683, 512}));
  EXPECT_EQ(rescaled({512, 683}, {2048, 512}), (Size{512, 683}));
  EXPECT_EQ(rescaled({100, 50}, {2048, 512}), (Size{1024, 512}));
  EXPECT_EQ(rescaled({100, 50}, {512, 2048}), (Size{1024, 512})) << "the order of the bounds says nothing";
}

TEST(Rescaled, BringsTheLongerSideToItsBoundWhereThatIsLess) {
  EXPECT_EQ(rescaled({1000, 100}, {2048, 512}), (Size{2048, 205}));
  EXPECT_EQ(rescaled({300, 300}, {200, 100}), (Size{100, 100}));
}

TEST(Rescaled, KeepsAPixelOfTheLongestPicture) {
  EXPECT_EQ(rescaled({1, 50'000}, {2048, 512}), (Size{1, 2048}));
  EXPECT_EQ(rescaled({1, 1}, {2048, 512}), (Size{512, 512}));
}

TEST(Scaled, RoundsDownAndKeepsAPixel) {
  EXPECT_EQ(scaled({2048, 512}, 0.5), (Size{1024, 256}));
  EXPECT_EQ(scaled({3, 5}, 1.5), (Size{4, 7}));
  EXPECT_EQ(scaled({3, 5}, 0.1), (Size{1, 1}));
}

TEST(Rescaled, RefusesSidesWithoutPixels) {
  EXPECT_THROW(rescaled({0, 3}, {10, 10}), BugError);
  EXPECT_THROW(rescaled({3, 3}, {10, 0}), BugError);
}

}  // namespace
}  // namespace gtsa::geometry
