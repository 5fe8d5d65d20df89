#include "core/image/photometric.h"

#include <gtest/gtest.h>

#include "core/image/hsv.h"
#include "core/image/pictures.h"

namespace gtsa::image {
namespace {

Image distorted(const Image& picture, const PhotometricPlan& plan) {
  Planes view(picture);
  distort(view, plan);
  return view.interleaved();
}

TEST(Distort, ChangesNothingWithoutSteps) {
  const Image picture = test::noise(9, 7);
  EXPECT_TRUE(distorted(picture, {}) == picture);
  EXPECT_TRUE(distorted(picture, {.contrast_first = true}) == picture);
}

TEST(Distort, ClampsAndTruncates) {
  const auto of = [](const PhotometricPlan& plan) { return distorted(test::constant(1, 1, 3, 101, 250), plan); };
  EXPECT_TRUE(of({.brightness = 8.75F}) == test::constant(1, 1, 11, 109, 255));
  EXPECT_TRUE(of({.brightness = -8.75F}) == test::constant(1, 1, 0, 92, 241));
  EXPECT_TRUE(of({.contrast = 1.5F}) == test::constant(1, 1, 4, 151, 255));
  EXPECT_TRUE(of({.brightness = 2, .contrast_first = true, .contrast = 0.5F}) == test::constant(1, 1, 2, 51, 126));
}

TEST(Distort, TakesSaturationAndHueThroughHsv) {
  // 32 columns: truncated throughout.
  const Image red = test::constant(32, 2, 255, 0, 0);
  EXPECT_TRUE(distorted(red, {.hue = 60}) == test::constant(32, 2, 0, 255, 0));
  EXPECT_TRUE(distorted(red, {.hue = -60}) == test::constant(32, 2, 0, 0, 255));
  EXPECT_TRUE(distorted(red, {.saturation = 0}) == test::constant(32, 2, 255, 255, 255));
}

TEST(Distort, DoesContrastBeforeColoursOrLast) {
  const Image picture = test::noise(32, 4);
  const Image halved = distorted(picture, {.contrast = 0.5F});
  EXPECT_TRUE(distorted(picture, {.contrast_first = true, .contrast = 0.5F, .hue = 7}) ==
              distorted(halved, {.hue = 7}));
  const Image turned = distorted(picture, {.hue = 7});
  EXPECT_TRUE(distorted(picture, {.contrast = 0.5F, .hue = 7}) == distorted(turned, {.contrast = 0.5F}));
}

TEST(HsvToRgb, RoundsTheColumnsBehindTheLastWholeVector) {
  // Hue 15, saturation and value 255: green is 127.5.
  Planes view(Size{35, 2});
  for (int64_t i = 0; i < view.pixels(); ++i) {
    view.plane(0)[i] = 15;
    view.plane(1)[i] = view.plane(2)[i] = 255;
  }
  hsv_to_rgb(view);
  for (int64_t y = 0; y < 2; ++y) {
    for (int64_t x = 0; x < 35; ++x) EXPECT_EQ(view.row(1, y)[x], x < 32 ? 127 : 128) << x;
  }
}

}  // namespace
}  // namespace gtsa::image
