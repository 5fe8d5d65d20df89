#include "core/image/resample.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/image/pictures.h"
#include "core/image/turn.h"
#include "core/kernels/every_level.h"

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

TEST(ResizedCrop, MakesAWindowAsThePartOfTheWhole) {
  const Image in = test::noise(90, 70);
  const Columns columns(in);
  const Rect crop{5, 3, 80, 64};
  Planes window;
  for (const Size size : {Size{40, 33}, Size{80, 33}, Size{40, 64}, Size{80, 64}, Size{130, 100}}) {
    for (const Filter filter : kFilters) {
      const Image whole = resized_crop(in, crop, size, filter);
      for (const Rect part : {Rect{0, 0, 1, 1}, Rect{11, 7, 20, 13}, Rect{size.width - 3, size.height - 2, 3, 2}}) {
        resize_crop(columns, crop, size, part, filter, window);
        EXPECT_TRUE(window.interleaved() == cropped(whole, part)) << size.width << ", " << part.left;
      }
    }
  }
}

TEST(ResizeShorterSide, MakesLittleOfALongPicture) {
  // The whole resized picture would have 25,600,000 columns.
  Image in = test::constant(100'000, 1, 10, 20, 30);
  Planes view;
  resize_shorter_side(in, 256, 224, Filter::bicubic, view);
  EXPECT_TRUE(view.interleaved() == test::constant(224, 224, 10, 20, 30));
  EXPECT_THROW(resize_shorter_side(in, 8, 9, Filter::bicubic, view), BugError);
}

/// Pillow's two passes as they are written down: across rows of pixels, then down columns.
Image resized_plainly(const Image& in, Size size, Filter filter) {
  const auto clip8 = [](int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> 22, 0, 255)); };
  const auto pass = [&](const Image& from, Image& to, bool across) {
    const auto axis = across ? kernels::resample_axis(from.width(), to.width(), filter)
                             : kernels::resample_axis(from.height(), to.height(), filter);
    for (int64_t y = 0; y < to.height(); ++y) {
      for (int64_t i = 0; i < 3 * to.width(); ++i) {
        const int64_t o = across ? i / 3 : y;
        const int32_t first = axis.first[static_cast<size_t>(o)];
        int32_t sum = 1 << 21;
        for (int32_t k = 0; k < axis.count[static_cast<size_t>(o)]; ++k) {
          const uint8_t* at = across ? from.row(y) + 3 * (first + k) + i % 3 : from.row(first + k) + i;
          sum += axis.weights[static_cast<size_t>(o * axis.capacity + k)] * *at;
        }
        to.row(y)[i] = clip8(sum);
      }
    }
  };
  Image between(size.width, in.height()), out(size.width, size.height);
  pass(in, between, true);
  pass(between, out, false);
  return out;
}

TEST(ResizedCrop, IsThePlainTwoPassesAtEveryLevel) {
  const Size outs[] = {{1, 1}, {16, 16}, {33, 17}, {64, 48}, {96, 96}};
  test::at_every_level([&] {
    for (const Size size : {Size{1, 1}, {3, 90}, {40, 30}, {65, 64}, {100, 79}, {131, 129}}) {
      const Image in = test::noise(size.width, size.height);
      for (const Size out : outs) {
        for (const Filter filter : kFilters) {
          EXPECT_TRUE(resized(in, out, filter) == resized_plainly(in, out, filter))
              << size.width << " x " << size.height << " to " << out.width << " x " << out.height;
        }
      }
    }
  });
}

TEST(ResizedCrop, OfAPartIsTheSameFromTheWholePicturesColumns) {
  const Image in = test::noise(90, 70);
  const Columns columns(in);
  Planes view;
  for (const Rect crop : {Rect{0, 0, 90, 70}, {1, 2, 3, 4}, {89, 69, 1, 1}, {7, 5, 64, 65}, {20, 0, 32, 33}}) {
    resize_crop(columns, crop, {32, 33}, Filter::bilinear, view);
    EXPECT_TRUE(view.interleaved() == resized_crop(in, crop, {32, 33}, Filter::bilinear));
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
