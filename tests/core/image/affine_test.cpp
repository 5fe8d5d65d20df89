#include "core/image/affine.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/base/error.h"
#include "core/image/pictures.h"
#include "core/image/turn.h"

namespace gtsa::image {
namespace {

constexpr Fill kFill{9, 8, 7};

template <class Change>
Image changed(const Image& image, Change change) {
  Planes view(image);
  change(view);
  return view.interleaved();
}

Image rotated(const Image& image, double degrees, Filter filter = Filter::bicubic) {
  return changed(image, [&](Planes& view) { rotate(view, degrees, filter, kFill); });
}

TEST(Rotate, TurnsSquaresByQuartersExactly) {
  const Image in = test::noise(20, 20);
  for (const double whole : {-360.0, 0.0, 720.0}) {
    EXPECT_TRUE(rotated(in, whole) == in);
    EXPECT_TRUE(rotated(in, whole + 90) == turned(in, Turn::quarter));
    EXPECT_TRUE(rotated(in, whole + 180) == turned(in, Turn::half));
    EXPECT_TRUE(rotated(in, whole + 270) == turned(in, Turn::three_quarters));
  }
}

TEST(Rotate, TurnsOblongPicturesByHalvesExactlyAndByQuartersInTheirFrame) {
  const Image in = test::noise(20, 10);
  EXPECT_TRUE(rotated(in, 180) == turned(in, Turn::half));
  // About the centre: the middle 10 x 10 pixels are turned, nothing is left beside them.
  const Image quarter = rotated(in, 90), square = turned(in, Turn::quarter);
  EXPECT_EQ(quarter.size(), in.size());
  for (int64_t y = 0; y < 10; ++y) {
    EXPECT_EQ(quarter.row(y)[0], kFill[0]);
    for (int64_t x = 0; x < 10; ++x) EXPECT_EQ(quarter.row(y)[3 * (x + 5)], square.row(y + 5)[3 * x]) << x << ", " << y;
  }
  const Image back = rotated(in, 270), other = turned(in, Turn::three_quarters);
  for (int64_t x = 0; x < 10; ++x) EXPECT_EQ(back.row(4)[3 * (x + 5)], other.row(9)[3 * x]);
}

TEST(Shear, MovesEachRowOrColumnByItsDistance) {
  const Image in = test::coordinates(30, 12);
  // y is that of the pixel's centre, so a shear of 2 moves row y by 2 y + 1.
  const Image along_x = changed(in, [](Planes& view) { shear_x(view, 2, Filter::bilinear, kFill); });
  EXPECT_EQ(along_x.row(3)[3 * 5], 5 + 7);
  EXPECT_EQ(along_x.row(3)[3 * 23], kFill[0]);
  const Image along_y = changed(in, [](Planes& view) { shear_y(view, 2, Filter::bilinear, kFill); });
  EXPECT_EQ(along_y.row(4)[3 * 2 + 1], 4 + 5);
  EXPECT_EQ(along_y.row(8)[3 * 2 + 1], kFill[1]);
}

TEST(Translate, MovesPixelsAndFillsTheRest) {
  const Image in = test::coordinates(30, 12);
  const Image along_x = changed(in, [](Planes& view) { translate_x(view, 4, Filter::bicubic, kFill); });
  EXPECT_EQ(along_x.row(3)[3 * 5], 9);
  EXPECT_EQ(along_x.row(3)[3 * 26], kFill[0]);
  const Image along_y = changed(in, [](Planes& view) { translate_y(view, -4, Filter::bicubic, kFill); });
  EXPECT_EQ(along_y.row(5)[3 * 2 + 1], 1);
  EXPECT_EQ(along_y.row(3)[3 * 2 + 1], kFill[1]);
  const Image halfway = changed(in, [](Planes& view) { translate_x(view, 0.5, Filter::bilinear, kFill); });
  EXPECT_EQ(halfway.row(3)[3 * 5], 5) << "5.5 truncated";
}

TEST(Affine, RefusesWhatIsNotFinite) {
  Planes view(test::constant(4, 4, 1, 2, 3));
  EXPECT_THROW(rotate(view, std::numeric_limits<double>::quiet_NaN(), Filter::bicubic, kFill), BugError);
  EXPECT_THROW(shear_x(view, std::numeric_limits<double>::infinity(), Filter::bicubic, kFill), BugError);
}

}  // namespace
}  // namespace gtsa::image
