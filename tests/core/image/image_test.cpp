#include "core/image/image.h"

#include <gtest/gtest.h>

#include <cstring>

#include "core/base/error.h"
#include "core/image/pictures.h"

namespace gtsa::image {
namespace {

TEST(Image, MovesItsPixelsAndClonesOnlyWhenAsked) {
  Image image = test::coordinates(5, 4);
  const uint8_t* pixels = image.row(0);
  const Image copy = image.clone();
  EXPECT_NE(copy.row(0), pixels);
  EXPECT_TRUE(copy == image);
  const Image moved = std::move(image);
  EXPECT_EQ(moved.row(0), pixels);
  EXPECT_TRUE(moved == copy);
}

TEST(Image, HasPixels) {
  EXPECT_THROW(Image(0, 4), BugError);
  EXPECT_THROW(Image(4, -1), BugError);
  EXPECT_TRUE(Image().empty());
  EXPECT_TRUE(Image().clone().empty());
}

TEST(Image, DiffersInSizeOrPixels) {
  EXPECT_FALSE(test::coordinates(4, 6) == test::coordinates(6, 4));
  Image image = test::coordinates(4, 6);
  image.row(5)[11] ^= 1;
  EXPECT_FALSE(image == test::coordinates(4, 6));
  EXPECT_TRUE(Image() == Image());
}

TEST(GrowingImage, KeepsRowsWhileItGrows) {
  constexpr int64_t kWidth = 5000, kHeight = 1500;  // 22 MiB: grows twice
  GrowingImage growing({kWidth, kHeight});
  for (int64_t y = 0; y < kHeight; ++y) std::memset(growing.next_row(), static_cast<int>(y % 251), 3 * kWidth);
  const Image image = growing.finish();
  ASSERT_EQ(image.size(), (Size{kWidth, kHeight}));
  for (int64_t y = 0; y < kHeight; ++y) {
    ASSERT_EQ(image.row(y)[0], y % 251);
    ASSERT_EQ(image.row(y)[3 * kWidth - 1], y % 251);
  }
}

TEST(GrowingImage, IsFinishedByItsLastRowAndHasNoMore) {
  GrowingImage growing({2, 2});
  growing.next_row();
  EXPECT_THROW(growing.finish(), BugError);
  growing.next_row();
  EXPECT_THROW(growing.next_row(), BugError);
}

}  // namespace
}  // namespace gtsa::image
