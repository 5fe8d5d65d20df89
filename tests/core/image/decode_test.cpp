#include "core/image/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>

#include "core/image/encode.h"
#include "core/image/jpeg_files.h"
#include "core/image/pictures.h"
#include "core/image/png_files.h"
#include "core/image/turn.h"
#include "support/temporary_folder.h"

namespace gtsa::image {
namespace {

using namespace std::string_literals;
using test::bytes_of;
using test::png;
using ::testing::HasSubstr;

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string refusal(std::string_view file, const DecodeOptions& options = {}) {
  try {
    decode(bytes_of(file), options);
  } catch (const ImageError& error) {
    return std::string(name_of(error.reason())) + ": " + error.what();
  }
  return "decoded";
}

/// `jpeg` with an EXIF segment after its start marker.
std::string with_exif(const std::string& jpeg, int orientation) {
  const std::string exif =
      "Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"s + static_cast<char>(orientation) + "\0\0\0\0\0\0"s;
  const auto size = static_cast<char>(exif.size() + 2);
  return jpeg.substr(0, 2) + "\xff\xe1\0"s + size + exif + jpeg.substr(2);
}

std::string gradient_jpeg(int64_t width, int64_t height) {
  return text_of(encode_jpeg(test::gradient(width, height), 90));
}

TEST(Decode, NamesEachReason) {
  EXPECT_THAT(refusal(""), HasSubstr("empty: "));
  EXPECT_THAT(refusal("hello, world"), HasSubstr("not_an_image: "));
  EXPECT_THAT(refusal("GIF89a and so on"), HasSubstr("unsupported_format: GIF"));
  EXPECT_THAT(refusal("\xff\xd8"), HasSubstr("truncated: "));
  EXPECT_THAT(refusal("\xff\xd8\xff\xd9"), HasSubstr("corrupt: "));
}

TEST(Decode, HasANameForEveryReason) {
  std::set<std::string_view> names;
  for (const Reason reason : {Reason::empty, Reason::not_an_image, Reason::unsupported_format, Reason::truncated,
                              Reason::corrupt, Reason::too_large, Reason::unreadable}) {
    EXPECT_NE(name_of(reason), "unknown");
    names.insert(name_of(reason));
  }
  EXPECT_EQ(names.size(), 7U);
}

TEST(Decode, RefusesMorePixelsThanAllowedAndSaysWhatToDo) {
  const std::string files[] = {gradient_jpeg(20, 10), text_of(encode_png(test::noise(20, 10)))};
  for (const auto& file : files) {
    EXPECT_EQ(refusal(file, {.max_pixels = 200}), "decoded");
    const std::string refused = refusal(file, {.max_pixels = 199});
    EXPECT_THAT(refused, HasSubstr("too_large: 20 x 10"));
    EXPECT_THAT(refused, HasSubstr("data.max_pixels"));
  }
}

TEST(Decode, RefusesEveryTruncationOfAPng) {
  const std::string whole = text_of(encode_png(test::noise(9, 7)));
  for (size_t size = 8; size < whole.size(); ++size) {
    EXPECT_THAT(refusal(whole.substr(0, size)), HasSubstr("truncated: ")) << size << " of " << whole.size();
  }
}

TEST(Decode, RefusesEveryTruncationOfAJpeg) {
  const std::string whole = gradient_jpeg(33, 17);
  for (size_t size = 2; size < whole.size(); ++size) {
    EXPECT_THAT(refusal(whole.substr(0, size)), HasSubstr("truncated: ")) << size << " of " << whole.size();
  }
}

TEST(Decode, RefusesAJpegWhoseDataEndWithAMarkerTooEarly) {
  const std::string whole = gradient_jpeg(64, 64);
  EXPECT_THAT(refusal(whole.substr(0, whole.size() * 3 / 4) + "\xff\xd9"), HasSubstr("corrupt: "));
}

TEST(Decode, IgnoresBytesBehindTheEnd) {
  for (const std::string& file : {gradient_jpeg(33, 17), text_of(encode_png(test::noise(9, 7)))}) {
    EXPECT_TRUE(decode(bytes_of(file + std::string(300, 'x'))) == decode(bytes_of(file)));
  }
}

TEST(Decode, TurnsAJpegAsExifSaysUnlessToldNotTo) {
  const std::string jpeg = gradient_jpeg(33, 17);
  const Image stored = decode(bytes_of(jpeg));
  EXPECT_TRUE(decode(bytes_of(with_exif(jpeg, 1))) == stored);
  EXPECT_TRUE(decode(bytes_of(with_exif(jpeg, 6))) == turned(stored, Turn::three_quarters));
  EXPECT_TRUE(decode(bytes_of(with_exif(jpeg, 8))) == turned(stored, Turn::quarter));
  EXPECT_TRUE(decode(bytes_of(with_exif(jpeg, 6)), {.apply_exif = false}) == stored);
  EXPECT_TRUE(decode(bytes_of(with_exif(jpeg, 9))) == stored);
}

TEST(Decode, MakesAJpegSmallerWhileItsShorterSideKeepsWhatIsAskedFor) {
  const std::string jpeg = gradient_jpeg(65, 49);
  const auto size = [&](int64_t least_side) { return decode(bytes_of(jpeg), {.least_side = least_side}).size(); };
  EXPECT_EQ(size(0), (Size{65, 49}));
  EXPECT_EQ(size(25), (Size{65, 49}));
  EXPECT_EQ(size(24), (Size{33, 25}));
  EXPECT_EQ(size(12), (Size{17, 13}));
  EXPECT_EQ(size(1), (Size{9, 7}));
  const std::string other = text_of(encode_png(test::gradient(65, 49)));
  EXPECT_EQ(decode(bytes_of(other), {.least_side = 1}).size(), (Size{65, 49}));
}

TEST(Decode, OfAJpegMadeSmallerGivesAboutTheMeanOfWhatAPixelCovers) {
  const std::string jpeg = gradient_jpeg(64, 48);
  const Image whole = decode(bytes_of(jpeg));
  const Image half = decode(bytes_of(jpeg), {.least_side = 24});
  ASSERT_EQ(half.size(), (Size{32, 24}));
  for (int64_t y = 0; y < half.height(); ++y) {
    for (int64_t i = 0; i < 3 * half.width(); ++i) {
      const int64_t x = 6 * (i / 3) + i % 3;
      const uint8_t *above = whole.row(2 * y), *below = whole.row(2 * y + 1);
      const double mean = (above[x] + above[x + 3] + below[x] + below[x + 3]) / 4.0;
      EXPECT_NEAR(half.row(y)[i], mean, 4) << i << ", " << y;
    }
  }
}

TEST(Decode, TurnsAPngAsExifSaysUnlessToldNotTo) {
  const std::string exif = "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"s;
  const std::string file = png({.width = 2, .height = 1}, "\0\x0a\x14"s, test::chunk("eXIf", exif));
  const Image stored = decode(bytes_of(file), {.apply_exif = false});
  EXPECT_EQ(stored.size(), (Size{2, 1}));
  EXPECT_TRUE(decode(bytes_of(file)) == turned(stored, Turn::three_quarters));
}

TEST(Decode, MakesGreyOfEveryDepthEightBit) {
  const auto grey = [](int bits, const std::string& row) {
    const Image image = decode(bytes_of(png({.width = 2, .bits = bits}, "\0"s + row)));
    EXPECT_EQ(image.row(0)[0], image.row(0)[1]);
    EXPECT_EQ(image.row(0)[0], image.row(0)[2]);
    return std::pair<int, int>{image.row(0)[0], image.row(0)[3]};
  };
  EXPECT_EQ(grey(1, "\x40"s), std::pair(0, 255));
  EXPECT_EQ(grey(2, "\x60"s), std::pair(85, 170));
  EXPECT_EQ(grey(4, "\x2f"s), std::pair(34, 255));
  EXPECT_EQ(grey(8, "\x01\x80"s), std::pair(1, 128));
  EXPECT_EQ(grey(16, "\x01\xff\x80\x00"s), std::pair(1, 128)) << "the high byte, not rounded";
}

TEST(Decode, DropsAlphaWithoutBlending) {
  const Image grey = decode(bytes_of(png({.colour = 4}, "\0\x37\x00"s)));
  EXPECT_EQ(grey.row(0)[0], 0x37);
  const Image colour = decode(bytes_of(png({.colour = 6}, "\0\x37\x38\x39\x00"s)));
  EXPECT_EQ(colour.row(0)[2], 0x39);
}

TEST(Decode, LooksPaletteColoursUp) {
  const Image image =
      decode(bytes_of(png({.width = 2, .bits = 4, .colour = 3}, "\0\x10"s, test::chunk("PLTE", "abcxyz"))));
  EXPECT_EQ(image.row(0)[0], 'x');
  EXPECT_EQ(image.row(0)[5], 'c');
}

TEST(Decode, RefusesAnInterlacedHeaderThatItsBytesCannotFill) {
  const std::string file = png({.width = 9000, .height = 9000, .bits = 16, .colour = 2, .interlaced = true}, "\0"s);
  EXPECT_THAT(refusal(file), HasSubstr("truncated: "));
}

TEST(Decode, RefusesAProgressiveHeaderThatItsBytesCannotFill) {
  // Start, SOF2 of 9000 x 9000 with three components, SOS.
  const std::string file =
      "\xff\xd8\xff\xc2\0\x11\x08\x23\x28\x23\x28\x03\x01\x11\0\x02\x11\x01\x03\x11\x01"
      "\xff\xda\0\x0c\x03\x01\0\x02\x11\x03\x11\0\0\0"s;
  EXPECT_THAT(refusal(file), HasSubstr("truncated: JPEG: 9000 x 9000"));
}

TEST(Decode, RefusesSidesThatNoPictureHas) {
  // SOF0 of 65,535 x 1; libjpeg stops at 65,500.
  EXPECT_THAT(refusal("\xff\xd8\xff\xc0\0\x0b\x08\0\x01\xff\xff\x01\x01\x11\0"
                      "\xff\xda\0\x08\x01\x01\0\0\0\0"s),
              HasSubstr("too_large: "));
  for (const auto& [width, height] : {std::pair{1'000'001U, 1U}, {1U, 1'000'001U}}) {
    EXPECT_THAT(refusal(png({.width = width, .height = height}, "\0a"s)),
                HasSubstr("pixels; a side has at most 1000000"));
  }
  for (const auto& [width, height] : {std::pair{0U, 1U}, {1U, 0U}, {0x80000000U, 1U}, {1U, 0xffffffffU}}) {
    EXPECT_THAT(refusal(png({.width = width, .height = height}, "\0a"s)), HasSubstr("corrupt: PNG: "))
        << width << " x " << height;
  }
}

TEST(Decode, RefusesAJpegOfMoreScansThanAnyoneMakes) {
  const std::string jpeg = test::progressive_jpeg(test::gradient(33, 17));
  EXPECT_TRUE(decode(bytes_of(test::with_scans_repeated(jpeg, 100))) == decode(bytes_of(jpeg)));
  EXPECT_THAT(refusal(test::with_scans_repeated(jpeg, 400)), HasSubstr("corrupt: JPEG: more scans than"));
}

TEST(Decode, PassesOverSegmentsThatAreNoExif) {
  const std::string jpeg = gradient_jpeg(33, 17);
  const Image stored = decode(bytes_of(jpeg));
  // APP1 is XMP's marker too.
  for (const auto& segment : {"\xff\xe1\0\x08http:/"s,
                              "\xff\xe1\0\x04"
                              "Ex"s}) {
    const auto with_segment = [&](const std::string& file) { return file.substr(0, 2) + segment + file.substr(2); };
    EXPECT_TRUE(decode(bytes_of(with_segment(jpeg))) == stored);
    EXPECT_TRUE(decode(bytes_of(with_segment(with_exif(jpeg, 6)))) == turned(stored, Turn::three_quarters));
  }
}

TEST(Decode, SkipsABombInAnAncillaryChunk) {
  const std::string text = "Comment\0\0"s + test::deflated(std::string(64 << 20, ' '));
  const std::string file = png({.width = 2}, "\0ab"s, test::chunk("zTXt", text));
  EXPECT_EQ(refusal(file), "decoded");
}

TEST(ReadImage, NamesTheFileInEveryError) {
  const test::TemporaryFolder folder;
  const auto reason_of = [&](const std::filesystem::path& path) {
    try {
      read_image(path);
    } catch (const ImageError& error) {
      EXPECT_THAT(error.what(), HasSubstr(path.filename().string()));
      return error.reason();
    }
    ADD_FAILURE() << path << " was read";
    return Reason::empty;
  };
  std::ofstream(folder / "text.jpg") << "not a picture";
  EXPECT_EQ(reason_of(folder / "text.jpg"), Reason::not_an_image);
  EXPECT_EQ(reason_of(folder / "absent.jpg"), Reason::unreadable);
  EXPECT_EQ(reason_of(folder.path()), Reason::unreadable);
  std::ofstream(folder / "sparse.jpg") << "\xff\xd8\xff";
  std::filesystem::resize_file(folder / "sparse.jpg", (uint64_t{256} << 20) + 1);
  EXPECT_EQ(reason_of(folder / "sparse.jpg"), Reason::too_large) << "told by its size, before it is read";
}

TEST(LooksLikeAPicture, GoesByContent) {
  EXPECT_TRUE(looks_like_a_picture(bytes_of(gradient_jpeg(8, 8)).first(kMagicBytes)));
  EXPECT_TRUE(looks_like_a_picture(encode_png(test::noise(3, 3))));
  for (const auto& magic : {"GIF87a"s, "II*\0"s, "MM\0*"s, "RIFF\x04\0\0\0WEBPVP8 "s,
                            "\0\0\0\x1c"
                            "ftypavif"s,
                            "BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"s}) {
    EXPECT_TRUE(looks_like_a_picture(bytes_of(magic))) << magic;
  }
  for (const auto& other :
       {""s, "\xff"s, "\xff\xd8"s + "x", "\x89PNG\n"s, "RIFF\x04\0\0\0WEB"s, "BMW is a car, not a picture"s, "<html>"s,
        std::string(100, '\0'), "RIFF\x04\0\0\0WAVEfmt "s}) {
    EXPECT_FALSE(looks_like_a_picture(bytes_of(other))) << other;
  }
}

}  // namespace
}  // namespace gtsa::image
