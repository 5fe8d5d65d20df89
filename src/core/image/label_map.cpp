#include "core/image/label_map.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/image/codecs.h"

namespace gtsa::image {
namespace {

/// Positions of one axis. The sum, not a product, is what Pillow's ImagingScaleAffine computes.
std::vector<int64_t> nearest_positions(int64_t first, int64_t inputs, int64_t outputs) {
  const double step = static_cast<double>(inputs) / static_cast<double>(outputs);
  double position = static_cast<double>(first) + step * 0.5;
  std::vector<int64_t> positions(static_cast<size_t>(outputs));
  for (auto& p : positions) {
    p = std::min(static_cast<int64_t>(position), first + inputs - 1);
    position += step;
  }
  return positions;
}

}  // namespace

LabelMap decode_label_map(std::span<const std::byte> bytes, int64_t max_pixels) {
  if (bytes.empty()) throw ImageError(Reason::empty, "the file is empty");
  if (!is_png(bytes)) {
    throw ImageError(looks_like_a_picture(bytes) ? Reason::unsupported_format : Reason::not_an_image,
                     "not a PNG, which label maps have to be");
  }
  return decode_png_labels(bytes, max_pixels);
}

LabelMap read_label_map(const std::filesystem::path& path, int64_t max_pixels) {
  const std::vector<std::byte> bytes = read_picture_bytes(path);
  try {
    return decode_label_map(bytes, max_pixels);
  } catch (const ImageError& error) {
    throw ImageError(error.reason(), fmt::format("{}: {}", path.string(), error.what()));
  }
}

LabelMap resized_nearest(const LabelMap& map, Size out) {
  return resized_nearest(map, {0, 0, map.width, map.height}, out);
}

LabelMap resized_nearest(const LabelMap& map, Rect crop, Size out) {
  GTSA_CHECK(crop.left >= 0 && crop.top >= 0 && crop.width >= 1 && crop.height >= 1 &&
                 crop.left + crop.width <= map.width && crop.top + crop.height <= map.height,
             "the crop ({}, {}) {} x {} lies inside the map of {} x {}", crop.left, crop.top, crop.width, crop.height,
             map.width, map.height);
  GTSA_CHECK(out.width >= 1 && out.height >= 1, "a map has pixels: {} x {}", out.width, out.height);
  const auto columns = nearest_positions(crop.left, crop.width, out.width);
  const auto rows = nearest_positions(crop.top, crop.height, out.height);
  LabelMap result{out.width, out.height, {}};
  result.values.reserve(static_cast<size_t>(out.width * out.height));
  for (const int64_t y : rows) {
    for (const int64_t x : columns) result.values.push_back(map.row(y)[x]);
  }
  return result;
}

std::vector<int64_t> floor_positions(int64_t inputs, int64_t outputs, int64_t first, int64_t count) {
  const double step = 1.0 / (static_cast<double>(outputs) / static_cast<double>(inputs));
  std::vector<int64_t> positions(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    // Positions are not negative, so truncating is rounding down.
    const auto position = static_cast<int64_t>(static_cast<double>(first + i) * step);
    positions[static_cast<size_t>(i)] = std::min(position, inputs - 1);
  }
  return positions;
}

LabelMap resized_floor(const LabelMap& map, Size out) {
  GTSA_CHECK(out.width >= 1 && out.height >= 1, "a map has pixels: {} x {}", out.width, out.height);
  const auto columns = floor_positions(map.width, out.width, 0, out.width);
  LabelMap result{out.width, out.height, {}};
  result.values.reserve(static_cast<size_t>(out.width * out.height));
  for (const int64_t y : floor_positions(map.height, out.height, 0, out.height)) {
    for (const int64_t x : columns) result.values.push_back(map.row(y)[x]);
  }
  return result;
}

}  // namespace gtsa::image
