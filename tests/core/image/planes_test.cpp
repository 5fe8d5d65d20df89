#include "core/image/planes.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/image/columns.h"
#include "core/image/pictures.h"

namespace gtsa::image {
namespace {

TEST(Planes, HoldOneChannelEach) {
  const Image in = test::coordinates(5, 4);
  const Planes planes(in);
  for (int64_t y = 0; y < 4; ++y) {
    for (int64_t x = 0; x < 5; ++x) {
      for (int c = 0; c < 3; ++c) EXPECT_EQ(planes.row(c, y)[x], in.row(y)[3 * x + c]);
    }
  }
}

TEST(Planes, InterleaveIntoThePictureTheyCameFrom) {
  for (const Size size : test::kAwkwardSizes) {
    const Image in = test::noise(size.width, size.height);
    EXPECT_TRUE(Planes(in).interleaved() == in);
  }
}

TEST(Planes, HavePixels) { EXPECT_THROW(Planes(Size{0, 3}), BugError); }

TEST(Columns, HoldAPartsChannelsFromTopToBottom) {
  const Image in = test::noise(50, 40);
  Columns columns;
  for (const Rect part : {Rect{0, 0, 50, 40}, {3, 5, 17, 33}, {49, 39, 1, 1}}) {
    columns.assign(in, part);
    EXPECT_EQ(columns.size(), (Size{part.width, part.height}));
    for (int64_t x = 0; x < part.width; ++x) {
      for (int64_t y = 0; y < part.height; ++y) {
        for (int c = 0; c < 3; ++c)
          EXPECT_EQ(columns.column(y / Columns::kBand, x)[c * Columns::kBand + y % Columns::kBand],
                    in.row(part.top + y)[3 * (part.left + x) + c]);
      }
    }
  }
  EXPECT_THROW(columns.assign(in, {1, 0, 50, 40}), BugError);
}

}  // namespace
}  // namespace gtsa::image
