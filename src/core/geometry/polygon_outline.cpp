// From mask to polygons: the sides between ones and zeros, walked with the ones to the right.

#include <algorithm>
#include <map>
#include <utility>

#include "core/geometry/polygon.h"

namespace gtsa::geometry {
namespace {

enum class Way : uint8_t { right, down, left, up };

/// One side of a pixel, of length 1, that starts at a corner of the grid.
struct Side {
  int64_t x = 0;
  int64_t y = 0;
  Way way = Way::right;
  bool operator==(const Side&) const = default;
};

class Tracer {
 public:
  /// `window` are the ones' bounds.
  Tracer(const RunLengthMask& mask, Rect window)
      : window_(window), ones_(static_cast<size_t>(window.width * window.height)) {
    decode_mask(mask, window, ones_);
  }

  std::vector<Polygon> polygons() {
    find_rings();
    std::vector<Polygon> result;
    for (const Side& first : parts_) result.push_back(walk(first));
    return result;
  }

 private:
  static constexpr uint8_t kOne = 1;
  static constexpr uint8_t kTopSeen = 2;
  static constexpr uint8_t kBottomSeen = 4;

  uint8_t& at(int64_t x, int64_t y) { return ones_[static_cast<size_t>(y * window_.width + x)]; }
  bool is_one(int64_t x, int64_t y) {
    return x >= 0 && y >= 0 && x < window_.width && y < window_.height && (at(x, y) & kOne) != 0;
  }

  /// The side that follows. Where two ones touch by a corner alone the walk stays at its own.
  Side next(const Side& side) {
    switch (side.way) {
      case Way::right:
        return turned({side.x + 1, side.y, side.way}, is_one(side.x + 1, side.y), is_one(side.x + 1, side.y - 1));
      case Way::down:
        return turned({side.x, side.y + 1, side.way}, is_one(side.x - 1, side.y + 1), is_one(side.x, side.y + 1));
      case Way::left:
        return turned({side.x - 1, side.y, side.way}, is_one(side.x - 2, side.y - 1), is_one(side.x - 2, side.y));
      case Way::up:
        return turned({side.x, side.y - 1, side.way}, is_one(side.x, side.y - 2), is_one(side.x - 1, side.y - 2));
    }
    return side;
  }

  static Side turned(Side straight, bool one_to_the_right, bool one_to_the_left) {
    const int turn = !one_to_the_right ? 1 : one_to_the_left ? 3 : 0;
    straight.way = static_cast<Way>((static_cast<int>(straight.way) + turn) % 4);
    return straight;
  }

  void mark(const Side& first) {
    Side side = first;
    do {
      if (side.way == Way::right) at(side.x, side.y) |= kTopSeen;
      if (side.way == Way::left) at(side.x - 1, side.y - 1) |= kBottomSeen;
      side = next(side);
    } while (side != first);
  }

  /// From top to bottom a part is met first at a side that runs to the right, a hole at one that runs to the left.
  void find_rings() {
    for (int64_t y = 0; y < window_.height; ++y) {
      for (int64_t x = 0; x < window_.width; ++x) {
        const bool top = is_one(x, y) && !is_one(x, y - 1);
        const bool below = !is_one(x, y) && is_one(x, y - 1);
        if (top && (at(x, y) & kTopSeen) == 0) {
          parts_.push_back({x, y, Way::right});
          mark(parts_.back());
        } else if (below && (at(x, y - 1) & kBottomSeen) == 0) {
          const Side ceiling{x + 1, y, Way::left};
          mark(ceiling);
          int64_t up = y - 1;
          while (is_one(x, up - 1)) --up;
          holes_.emplace(std::pair(x, up), next(ceiling));
        }
      }
    }
  }

  void add(Polygon& polygon, int64_t x, int64_t y) const {
    const Point point{static_cast<double>(x + window_.left), static_cast<double>(y + window_.top)};
    const size_t n = polygon.size();
    if (n > 0 && polygon.back() == point) return;
    if (n > 1 && goes_on(polygon[n - 2], polygon[n - 1], point)) polygon.pop_back();
    polygon.push_back(point);
  }

  static bool goes_on(const Point& a, const Point& b, const Point& c) {
    return (a.x == b.x && b.x == c.x && (a.y < b.y) == (b.y < c.y)) ||
           (a.y == b.y && b.y == c.y && (a.x < b.x) == (b.x < c.x));
  }

  /// A part's ring and, wherever a cut begins, the hole's ring before it goes on.
  Polygon walk(const Side& first) {
    struct Walk {
      Side first;
      Side side;
      bool is_hole;
    };
    Polygon polygon;
    std::vector<Walk> walks{{first, first, false}};
    while (!walks.empty()) {
      Walk& now = walks.back();
      add(polygon, now.side.x, now.side.y);
      if (now.side.way == Way::right) {
        if (const auto hole = holes_.find(std::pair(now.side.x, now.side.y)); hole != holes_.end()) {
          const Side start = hole->second;
          holes_.erase(hole);
          walks.push_back({start, start, true});
          continue;
        }
      }
      now.side = next(now.side);
      if (now.side != now.first) continue;
      if (now.is_hole) add(polygon, now.side.x, now.side.y);
      walks.pop_back();
    }
    const size_t n = polygon.size();
    if (goes_on(polygon[n - 2], polygon[n - 1], polygon.front())) polygon.pop_back();
    return polygon;
  }

  Rect window_;
  std::vector<uint8_t> ones_;
  std::vector<Side> parts_;                                 ///< first sides, sorted by row and column
  std::multimap<std::pair<int64_t, int64_t>, Side> holes_;  ///< where the cut ends -> first side of the hole
};

}  // namespace

std::vector<Polygon> outline(const RunLengthMask& mask) {
  const Rect window = bounds(mask);
  if (window.width == 0) return {};
  return Tracer(mask, window).polygons();
}

}  // namespace gtsa::geometry
