#include <webp/decode.h>

#include <cstring>

#include "core/image/codecs.h"
#include "core/image/exif.h"

namespace gtsa::image {
namespace {

constexpr size_t kRiffHeader = 12;  // "RIFF", size, "WEBP"
constexpr size_t kChunkHeader = 8;  // name, size

uint32_t little_endian(std::span<const std::byte> bytes, size_t offset) {
  uint32_t value = 0;
  for (size_t i = 4; i-- > 0;) value = value << 8 | std::to_integer<uint32_t>(bytes[offset + i]);
  return value;
}

[[noreturn]] void fail(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
      throw ImageError(Reason::truncated, "WebP: the file ends before the picture does");
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      throw ImageError(Reason::unsupported_format, "WebP: a feature that the decoder does not have");
    case VP8_STATUS_OUT_OF_MEMORY:
      throw ImageError(Reason::too_large, "WebP: there is not memory enough for its pixels");
    default:
      throw ImageError(Reason::corrupt, "WebP: the data contradict themselves");
  }
}

int orientation_of(std::span<const std::byte> bytes) {
  for (size_t at = kRiffHeader; at + kChunkHeader <= bytes.size();) {
    const size_t size = little_endian(bytes, at + 4);
    const auto content = bytes.subspan(at + kChunkHeader);
    if (size > content.size()) return 1;
    if (std::memcmp(bytes.data() + at, "EXIF", 4) == 0) return exif_orientation(content.first(size));
    at += kChunkHeader + size + size % 2;
  }
  return 1;
}

}  // namespace

bool is_webp(std::span<const std::byte> bytes) {
  return bytes.size() >= kRiffHeader && std::memcmp(bytes.data(), "RIFF", 4) == 0 &&
         std::memcmp(bytes.data() + 8, "WEBP", 4) == 0;
}

Decoded decode_webp(std::span<const std::byte> bytes, int64_t max_pixels) {
  // The RIFF size tells a short file from a bad one before the decoder guesses.
  if (size_t{little_endian(bytes, 4)} + 8 > bytes.size()) fail(VP8_STATUS_NOT_ENOUGH_DATA);
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  WebPDecoderConfig config;
  GTSA_CHECK(WebPInitDecoderConfig(&config) != 0, "libwebp's headers and library are of the same version");
  if (const auto status = WebPGetFeatures(data, bytes.size(), &config.input); status != VP8_STATUS_OK) fail(status);
  if (config.input.has_animation != 0) {
    throw ImageError(Reason::unsupported_format, "WebP: animated pictures are not read; save one frame of it");
  }
  check_pixels(config.input.width, config.input.height, max_pixels);

  Decoded decoded;
  decoded.image = Image(config.input.width, config.input.height);
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = decoded.image.row(0);
  config.output.u.RGBA.stride = static_cast<int>(decoded.image.stride());
  config.output.u.RGBA.size = static_cast<size_t>(decoded.image.stride() * decoded.image.height());
  const auto status = WebPDecode(data, bytes.size(), &config);
  WebPFreeDecBuffer(&config.output);
  if (status != VP8_STATUS_OK) fail(status);
  decoded.orientation = orientation_of(bytes);
  return decoded;
}

}  // namespace gtsa::image
