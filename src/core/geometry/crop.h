#pragma once
// Crops of a photograph and the boxes of their overlaps (method: sections 1.1, 1.2 and 1.4). Pure functions of their
// arguments. The order of float32 and float64 operations is the original's: results agree with it bit for bit.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/geometry/types.h"

namespace gtsa::geometry {

/// Tries of one candidate before it falls back to the centre crop.
inline constexpr int kCropTries = 10;
/// Bounds of a crop's width over its height.
inline constexpr double kMinAspect = 3.0 / 4.0;
inline constexpr double kMaxAspect = 4.0 / 3.0;

/// Size of the crop that takes `area_share` of the photograph at the aspect exp(log_aspect), whether or not it fits.
/// The draws and the aspect are float32, products and roots float64, sides rounded half to even.
Size crop_extent(Size photo, float area_share, float log_aspect);

/// The same; none if it does not fit.
std::optional<Size> crop_size(Size photo, float area_share, float log_aspect);

/// The centre crop that stands in after kCropTries failures: the whole photograph, cut to the nearest allowed aspect.
/// At least 1 x 1 pixel.
Rect fallback_crop(Size photo, double min_aspect = kMinAspect, double max_aspect = kMaxAspect);

/// One candidate and how it came about.
struct CropCandidate {
  Rect crop;
  int tries = 0;  ///< tries that were needed; 0: the fallback
};

/// Random resized crop, as a function of its draws: `draws.area_share()` and `draws.log_aspect()` (float32) for each
/// try, then `draws.below(n)` in {0, ..., n-1} for the top and for the left edge. `photo` has at least one pixel; the
/// bounds are the fallback's.
template <class Draws>
CropCandidate random_resized_crop(Size photo, Draws& draws, double min_aspect = kMinAspect,
                                  double max_aspect = kMaxAspect) {
  for (int i = 1; i <= kCropTries; ++i) {
    const float area_share = draws.area_share();
    const float log_aspect = draws.log_aspect();
    if (const auto size = crop_size(photo, area_share, log_aspect)) {
      const int64_t top = draws.below(photo.height - size->height + 1);
      const int64_t left = draws.below(photo.width - size->width + 1);
      return {{left, top, size->width, size->height}, i};
    }
  }
  return {fallback_crop(photo, min_aspect, max_aspect), 0};
}

/// Common pixels of two rectangles; width or height 0 if there are none.
Rect intersection(const Rect& a, const Rect& b);
constexpr int64_t area(const Rect& rect) { return rect.width * rect.height; }

/// Pixels that a new view must share with every global crop: `share` of the photograph, truncated; twice that for a
/// global view.
int64_t overlap_threshold(Size photo, double share, bool global);
/// The overlap rule: strictly more than `threshold` pixels are shared with each of `globals`.
bool overlaps_enough(const Rect& candidate, std::span<const Rect> globals, int64_t threshold);

/// Corners as float32.
Box box_of(const Rect& rect);
/// Box in pixels of a square view of `side`, as it lies after the view was turned.
Box turned(const Box& box_in_view, Turn turn, float side);

/// What the boxes need to know of a view: its crop in the photograph, its side in pixels and its turn.
struct ViewFrame {
  Rect crop_in_photo;
  int64_t side = 0;
  Turn turn = Turn::none;
};

/// Box of the photograph in the turned view's own pixels: side * ((corner - origin) / extent), then turned.
Box box_in_view(const Box& box_in_photo, const ViewFrame& view);

/// The overlap of global view q and view v, of `globals` = G among `views` = V (globals first).
struct OverlapBoxes {
  std::vector<Box> in_globals;  ///< [G, V]: in pixels of global q
  std::vector<Box> in_views;    ///< [V, G]: in pixels of view v
};
OverlapBoxes overlap_boxes(std::span<const ViewFrame> views, int64_t globals);

}  // namespace gtsa::geometry
