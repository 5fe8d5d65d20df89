#pragma once
// Class numbers of pixels, as segmentation data sets store them: a PNG with one channel.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "core/geometry/types.h"

namespace gtsa::image {

/// One number a pixel, row-major, exactly as stored: grey value or palette index, 1 to 16 bits. EXIF never applies.
struct LabelMap {
  int64_t width = 0;
  int64_t height = 0;
  std::vector<uint16_t> values;

  Size size() const { return {width, height}; }
  const uint16_t* row(int64_t y) const { return values.data() + y * width; }
  bool operator==(const LabelMap&) const = default;
};

/// Throws ImageError (image/decode.h), also for a picture with several channels.
LabelMap decode_label_map(std::span<const std::byte> bytes, int64_t max_pixels);
/// Errors name the file.
LabelMap read_label_map(const std::filesystem::path& path, int64_t max_pixels);

/// Nearest neighbour as Pillow's resize: output column o takes input column floor((o + 0.5) * in / out), the position
/// being summed up step by step in double.
LabelMap resized_nearest(const LabelMap& map, Size out);
/// The same of a part; `crop` lies inside the map.
LabelMap resized_nearest(const LabelMap& map, Rect crop, Size out);

/// Nearest neighbour as OpenCV's: output column o takes input column floor(o * in / out), the scale being 1 / (out /
/// in) in double, clamped to the map.
LabelMap resized_floor(const LabelMap& map, Size out);
/// The input columns (or rows) that outputs `first` .. `first + count - 1` of `outputs` take by that rule.
std::vector<int64_t> floor_positions(int64_t inputs, int64_t outputs, int64_t first, int64_t count);

}  // namespace gtsa::image
