#include "core/geometry/crop.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"

namespace gtsa::geometry {
namespace {

/// Half to even, whatever the processor's rounding mode is by default.
int64_t round_half_even(double value) { return static_cast<int64_t>(std::nearbyint(value)); }

Box intersection(const Box& a, const Box& b) {
  return {std::max(a.x1, b.x1), std::max(a.y1, b.y1), std::min(a.x2, b.x2), std::min(a.y2, b.y2)};
}

}  // namespace

Size crop_extent(Size photo, float area_share, float log_aspect) {
  const double crop_area = static_cast<double>(photo.width * photo.height) * static_cast<double>(area_share);
  // The original's exponential is float32; the correctly rounded one is reached through float64.
  const double aspect = static_cast<float>(std::exp(static_cast<double>(log_aspect)));
  return {round_half_even(std::sqrt(crop_area * aspect)), round_half_even(std::sqrt(crop_area / aspect))};
}

std::optional<Size> crop_size(Size photo, float area_share, float log_aspect) {
  const auto [width, height] = crop_extent(photo, area_share, log_aspect);
  if (width <= 0 || width > photo.width || height <= 0 || height > photo.height) return std::nullopt;
  return Size{width, height};
}

Rect fallback_crop(Size photo, double min_aspect, double max_aspect) {
  const double aspect = static_cast<double>(photo.width) / static_cast<double>(photo.height);
  Size crop = photo;
  const auto rounded = [](double side) { return std::max<int64_t>(round_half_even(side), 1); };
  if (aspect < min_aspect) crop.height = rounded(static_cast<double>(photo.width) / min_aspect);
  if (aspect > max_aspect) crop.width = rounded(static_cast<double>(photo.height) * max_aspect);
  return {(photo.width - crop.width) / 2, (photo.height - crop.height) / 2, crop.width, crop.height};
}

Rect intersection(const Rect& a, const Rect& b) {
  const int64_t left = std::max(a.left, b.left);
  const int64_t top = std::max(a.top, b.top);
  const int64_t right = std::min(a.left + a.width, b.left + b.width);
  const int64_t bottom = std::min(a.top + a.height, b.top + b.height);
  return {left, top, std::max<int64_t>(right - left, 0), std::max<int64_t>(bottom - top, 0)};
}

int64_t overlap_threshold(Size photo, double share, bool global) {
  const auto pixels = static_cast<int64_t>(static_cast<double>(photo.width * photo.height) * share);
  return global ? 2 * pixels : pixels;
}

bool overlaps_enough(const Rect& candidate, std::span<const Rect> globals, int64_t threshold) {
  return std::all_of(globals.begin(), globals.end(),
                     [&](const Rect& global) { return area(intersection(candidate, global)) > threshold; });
}

Box box_of(const Rect& rect) {
  return {static_cast<float>(rect.left), static_cast<float>(rect.top), static_cast<float>(rect.left + rect.width),
          static_cast<float>(rect.top + rect.height)};
}

Box turned(const Box& b, Turn turn, float side) {
  switch (turn) {
    case Turn::none:
      return b;
    case Turn::quarter:
      return {b.y1, side - b.x2, b.y2, side - b.x1};
    case Turn::half:
      return {side - b.x2, side - b.y2, side - b.x1, side - b.y1};
    case Turn::three_quarters:
      return {side - b.y2, b.x1, side - b.y1, b.x2};
  }
  GTSA_CHECK(false, "a turn is one of four, not {}", static_cast<int>(turn));
}

Box box_in_view(const Box& box_in_photo, const ViewFrame& view) {
  const Box crop = box_of(view.crop_in_photo);
  const float width = crop.x2 - crop.x1;
  const float height = crop.y2 - crop.y1;
  const auto side = static_cast<float>(view.side);
  const Box upright{side * ((box_in_photo.x1 - crop.x1) / width), side * ((box_in_photo.y1 - crop.y1) / height),
                    side * ((box_in_photo.x2 - crop.x1) / width), side * ((box_in_photo.y2 - crop.y1) / height)};
  return turned(upright, view.turn, side);
}

OverlapBoxes overlap_boxes(std::span<const ViewFrame> views, int64_t globals) {
  const auto count = static_cast<int64_t>(views.size());
  GTSA_CHECK(globals >= 1 && globals <= count, "{} global views among {}", globals, count);
  OverlapBoxes boxes;
  boxes.in_globals.resize(static_cast<size_t>(globals * count));
  boxes.in_views.resize(static_cast<size_t>(globals * count));
  for (int64_t q = 0; q < globals; ++q) {
    for (int64_t v = 0; v < count; ++v) {
      const ViewFrame& global = views[static_cast<size_t>(q)];
      const ViewFrame& view = views[static_cast<size_t>(v)];
      const Box in_photo = intersection(box_of(global.crop_in_photo), box_of(view.crop_in_photo));
      boxes.in_globals[static_cast<size_t>(q * count + v)] = box_in_view(in_photo, global);
      boxes.in_views[static_cast<size_t>(v * globals + q)] = box_in_view(in_photo, view);
    }
  }
  return boxes;
}

}  // namespace gtsa::geometry
