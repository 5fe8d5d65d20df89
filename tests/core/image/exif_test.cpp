#include "core/image/exif.h"

#include <gtest/gtest.h>

#include <string>

#include "core/base/error.h"
#include "core/image/pictures.h"

namespace gtsa::image {
namespace {

using namespace std::string_literals;

/// A TIFF structure whose only entry is the orientation; `big` says the byte order.
std::string exif(int orientation, bool big) {
  const char o = static_cast<char>(orientation);
  if (big) return "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"s + o + "\0\0\0\0\0\0"s;
  return "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"s + o + "\0\0\0\0\0\0\0"s;
}

int read(const std::string& text) { return exif_orientation(test::bytes_of(text)); }

TEST(ExifOrientation, IsReadInBothByteOrdersWithAndWithoutItsHeader) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const bool big : {false, true}) {
      EXPECT_EQ(read(exif(orientation, big)), orientation);
      EXPECT_EQ(read("Exif\0\0"s + exif(orientation, big)), orientation);
    }
  }
}

TEST(ExifOrientation, IsUprightWhereItIsUndefined) {
  for (const int orientation : {0, 9, 100}) EXPECT_EQ(read(exif(orientation, true)), 1);
}

TEST(ExifOrientation, IsUprightInEveryBrokenStructure) {
  const std::string whole = exif(6, false);
  for (size_t size = 0; size < 20; ++size) EXPECT_EQ(read(whole.substr(0, size)), 1) << size << " bytes";
  EXPECT_EQ(read("II*\0\xff\xff\xff\xff"s), 1) << "directory outside";
  EXPECT_EQ(read("II*\0\x08\0\0\0\xff\xff"s), 1) << "entries outside";
  std::string other_type = whole;
  other_type[12] = 2;
  EXPECT_EQ(read(other_type), 1);
  std::string other_order = whole;
  other_order[0] = 'X';
  EXPECT_EQ(read(other_order), 1);
}

// The scene's corners as colours, seen through all eight orientations (EXIF 2.3, tag 0x0112).
TEST(Upright, TurnsAllEightOrientationsIntoOneScene) {
  const Image scene = test::coordinates(5, 3);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const bool swapped = orientation >= 5;
    Image stored(swapped ? 3 : 5, swapped ? 5 : 3);
    for (int64_t row = 0; row < stored.height(); ++row) {
      for (int64_t column = 0; column < stored.width(); ++column) {
        // "The 0th row is the visual ... side, the 0th column the visual ... side."
        const int64_t along_x = swapped ? row : column, along_y = swapped ? column : row;
        const bool from_right = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
        const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
        const int64_t x = from_right ? 4 - along_x : along_x;
        const int64_t y = from_bottom ? 2 - along_y : along_y;
        for (int c = 0; c < 3; ++c) stored.row(row)[3 * column + c] = scene.row(y)[3 * x + c];
      }
    }
    const Image seen = upright(std::move(stored), orientation);
    ASSERT_EQ(seen.size(), scene.size());
    EXPECT_TRUE(seen == scene) << "orientation " << orientation;
  }
}

TEST(Upright, KnowsEightOrientations) {
  EXPECT_THROW(upright(test::coordinates(2, 2), 0), BugError);
  EXPECT_THROW(upright(test::coordinates(2, 2), 9), BugError);
}

}  // namespace
}  // namespace gtsa::image
