#pragma once
// Outlines: closed polygons in the picture's plane, curves flattened.

#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "core/synth/vector.h"

namespace gtsa::synth {

/// Closed contours, filled as their union: each contour is stored anticlockwise in a plane with y up (negative signed
/// area would be a hole; add() turns it round).
class Path {
 public:
  Path& add(std::span<const Vec2> contour);
  Path& add(std::initializer_list<Vec2> contour) { return add(std::span(contour.begin(), contour.size())); }
  /// Axes rx and ry, turned by `angle` radians; as many corners as its size in pixels wants.
  Path& ellipse(Vec2 centre, float rx, float ry, float angle = 0);
  /// A straight stroke from `a` to `b` whose width goes from `width_a` to `width_b`, flat ends.
  Path& stroke(Vec2 a, Vec2 b, float width_a, float width_b);
  Path& rectangle(Vec2 corner, Vec2 opposite);

  bool empty() const { return ends_.empty(); }
  size_t contours() const { return ends_.size(); }
  std::span<const Vec2> contour(size_t i) const {
    const size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::span(points_).subspan(begin, ends_[i] - begin);
  }

 private:
  std::vector<Vec2> points_;
  std::vector<size_t> ends_;
};

}  // namespace gtsa::synth
