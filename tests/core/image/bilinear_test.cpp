#include "core/image/bilinear.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/image/pictures.h"
#include "core/image/resample.h"
#include "core/image/turn.h"

namespace gtsa::image {
namespace {

TEST(ResizedBilinear, KeepsAPictureOfItsSize) {
  for (const auto [width, height] : test::kAwkwardSizes) {
    const Image picture = test::noise(width, height);
    EXPECT_TRUE(resized_bilinear(picture, {width, height}) == picture) << width << " x " << height;
  }
}

TEST(ResizedBilinear, KeepsOneColour) {
  const Image picture = test::constant(5, 3, 250, 3, 128);
  for (const Size out : {Size{1, 1}, Size{2, 9}, Size{64, 37}}) {
    EXPECT_TRUE(resized_bilinear(picture, out) == test::constant(out.width, out.height, 250, 3, 128));
  }
}

TEST(ResizedBilinear, AveragesPairsWhenHalvingAndReadsTwoSamplesWhateverTheScale) {
  Image picture = test::constant(8, 8, 0, 0, 0);
  for (int64_t y = 0; y < 8; ++y) {
    for (int64_t x = 0; x < 8; ++x) picture.row(y)[3 * x] = static_cast<uint8_t>(10 * x + y);
  }
  EXPECT_EQ(resized_bilinear(picture, {4, 4}).row(1)[3], (20 + 30) / 2 + 3) << "rows 2 and 3, columns 2 and 3: 27.5";
  EXPECT_EQ(resized_bilinear(picture, {1, 1}).row(0)[0], 39) << "rows 3 and 4, columns 3 and 4: 38.5";
}

TEST(ResizedBilinear, RepeatsTheBorderWhenEnlarging) {
  Image picture(2, 1);
  for (int c = 0; c < 6; ++c) picture.row(0)[c] = static_cast<uint8_t>(c < 3 ? 0 : 200);
  const Image large = resized_bilinear(picture, {8, 2});
  const std::vector<int> want{0, 0, 25, 75, 125, 175, 200, 200};
  for (int64_t x = 0; x < 8; ++x) EXPECT_EQ(large.row(1)[3 * x], want[static_cast<size_t>(x)]) << x;
}

TEST(ResizeBilinear, MakesAPartOfTheWholeMirroredOrNot) {
  const Image picture = test::noise(37, 29);
  for (const Size out : {Size{37, 29}, Size{90, 71}, Size{11, 8}, Size{37, 60}}) {
    const Image whole = resized_bilinear(picture, out);
    for (const Rect crop :
         {Rect{0, 0, out.width, out.height}, Rect{3, 2, 5, 6}, Rect{out.width - 1, out.height - 1, 1, 1}}) {
      Planes view;
      resize_bilinear(picture, out, crop, false, view);
      const Image want = cropped(whole, crop);
      EXPECT_TRUE(view.interleaved() == want) << out.width << " x " << out.height;
      resize_bilinear(picture, out, crop, true, view);
      EXPECT_TRUE(view.interleaved() == flipped(want)) << out.width << " x " << out.height;
    }
  }
}

TEST(ResizeBilinear, RefusesAPartOutside) {
  const Image picture = test::noise(4, 4);
  Planes view;
  EXPECT_THROW(resize_bilinear(picture, {8, 8}, {4, 4, 5, 1}, false, view), BugError);
  EXPECT_THROW(resize_bilinear(picture, {8, 8}, {-1, 0, 5, 1}, false, view), BugError);
  EXPECT_THROW(resized_bilinear(picture, {0, 3}), BugError);
}

}  // namespace
}  // namespace gtsa::image
