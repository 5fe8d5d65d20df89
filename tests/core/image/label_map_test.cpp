#include "core/image/label_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "core/base/error.h"
#include "core/image/decode.h"
#include "core/image/encode.h"
#include "core/image/pictures.h"
#include "core/image/png_files.h"
#include "support/temporary_folder.h"

namespace gtsa::image {
namespace {

using namespace std::string_literals;
using test::bytes_of;
using test::png;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kLimit = 1000;

std::vector<uint16_t> values(const std::string& file) { return decode_label_map(bytes_of(file), kLimit).values; }

Reason refusal(std::string_view file, int64_t limit = kLimit) {
  try {
    decode_label_map(bytes_of(file), limit);
  } catch (const ImageError& error) {
    return error.reason();
  }
  ADD_FAILURE() << "decoded";
  return Reason::unreadable;
}

TEST(LabelMap, KeepsStoredValuesOfEveryDepth) {
  EXPECT_THAT(values(png({.width = 3, .bits = 1}, "\0\xa0"s)), ElementsAre(1, 0, 1));
  EXPECT_THAT(values(png({.width = 3, .bits = 2}, "\0\xd8"s)), ElementsAre(3, 1, 2));
  EXPECT_THAT(values(png({.width = 3, .bits = 4}, "\0\xf1\x70"s)), ElementsAre(15, 1, 7));
  EXPECT_THAT(values(png({.width = 3}, "\0\x00\x96\xff"s)), ElementsAre(0, 150, 255));
  EXPECT_THAT(values(png({.width = 2, .bits = 16}, "\0\x01\x02\xff\xff"s)), ElementsAre(258, 65535));
}

TEST(LabelMap, KeepsPaletteIndicesNotColours) {
  const std::string palette = test::chunk("PLTE", "abcdefghi");
  EXPECT_THAT(values(png({.width = 3, .colour = 3}, "\0\x02\x00\x01"s, palette)), ElementsAre(2, 0, 1));
  EXPECT_THAT(values(png({.width = 3, .bits = 4, .colour = 3}, "\0\x20\x10"s, palette)), ElementsAre(2, 0, 1));
}

TEST(LabelMap, ReadsRowsInOrderInterlacedOrNot) {
  EXPECT_THAT(values(png({.width = 2, .height = 3}, "\0\x01\x02\0\x03\x04\0\x05\x06"s)), ElementsAre(1, 2, 3, 4, 5, 6));
  // Adam7 of 2 x 2: pass 1 has (0,0), pass 6 has (1,0), pass 7 has the second row.
  EXPECT_THAT(values(png({.width = 2, .height = 2, .interlaced = true}, "\0\x01\0\x02\0\x03\x04"s)),
              ElementsAre(1, 2, 3, 4));
}

TEST(LabelMap, RefusesPicturesWithSeveralChannels) {
  EXPECT_EQ(refusal(png({.colour = 2}, "\0abc"s)), Reason::unsupported_format);
  EXPECT_EQ(refusal(png({.colour = 4}, "\0ab"s)), Reason::unsupported_format);
  EXPECT_EQ(refusal(png({.colour = 6}, "\0abcd"s)), Reason::unsupported_format);
}

TEST(LabelMap, RefusesWhatIsNoPng) {
  const auto jpeg = encode_jpeg(test::gradient(8, 8), 90);
  EXPECT_EQ(refusal({reinterpret_cast<const char*>(jpeg.data()), jpeg.size()}), Reason::unsupported_format);
  EXPECT_EQ(refusal("text"), Reason::not_an_image);
  EXPECT_EQ(refusal(""), Reason::empty);
  EXPECT_EQ(refusal(png({.width = 40, .height = 30}, ""), 1199), Reason::too_large);
  EXPECT_EQ(refusal(png({.width = 2}, "\0ab"s).substr(0, 45)), Reason::truncated);
}

TEST(LabelMap, NamesTheFileInErrors) {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "labels.png") << png({.colour = 2}, "\0abc"s);
  try {
    read_label_map(folder / "labels.png", kLimit);
    ADD_FAILURE() << "read";
  } catch (const ImageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("labels.png"));
    EXPECT_THAT(error.what(), HasSubstr("3 channels"));
  }
  EXPECT_THROW(read_label_map(folder / "absent.png", kLimit), ImageError);
}

TEST(ResizedNearest, TakesThePixelUnderTheCentre) {
  const LabelMap map{4, 2, {1, 2, 3, 4, 5, 6, 7, 8}};
  EXPECT_EQ(resized_nearest(map, {4, 2}), map);
  EXPECT_EQ(resized_nearest(map, {2, 1}), (LabelMap{2, 1, {6, 8}}));
  EXPECT_EQ(resized_nearest(map, {8, 1}), (LabelMap{8, 1, {5, 5, 6, 6, 7, 7, 8, 8}}));
  EXPECT_EQ(resized_nearest(map, {1, 0, 2, 2}, {2, 2}), (LabelMap{2, 2, {2, 3, 6, 7}}));
}

TEST(ResizedNearest, RefusesARectangleOutsideTheMap) {
  const LabelMap map{2, 2, {1, 2, 3, 4}};
  EXPECT_THROW(resized_nearest(map, {1, 0, 2, 2}, {2, 2}), BugError);
  EXPECT_THROW(resized_nearest(map, {0, 2}), BugError);
}

TEST(ResizedFloor, TakesThePixelAtTheScaledCorner) {
  const LabelMap map{4, 2, {1, 2, 3, 4, 5, 6, 7, 8}};
  EXPECT_EQ(resized_floor(map, {4, 2}), map);
  EXPECT_EQ(resized_floor(map, {2, 1}), (LabelMap{2, 1, {1, 3}}));
  EXPECT_EQ(resized_floor(map, {8, 1}), (LabelMap{8, 1, {1, 1, 2, 2, 3, 3, 4, 4}}));
  EXPECT_EQ(resized_floor(map, {3, 3}), (LabelMap{3, 3, {1, 2, 3, 1, 2, 3, 5, 6, 7}}));
  EXPECT_THROW(resized_floor(map, {0, 2}), BugError);
}

TEST(FloorPositions, StayInsideWhateverTheSizes) {
  for (const int64_t inputs : {1, 7, 49, 512, 683}) {
    for (const int64_t outputs : {1, 2, 49, 98, 1023, 4096}) {
      const auto positions = floor_positions(inputs, outputs, 0, outputs);
      EXPECT_EQ(positions.front(), 0);
      EXPECT_TRUE(std::is_sorted(positions.begin(), positions.end()));
      EXPECT_LT(positions.back(), inputs);
      const auto last = floor_positions(inputs, outputs, outputs - 1, 1);
      EXPECT_EQ(last, (std::vector<int64_t>{positions.back()}));
    }
  }
}

}  // namespace
}  // namespace gtsa::image
