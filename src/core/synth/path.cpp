#include "core/synth/path.h"

#include <array>
#include <numbers>

namespace gtsa::synth {

Path& Path::add(std::span<const Vec2> contour) {
  if (contour.size() < 3) return *this;
  float twice_area = 0;
  for (size_t i = 0, last = contour.size() - 1; i < contour.size(); last = i++) {
    twice_area += (contour[last].x - contour[0].x) * (contour[i].y - contour[0].y) -
                  (contour[i].x - contour[0].x) * (contour[last].y - contour[0].y);
  }
  if (twice_area >= 0) {
    points_.insert(points_.end(), contour.begin(), contour.end());
  } else {
    points_.insert(points_.end(), contour.rbegin(), contour.rend());
  }
  ends_.push_back(points_.size());
  return *this;
}

Path& Path::ellipse(Vec2 centre, float rx, float ry, float angle) {
  constexpr int kMost = 40;
  // The chord of n corners is off by r (1 - cos(pi / n)): below a tenth of a pixel for n = 7 sqrt(r).
  const int corners = std::clamp(static_cast<int>(7 * std::sqrt(std::max(rx, ry))), 8, kMost);
  const float step = 2 * std::numbers::pi_v<float> / static_cast<float>(corners);
  const Vec2 axis{std::cos(angle), std::sin(angle)}, turn{std::cos(step), std::sin(step)};
  std::array<Vec2, kMost> points;
  Vec2 unit{1, 0};
  for (int i = 0; i < corners; ++i) {
    const Vec2 p{rx * unit.x, ry * unit.y};
    points[i] = {centre.x + p.x * axis.x - p.y * axis.y, centre.y + p.x * axis.y + p.y * axis.x};
    unit = {unit.x * turn.x - unit.y * turn.y, unit.x * turn.y + unit.y * turn.x};
  }
  return add(std::span<const Vec2>(points.data(), static_cast<size_t>(corners)));
}

Path& Path::stroke(Vec2 a, Vec2 b, float width_a, float width_b) {
  const Vec2 along = b - a;
  const float length = std::sqrt(along.x * along.x + along.y * along.y);
  if (length < 1e-6f) return *this;
  const Vec2 across{-along.y / (2 * length), along.x / (2 * length)};
  return add({a + across * width_a, b + across * width_b, b - across * width_b, a - across * width_a});
}

Path& Path::rectangle(Vec2 corner, Vec2 opposite) {
  return add({corner, {opposite.x, corner.y}, opposite, {corner.x, opposite.y}});
}

}  // namespace gtsa::synth
