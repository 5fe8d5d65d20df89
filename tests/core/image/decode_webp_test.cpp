#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <webp/encode.h>

#include <string>

#include "core/image/decode.h"
#include "core/image/pictures.h"
#include "core/image/turn.h"

namespace gtsa::image {
namespace {

using namespace std::string_literals;
using test::bytes_of;
using ::testing::HasSubstr;

std::string little_endian(size_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * i & 255);
  return text;
}

std::string chunk(const std::string& name, const std::string& content) {
  return name + little_endian(content.size(), 4) + content + std::string(content.size() % 2, '\0');
}

std::string riff(const std::string& chunks) { return "RIFF" + little_endian(chunks.size() + 4, 4) + "WEBP" + chunks; }

/// Without loss, so that pixels come back as they were.
std::string webp(const Image& image) {
  uint8_t* bytes = nullptr;
  const size_t size = WebPEncodeLosslessRGB(image.row(0), static_cast<int>(image.width()),
                                            static_cast<int>(image.height()), static_cast<int>(image.stride()), &bytes);
  const std::string file(reinterpret_cast<const char*>(bytes), size);
  WebPFree(bytes);
  return file;
}

/// In the extended form with these flags (8 EXIF, 2 animation), the picture's own chunks and what comes `behind`.
std::string extended(const Image& image, char flags, const std::string& behind) {
  const std::string header = flags + "\0\0\0"s + little_endian(static_cast<size_t>(image.width() - 1), 3) +
                             little_endian(static_cast<size_t>(image.height() - 1), 3);
  return riff(chunk("VP8X", header) + webp(image).substr(12) + behind);
}

std::string refusal(const std::string& file, const DecodeOptions& options = {}) {
  try {
    decode(bytes_of(file), options);
  } catch (const ImageError& error) {
    return std::string(name_of(error.reason())) + ": " + error.what();
  }
  return "decoded";
}

TEST(DecodeWebp, GivesThePixelsThatWereStored) {
  for (const auto& size : test::kAwkwardSizes) {
    const Image image = test::noise(size.width, size.height);
    EXPECT_TRUE(decode(bytes_of(webp(image))) == image) << size.width << " x " << size.height;
    EXPECT_TRUE(decode(bytes_of(extended(image, 0, ""))) == image) << size.width << " x " << size.height;
  }
}

TEST(DecodeWebp, TurnsAsExifSaysUnlessToldNotTo) {
  const Image image = test::noise(5, 3);
  const std::string exif = "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"s;
  const std::string file = extended(image, 8, chunk("odd ", "x") + chunk("EXIF", exif));
  EXPECT_TRUE(decode(bytes_of(file)) == turned(image, Turn::three_quarters));
  EXPECT_TRUE(decode(bytes_of(file), {.apply_exif = false}) == image);
}

TEST(DecodeWebp, TakesAChunkThatEndsBehindTheFileForNone) {
  const Image image = test::noise(5, 3);
  EXPECT_TRUE(decode(bytes_of(extended(image, 8, "EXIF" + little_endian(1 << 20, 4) + "MM"))) == image);
}

TEST(DecodeWebp, RefusesEveryTruncation) {
  const std::string whole = webp(test::noise(9, 7));
  for (size_t size = 12; size < whole.size(); ++size) {
    EXPECT_THAT(refusal(whole.substr(0, size)), HasSubstr("truncated: ")) << size << " of " << whole.size();
  }
  // The size in front may lie as well.
  const std::string part = whole.substr(12, whole.size() / 2);
  EXPECT_THAT(refusal(riff(part)), HasSubstr("WebP: "));
}

TEST(DecodeWebp, RefusesDataThatContradictThemselves) {
  std::string file = webp(test::noise(9, 7));
  EXPECT_THAT(refusal(riff(chunk("VP8L", "no such data"))), HasSubstr("corrupt: WebP: "));
  for (size_t i = 30; i < 60; ++i) file[i] = '\xff';
  EXPECT_THAT(refusal(file), HasSubstr("corrupt: WebP: "));
}

TEST(DecodeWebp, RefusesAnimationsAndTooManyPixels) {
  const Image image = test::noise(5, 3);
  EXPECT_THAT(refusal(extended(image, 2, "")), HasSubstr("unsupported_format: WebP: animated"));
  EXPECT_EQ(refusal(webp(image), {.max_pixels = 15}), "decoded");
  EXPECT_THAT(refusal(webp(image), {.max_pixels = 14}), HasSubstr("too_large: 5 x 3"));
}

}  // namespace
}  // namespace gtsa::image
