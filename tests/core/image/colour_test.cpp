#include "core/image/colour.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/base/error.h"
#include "core/image/pictures.h"

namespace gtsa::image {
namespace {

template <class Adjust>
Image adjusted(const Image& image, Adjust adjust) {
  Planes view(image);
  adjust(view);
  return view.interleaved();
}

TEST(Colour, FactorOneChangesNothing) {
  for (const auto& size : test::kAwkwardSizes) {
    const Image in = test::noise(size.width, size.height);
    EXPECT_TRUE(adjusted(in, [](Planes& i) { adjust_brightness(i, 1); }) == in);
    EXPECT_TRUE(adjusted(in, [](Planes& i) { adjust_contrast(i, 1); }) == in);
    EXPECT_TRUE(adjusted(in, [](Planes& i) { adjust_saturation(i, 1); }) == in);
  }
}

TEST(Colour, FactorZeroGivesBlackFlatOrGrey) {
  const Image in = test::noise(33, 21);
  EXPECT_TRUE(adjusted(in, [](Planes& i) { adjust_brightness(i, 0); }) == test::constant(33, 21, 0, 0, 0));
  const Image flat = adjusted(in, [](Planes& i) { adjust_contrast(i, 0); });
  const uint8_t grey = flat.row(0)[0];
  EXPECT_TRUE(flat == test::constant(33, 21, grey, grey, grey));
  EXPECT_TRUE(adjusted(in, [](Planes& i) { adjust_saturation(i, 0); }) == adjusted(in, to_grayscale));
}

TEST(Colour, HueLeavesGreyAlone) {
  const Image grey = adjusted(test::noise(33, 21), to_grayscale);
  EXPECT_TRUE(adjusted(grey, [](Planes& i) { adjust_hue(i, 0.3); }) == grey);
}

TEST(Colour, HueGoesRedGreenBlueByThirds) {
  const Image red = test::constant(4, 4, 255, 0, 0);
  EXPECT_TRUE(adjusted(red, [](Planes& i) { adjust_hue(i, 85.0 / 255); }) == test::constant(4, 4, 0, 255, 0));
  EXPECT_TRUE(adjusted(red, [](Planes& i) { adjust_hue(i, -86.0 / 255); }) == test::constant(4, 4, 0, 0, 255));
}

TEST(Colour, RefusesFactorsThatMeanNothing) {
  Planes view(test::constant(2, 2, 1, 2, 3));
  EXPECT_THROW(adjust_brightness(view, -0.1f), BugError);
  EXPECT_THROW(adjust_contrast(view, std::numeric_limits<float>::quiet_NaN()), BugError);
  EXPECT_THROW(adjust_saturation(view, std::numeric_limits<float>::infinity()), BugError);
  EXPECT_THROW(adjust_hue(view, 0.51), BugError);
}

}  // namespace
}  // namespace gtsa::image
