#pragma once
// Image files -> pixels. JPEG, PNG and WebP, told apart by content, never by name.
//
// Everything becomes 8-bit RGB: grey in all three channels, palettes looked up, alpha dropped (not blended), 16 bits by
// their high byte, CMYK as Pillow converts it (stored inverted, as Adobe does). JPEG is decoded with the accurate
// integer DCT and smooth chroma upsampling, so pixels equal Pillow's on the same libjpeg-turbo. A file that ends early,
// or whose pixels do not decode cleanly, is an error: half a picture is never filled up with grey.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/image/image.h"

namespace gtsa::image {

/// Why a file gave no picture.
enum class Reason : uint8_t {
  empty,               ///< no bytes
  not_an_image,        ///< not the beginning of any picture format known here
  unsupported_format,  ///< a picture, but of a format or variant that is not read
  truncated,           ///< ends before the picture does
  corrupt,             ///< contradicts itself or its checksums
  too_large,           ///< more pixels than allowed, or more memory than there is
  unreadable,          ///< the file cannot be opened or read
};

/// "not_an_image", for reports.
std::string_view name_of(Reason reason);

/// A picture was refused. what() says why and, from read_image, which file.
class ImageError : public Error {
 public:
  ImageError(Reason reason, const std::string& message) : Error(message), reason_(reason) {}
  Reason reason() const { return reason_; }

 private:
  Reason reason_;
};

/// Pillow's limit.
inline constexpr int64_t kMaxPixels = 89'478'485;

struct DecodeOptions {
  /// Pictures with more are refused before anything is allocated for them.
  int64_t max_pixels = kMaxPixels;
  /// Turn and mirror as the EXIF orientation says (JPEG, PNG and WebP; absent, broken or undefined ones count as
  /// upright). Off where labels lie in stored pixels.
  bool apply_exif = true;
  /// JPEGs are decoded at 1/2, 1/4 or 1/8 of their size, by a smaller inverse DCT, as long as their shorter side keeps
  /// this many pixels: faster, and other pixels than decoding whole and resizing. 0: always whole.
  int64_t least_side = 0;
};

/// Decodes a whole file. Throws ImageError.
/// Memory: the picture once (twice while EXIF turns it) and the decoder's state. Pixels are allocated as rows arrive;
/// where a format needs room for the whole picture first (progressive JPEG, interlaced PNG), a header that claims more
/// than the file's bytes could hold is refused as truncated. WebP alone allocates by its header, within max_pixels.
Image decode(std::span<const std::byte> bytes, const DecodeOptions& options = {});

/// Larger files are refused before they are read.
inline constexpr uint64_t kMostPictureBytes = uint64_t{256} << 20;

/// Reads and decodes a file. Errors, unreadable files too, are ImageError and name it.
Image read_image(const std::filesystem::path& path, const DecodeOptions& options = {});

/// Bytes that looks_like_a_picture() wants to see, if the file has as many.
inline constexpr size_t kMagicBytes = 32;

/// True if a file that begins so is a picture, whether or not its format is read here (GIF, BMP, TIFF, HEIC, AVIF, JPEG
/// XL, JPEG 2000 and Photoshop are known, so that decode() can name them).
bool looks_like_a_picture(std::span<const std::byte> first_bytes);

}  // namespace gtsa::image
