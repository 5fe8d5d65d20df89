#pragma once
// One function a format, for decode.cpp and label_map.cpp alone. Each gives the stored pixels and, if wanted, the EXIF
// orientation.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "core/image/decode.h"
#include "core/image/image.h"
#include "core/image/label_map.h"

namespace gtsa::image {

struct Decoded {
  Image image;
  int orientation = 1;  ///< EXIF's 1..8
};

Decoded decode_jpeg(std::span<const std::byte> bytes, const DecodeOptions& options);
Decoded decode_png(std::span<const std::byte> bytes, int64_t max_pixels);
Decoded decode_webp(std::span<const std::byte> bytes, int64_t max_pixels);

LabelMap decode_png_labels(std::span<const std::byte> bytes, int64_t max_pixels);

bool is_jpeg(std::span<const std::byte> bytes);
bool is_png(std::span<const std::byte> bytes);
bool is_webp(std::span<const std::byte> bytes);

/// A picture's file, whole. Throws ImageError: unreadable, or too_large beyond kMostPictureBytes.
std::vector<std::byte> read_picture_bytes(const std::filesystem::path& path);

/// Refuses what exceeds the limit. Both sides at most 2^31, so the product cannot overflow.
void check_pixels(int64_t width, int64_t height, int64_t max_pixels);

}  // namespace gtsa::image
