#include "core/image/decode.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/base/files.h"
#include "core/image/codecs.h"
#include "core/image/exif.h"

namespace gtsa::image {
namespace {

bool has_at(std::span<const std::byte> bytes, size_t offset, std::string_view magic) {
  return bytes.size() >= offset + magic.size() && std::memcmp(bytes.data() + offset, magic.data(), magic.size()) == 0;
}

/// Two letters would match many texts; the header's size and its two reserved zeros do not.
bool is_bmp(std::span<const std::byte> bytes) {
  using namespace std::string_view_literals;
  return has_at(bytes, 0, "BM") && has_at(bytes, 6, "\0\0\0\0"sv) && has_at(bytes, 15, "\0\0\0"sv);
}

/// The format's name if it is a known one that is not read here, else "".
std::string_view foreign_format(std::span<const std::byte> bytes) {
  using namespace std::string_view_literals;
  struct Magic {
    size_t offset;
    std::string_view bytes, name;
  };
  static constexpr std::array kMagics = {
      Magic{0, "GIF87a", "GIF"},
      Magic{0, "GIF89a", "GIF"},
      Magic{0, "II*\0"sv, "TIFF"},
      Magic{0, "MM\0*"sv, "TIFF"},
      Magic{4, "ftypheic", "HEIC"},
      Magic{4, "ftypheix", "HEIC"},
      Magic{4, "ftypmif1", "HEIF"},
      Magic{4, "ftypavif", "AVIF"},
      Magic{4, "ftypavis", "AVIF"},
      Magic{0, "\0\0\0\x0cjP  \r\n\x87\n"sv, "JPEG 2000"},
      Magic{0, "\xff\x4f\xff\x51", "JPEG 2000"},
      Magic{0, "\0\0\0\x0cJXL \r\n\x87\n"sv, "JPEG XL"},
      Magic{0, "\xff\x0a", "JPEG XL"},
      Magic{0, "8BPS", "Photoshop"},
  };
  for (const auto& magic : kMagics) {
    if (has_at(bytes, magic.offset, magic.bytes)) return magic.name;
  }
  return is_bmp(bytes) ? "BMP" : "";
}

Decoded decode_stored(std::span<const std::byte> bytes, const DecodeOptions& options) {
  if (bytes.empty()) throw ImageError(Reason::empty, "the file is empty");
  if (is_jpeg(bytes)) return decode_jpeg(bytes, options);
  if (is_png(bytes)) return decode_png(bytes, options.max_pixels);
  if (is_webp(bytes)) return decode_webp(bytes, options.max_pixels);
  const std::string_view foreign = foreign_format(bytes);
  if (!foreign.empty()) {
    throw ImageError(Reason::unsupported_format,
                     fmt::format("{} is not read; convert it to JPEG, PNG or WebP", foreign));
  }
  throw ImageError(Reason::not_an_image, "not an image: its first bytes are of no picture format");
}

}  // namespace

std::string_view name_of(Reason reason) {
  switch (reason) {
    case Reason::empty:
      return "empty";
    case Reason::not_an_image:
      return "not_an_image";
    case Reason::unsupported_format:
      return "unsupported_format";
    case Reason::truncated:
      return "truncated";
    case Reason::corrupt:
      return "corrupt";
    case Reason::too_large:
      return "too_large";
    case Reason::unreadable:
      return "unreadable";
  }
  return "unknown";
}

void check_pixels(int64_t width, int64_t height, int64_t max_pixels) {
  if (width > max_pixels / height) {
    throw ImageError(Reason::too_large,
                     fmt::format("{} x {} are more pixels than the {} allowed; raise data.max_pixels if "
                                 "the picture is genuine",
                                 width, height, max_pixels));
  }
}

Image decode(std::span<const std::byte> bytes, const DecodeOptions& options) {
  try {
    Decoded decoded = decode_stored(bytes, options);
    return options.apply_exif ? upright(std::move(decoded.image), decoded.orientation) : std::move(decoded.image);
  } catch (const std::bad_alloc&) {
    throw ImageError(Reason::too_large, "there is not memory enough for its pixels; lower data.max_pixels");
  }
}

std::vector<std::byte> read_picture_bytes(const std::filesystem::path& path) {
  try {
    return read_bytes(path, kMostPictureBytes);
  } catch (const std::bad_alloc&) {
    throw ImageError(Reason::too_large, fmt::format("{}: there is not memory enough to read it", path.string()));
  } catch (const Error& error) {
    std::error_code none;
    const bool large = std::filesystem::file_size(path, none) > kMostPictureBytes && !none;
    throw ImageError(large ? Reason::too_large : Reason::unreadable, error.what());
  }
}

Image read_image(const std::filesystem::path& path, const DecodeOptions& options) {
  const std::vector<std::byte> bytes = read_picture_bytes(path);
  try {
    return decode(bytes, options);
  } catch (const ImageError& error) {
    throw ImageError(error.reason(), fmt::format("{}: {}", path.string(), error.what()));
  }
}

bool looks_like_a_picture(std::span<const std::byte> first_bytes) {
  return is_jpeg(first_bytes) || is_png(first_bytes) || is_webp(first_bytes) || !foreign_format(first_bytes).empty();
}

}  // namespace gtsa::image
