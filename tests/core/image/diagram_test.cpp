#include "core/image/diagram.h"

#include <gtest/gtest.h>

namespace gtsa::image {
namespace {

TEST(Squares, FillTheirCells) {
  const Image picture = squares(2, 3, 4, [](int64_t square) {
    return Shares{square < 3 ? 0.0 : 1.0, 0.5 * static_cast<double>(square % 3), 2.0};
  });
  EXPECT_EQ(picture.size(), (Size{12, 8}));
  EXPECT_EQ(picture.row(3)[0], 0);
  EXPECT_EQ(picture.row(4)[0], 255);
  EXPECT_EQ(picture.row(0)[3 * 7 + 1], 128);
  EXPECT_EQ(picture.row(0)[3 * 8 + 1], 255);
  EXPECT_EQ(picture.row(7)[35], 255) << "clamped";
}

TEST(Viridis, GoesFromDarkToBright) {
  const auto brightness = [](double share) {
    const Shares colour = viridis(share);
    return 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2];
  };
  for (int i = 0; i < 20; ++i) EXPECT_LT(brightness(i / 20.0), brightness((i + 1) / 20.0));
  EXPECT_EQ(viridis(-1), viridis(0));
  EXPECT_EQ(viridis(2), viridis(1));
}

}  // namespace
}  // namespace gtsa::image
