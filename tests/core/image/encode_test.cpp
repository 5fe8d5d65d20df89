#include "core/image/encode.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <cstdlib>

#include "core/base/error.h"
#include "core/image/decode.h"
#include "core/image/pictures.h"
#include "support/failing_files.h"
#include "support/temporary_folder.h"

namespace gtsa::image {
namespace {

TEST(EncodePng, KeepsEveryPixel) {
  for (const auto& size : test::kAwkwardSizes) {
    const Image in = test::noise(size.width, size.height);
    EXPECT_TRUE(decode(encode_png(in)) == in) << size.width << " x " << size.height;
  }
}

TEST(EncodePng, KeepsEveryLabel) {
  for (const auto& size : test::kAwkwardSizes) {
    LabelMap in{size.width, size.height, {}};
    for (int64_t i = 0; i < size.width * size.height; ++i) in.values.push_back(static_cast<uint16_t>(i * 7 % 256));
    EXPECT_EQ(decode_label_map(encode_png(in), 1 << 20), in) << size.width << " x " << size.height;
  }
}

TEST(EncodePng, TakesNoLabelBeyondEightBits) { EXPECT_THROW(encode_png(LabelMap{1, 1, {256}}), BugError); }

TEST(EncodeLabelMap, ShowsLabelsInTheirColoursAndKeepsThem) {
  const LabelMap map{3, 2, {0, 1, 2, 2, 1, 0}};
  const std::vector<Colour> palette{{10, 20, 30}, {40, 50, 60}};
  const auto png = encode_label_map(map, palette);
  EXPECT_EQ(decode_label_map(png, 1000), map);
  const Image shown = decode(png);
  EXPECT_TRUE(std::equal(shown.row(0), shown.row(0) + 9, (const uint8_t[]){10, 20, 30, 40, 50, 60, 0, 0, 0}))
      << "black beyond the palette";
}

TEST(EncodeLabelMap, KeepsAllLabelsThereAre) {
  for (const uint16_t largest : {255, 256, 65'535}) {
    LabelMap map{8, 2, {}};
    for (uint16_t i = 0; i < 16; ++i) map.values.push_back(static_cast<uint16_t>(largest - i));
    EXPECT_EQ(decode_label_map(encode_label_map(map, default_palette(300)), 1000), map) << largest;
  }
  EXPECT_THROW(encode_label_map({}, {}), BugError);
}

TEST(WriteLabelMap, IsReadBackByName) {
  const test::TemporaryFolder folder;
  const LabelMap map{2, 1, {3, 7}};
  write_label_map(real_files(), folder / "a.png", map, default_palette(8));
  EXPECT_EQ(read_label_map(folder / "a.png", 1000), map);
}

TEST(EncodeJpeg, KeepsASmoothPictureNearly) {
  const Image in = test::gradient(160, 120);
  const Image out = decode(encode_jpeg(in, 95));
  ASSERT_EQ(out.size(), in.size());
  for (int64_t i = 0; i < in.stride() * in.height(); ++i) ASSERT_LE(std::abs(out.row(0)[i] - in.row(0)[i]), 6);
}

TEST(EncodeJpeg, KeepsEverySize) {
  for (const auto& size : test::kAwkwardSizes) {
    EXPECT_EQ(decode(encode_jpeg(test::noise(size.width, size.height), 75)).size(), size);
  }
}

TEST(EncodeJpeg, RefusesSidesThatTheFormatCannotName) {
  EXPECT_THROW(encode_jpeg(test::constant(65'501, 1, 0, 0, 0), 90), Error);
  EXPECT_THROW(encode_jpeg(test::constant(2, 2, 0, 0, 0), 0), BugError);
}

TEST(WritePng, IsReadBackByName) {
  const test::TemporaryFolder folder;
  const Image in = test::noise(20, 10);
  write_png(real_files(), folder / "a.png", in);
  write_jpeg(real_files(), folder / "a.jpg", in, 90);
  EXPECT_TRUE(read_image(folder / "a.png") == in);
  EXPECT_EQ(read_image(folder / "a.jpg").size(), in.size());
}

TEST(WritePng, LeavesTheOldFileWhenTheDiskIsFull) {
  const test::TemporaryFolder folder;
  const Image old = test::noise(20, 10, 1);
  write_png(real_files(), folder / "a.png", old);
  test::FailingFiles full(2);
  EXPECT_THROW(write_png(full, folder / "a.png", test::noise(20, 10, 2)), Error);
  EXPECT_TRUE(read_image(folder / "a.png") == old);
}

}  // namespace
}  // namespace gtsa::image
