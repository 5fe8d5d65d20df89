#include "core/image/resample.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/image/pictures.h"
#include "core/image/turn.h"

namespace gtsa::image {
namespace {

constexpr Filter kFilters[] = {Filter::bilinear, Filter::bicubic};

TEST(ResizedCrop, KeepsAConstantPictureConstant) {
  for (const auto& size : test::kAwkwardSizes) {
    const Image in = test::constant(size.width, size.height, 255, 1, 128);
    for (const auto& out : test::kAwkwardSizes) {
      for (const Filter filter : kFilters) {
        EXPECT_TRUE(resized(in, out, filter) == test::constant(out.width, out.height, 255, 1, 128));
      }
    }
  }
}

TEST(ResizedCrop, DoesNotSeePixelsOutsideTheCrop) {
  for (const Filter filter : kFilters) {
    const Image in = test::noise(40, 30);
    const Rect crop{7, 5, 21, 18};
    EXPECT_TRUE(resized_crop(in, crop, {9, 50}, filter) == resized(cropped(in, crop), {9, 50}, filter));
  }
}

TEST(ResizedCrop, CopiesWhenTheSizeStays) {
  const Image in = test::coordinates(40, 30);
  const Image out = resized_crop(in, {3, 4, 20, 10}, {20, 10}, Filter::bicubic);
  EXPECT_TRUE(out == cropped(in, {3, 4, 20, 10}));
  EXPECT_EQ(out.row(0)[0], 3);
  EXPECT_EQ(out.row(9)[1], 13);
}

TEST(ResizedCrop, CommutesWithMirroring) {
  // Halving: the taps of both directions are the same, so the rounding is too.
  const Image in = test::noise(64, 48);
  for (const Filter filter : kFilters) {
    EXPECT_TRUE(flipped(resized(in, {32, 24}, filter)) == resized(flipped(in), {32, 24}, filter));
  }
}

TEST(ResizedCrop, IsTheSameForEveryCallOfAThread) {
  const Image in = test::noise(90, 70);
  const Image first = resized(in, {32, 33}, Filter::bilinear);
  resized(in, {200, 100}, Filter::bicubic);
  EXPECT_TRUE(resized(in, {32, 33}, Filter::bilinear) == first);
}

TEST(ResizedCrop, RefusesARectangleOutsideThePicture) {
  const Image in = test::constant(8, 6, 1, 2, 3);
  for (const Rect crop :
       {Rect{-1, 0, 4, 4}, Rect{0, -1, 4, 4}, Rect{5, 0, 4, 4}, Rect{0, 3, 4, 4}, Rect{0, 0, 0, 4}, Rect{0, 0, 4, 0}}) {
    EXPECT_THROW(resized_crop(in, crop, {4, 4}, Filter::bilinear), BugError);
    EXPECT_THROW(cropped(in, crop), BugError);
  }
  EXPECT_THROW(resized(in, {0, 4}, Filter::bilinear), BugError);
}

}  // namespace
}  // namespace gtsa::image
