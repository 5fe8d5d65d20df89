#pragma once
// Small value types of the picture plane: x to the right, y down, origin at the top-left corner of the top-left pixel.

#include <cstdint>

namespace gtsa {

/// A place in the frame that the variable's name says; a pixel's centre is at one half.
struct Point {
  double x = 0;
  double y = 0;
  bool operator==(const Point&) const = default;
};

/// Extent in pixels.
struct Size {
  int64_t width = 0;
  int64_t height = 0;
  bool operator==(const Size&) const = default;
};

/// Whole pixels: columns [left, left + width), rows [top, top + height).
struct Rect {
  int64_t left = 0;
  int64_t top = 0;
  int64_t width = 0;
  int64_t height = 0;
  bool operator==(const Rect&) const = default;
};

/// Corners in pixels of the frame that the variable's name says (`box_in_view`, `box_in_photo`). Float32, as in the
/// original.
struct Box {
  float x1 = 0;
  float y1 = 0;
  float x2 = 0;
  float y2 = 0;
  bool operator==(const Box&) const = default;
};

/// A quarter turn, anticlockwise as seen on the screen. Its number is also the class that the rotation head predicts.
enum class Turn : uint8_t { none = 0, quarter = 1, half = 2, three_quarters = 3 };

constexpr int degrees(Turn turn) { return 90 * static_cast<int>(turn); }
/// The turn that leads from orientation `from` to orientation `to`.
constexpr Turn turn_between(Turn from, Turn to) {
  return static_cast<Turn>((static_cast<int>(to) - static_cast<int>(from) + 4) % 4);
}

}  // namespace gtsa
