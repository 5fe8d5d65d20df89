#include "core/geometry/polygon.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"

namespace gtsa::geometry {
namespace {

// COCO walks along the outline on a grid of fifths of a pixel and toggles a column of pixels where the walk passes from
// fifth 5 * column + 2 to the next or back. Only those steps are computed here, by the same arithmetic.
constexpr int64_t kFifths = 5;
constexpr int64_t kMiddle = 2;

struct GridPoint {
  int64_t x = 0;
  int64_t y = 0;
};

int64_t to_grid(double coordinate) {
  if (!std::isfinite(coordinate) || std::abs(coordinate) > kMaxCoordinate) {
    throw Error("a polygon has the coordinate {}: between {} and {} is possible", coordinate, -kMaxCoordinate,
                kMaxCoordinate);
  }
  // The cast cuts toward zero, as the original's.
  return static_cast<int64_t>(kFifths * coordinate + 0.5);
}

/// Collects the column-major positions at which the mask toggles.
class Toggles {
 public:
  explicit Toggles(Size size) : size_(size) {}

  /// The walk passes the middle of `column`; `fifth` is the smaller of its heights before and after.
  void add(int64_t column, int64_t fifth) {
    const double y =
        std::clamp((static_cast<double>(fifth) + 0.5) / kFifths - 0.5, 0.0, static_cast<double>(size_.height));
    positions_.push_back(column * size_.height + static_cast<int64_t>(std::ceil(y)));
    if (positions_.size() == limit_) shrink();
  }

  RunLengthMask mask() {
    keep_odd();
    RunLengthBuilder result(size_);
    int64_t at = 0;
    bool value = false;
    for (const int64_t position : positions_) {
      result.add(value, position - at);
      at = position;
      value = !value;
    }
    if (value) result.add(true, result.missing());
    return result.finish();
  }

 private:
  /// Two toggles at one place cancel.
  void keep_odd() {
    std::sort(positions_.begin(), positions_.end());
    size_t kept = 0;
    for (const int64_t position : positions_) {
      if (kept > 0 && positions_[kept - 1] == position) {
        --kept;
      } else {
        positions_[kept++] = position;
      }
    }
    positions_.resize(kept);
  }

  /// A polygon with very many edges costs memory by what is left of its toggles, not by its edges.
  void shrink() {
    keep_odd();
    limit_ = std::max(kSmallest, 2 * positions_.size());
  }

  static constexpr size_t kSmallest = size_t{1} << 16;
  Size size_;
  std::vector<int64_t> positions_;
  size_t limit_ = kSmallest;
};

/// The first and last column whose middle lies between two grid columns, cut to the picture.
struct Columns {
  int64_t first = 0;
  int64_t last = -1;
};

Columns columns_between(int64_t low, int64_t high, int64_t width) {
  const auto floor_div = [](int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); };
  return {std::max<int64_t>(0, floor_div(low - kMiddle + kFifths - 1, kFifths)),
          std::min(width - 1, floor_div(high - kMiddle - 1, kFifths))};
}

/// An edge that is at least as wide as high: one point of the walk a grid column.
void walk_flat_edge(GridPoint left, GridPoint right, int64_t width, Toggles& toggles) {
  const auto [first, last] = columns_between(left.x, right.x, width);
  if (first > last) return;
  const double slope = static_cast<double>(right.y - left.y) / static_cast<double>(right.x - left.x);
  const auto height_at = [&](int64_t x) {
    return static_cast<int64_t>(static_cast<double>(left.y) + slope * static_cast<double>(x - left.x) + 0.5);
  };
  for (int64_t column = first; column <= last; ++column) {
    const int64_t x = kFifths * column + kMiddle;
    toggles.add(column, std::min(height_at(x), height_at(x + 1)));
  }
}

/// An edge that is higher than wide: one point of the walk a grid row, its column rounded.
void walk_steep_edge(GridPoint top, GridPoint bottom, int64_t width, Toggles& toggles) {
  const auto [first, last] = columns_between(std::min(top.x, bottom.x), std::max(top.x, bottom.x), width);
  if (first > last) return;
  const int64_t rows = bottom.y - top.y;
  const double slope = static_cast<double>(bottom.x - top.x) / static_cast<double>(rows);
  const auto column_at = [&](int64_t t) {
    return static_cast<int64_t>(static_cast<double>(top.x) + slope * static_cast<double>(t) + 0.5);
  };
  const bool to_the_right = bottom.x > top.x;
  for (int64_t column = first; column <= last; ++column) {
    const int64_t x = kFifths * column + kMiddle;
    // The first row in which the walk is past the middle of the column: guessed, then made exact.
    const auto is_past = [&](int64_t t) { return to_the_right ? column_at(t) > x : column_at(t) <= x; };
    const double guess = (static_cast<double>(x) + 0.5 - static_cast<double>(top.x)) / slope;
    int64_t t = std::clamp(static_cast<int64_t>(guess), int64_t{1}, rows);
    while (t > 1 && is_past(t - 1)) --t;
    while (t < rows && !is_past(t)) ++t;
    toggles.add(column, top.y + t - 1);
  }
}

}  // namespace

RunLengthMask polygon_mask(std::span<const Point> polygon, Size size) {
  RunLengthBuilder empty(size);
  if (polygon.empty()) return empty.finish();
  Toggles toggles(size);
  GridPoint from{to_grid(polygon.back().x), to_grid(polygon.back().y)};
  for (const Point& point : polygon) {
    const GridPoint to{to_grid(point.x), to_grid(point.y)};
    if (std::abs(to.x - from.x) >= std::abs(to.y - from.y)) {
      from.x <= to.x ? walk_flat_edge(from, to, size.width, toggles) : walk_flat_edge(to, from, size.width, toggles);
    } else {
      from.y <= to.y ? walk_steep_edge(from, to, size.width, toggles) : walk_steep_edge(to, from, size.width, toggles);
    }
    from = to;
  }
  return toggles.mask();
}

RunLengthMask polygons_mask(std::span<const Polygon> polygons, Size size) {
  GTSA_CHECK(!polygons.empty(), "a mask is made of at least one polygon");
  RunLengthMask result = polygon_mask(polygons.front(), size);
  for (const Polygon& polygon : polygons.subspan(1)) result = united(result, polygon_mask(polygon, size));
  return result;
}

RunLengthMask box_mask(const BoxXywh& box, Size size) {
  const double right = box.x + box.width, bottom = box.y + box.height;
  return polygon_mask(Polygon{{box.x, box.y}, {box.x, bottom}, {right, bottom}, {right, box.y}}, size);
}

BoxXywh bounds(std::span<const Point> polygon) {
  if (polygon.empty()) return {};
  double left = polygon[0].x, right = left, top = polygon[0].y, bottom = top;
  for (const Point& point : polygon) {
    left = std::min(left, point.x);
    right = std::max(right, point.x);
    top = std::min(top, point.y);
    bottom = std::max(bottom, point.y);
  }
  return {left, top, right - left, bottom - top};
}

}  // namespace gtsa::geometry
