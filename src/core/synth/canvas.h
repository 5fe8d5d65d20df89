#pragma once
// The picture while it is drawn: colours by exact area coverage, labels by pixel centre, painter's order.

#include <cstdint>
#include <span>
#include <vector>

#include "core/geometry/types.h"
#include "core/synth/path.h"
#include "core/synth/texture.h"
#include "core/synth/vector.h"

namespace gtsa::synth {

/// What fills an outline. At each pixel a mixture m is formed:
///   m = base + along . (x, y) + radial * (squared distance to `centre` in units of `radii`) + blend texture,
/// cut to [0, 1]; the colour goes from `a` (m = 0) to `b` (m = 1) and is multiplied by 1 + tone texture.
/// With `fades`, the colour is `b` everywhere and m is its opacity: soft shadows, clouds, glow.
/// Coordinates are pixels of the upright picture (before the camera's roll).
struct Paint {
  Rgb a;
  Rgb b;
  float base = 0;
  Vec2 along;
  float radial = 0;
  Vec2 centre;
  Vec2 radii{1, 1};
  Texture blend;
  Texture tone;
  float opacity = 1;
  bool fades = false;
};

/// One colour.
Paint plain(Rgb colour);
/// From `a` at `from` to `b` at `to`, straight.
Paint gradient(Rgb a, Rgb b, Vec2 from, Vec2 to);
/// Shaded like a ball that is lit from the direction `light` (in the picture, unit length): `lit` to `dark`.
Paint ball(Rgb lit, Rgb dark, Vec2 centre, Vec2 radii, Vec2 light);

/// What the pixels are whose centres an outline covers.
struct Tag {
  uint8_t label = 0;      ///< class
  uint16_t instance = 0;  ///< 0 = none
  bool marks = true;      ///< false: colour only (shadows, reflections, glass in front of things)
};

class Canvas {
 public:
  /// `roll` in radians, about the middle of the picture, clockwise as seen.
  Canvas(Size size, float roll);
  ~Canvas();
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;

  Size size() const { return size_; }
  /// Fills the union of the path's contours (given in upright coordinates).
  void fill(const Path& path, const Paint& paint, const Tag& tag);

  /// Extremes of what fill() was given since clear_extent(), in the picture's pixels; may reach out of the picture.
  struct Extent {
    float left = 1e30f, top = 1e30f, right = -1e30f, bottom = -1e30f;
  };
  const Extent& extent() const { return extent_; }
  void clear_extent() { extent_ = {}; }

  /// width * height values a channel, about 0..1, not bounded.
  std::span<float> channel(int c) { return memory_.channels[c]; }
  std::vector<uint8_t>& labels() { return labels_; }
  std::vector<uint16_t>& instances() { return instances_; }

 private:
  struct Band;
  /// Large and of no lasting value: stays with the thread from one canvas to the next.
  struct Memory {
    std::vector<float> channels[3];
    // Scratch of one fill: signed area and winding differences of the band, values of one row.
    std::vector<float> areas;
    std::vector<int8_t> windings;
    std::vector<float> coverage, mixture, tone;
  };
  static Memory& spare();
  void accumulate(const Path& path, const Band& band);
  void accumulate_edge(Vec2 from, Vec2 to, const Band& band);
  void fill_row(int64_t y, const Band& band, const Paint& paint, const Tag& tag);
  /// Coverage of a row's pixels from its differences; the half-open range that is not zero ends at what it returns.
  int64_t sum_coverage(const float* areas, int64_t width, int64_t& first);
  void mark_row(const int8_t* windings, int64_t at, int64_t width, const Tag& tag);
  static bool is_even(const Paint& paint);
  void shade(Vec2 start, const Paint& paint, size_t count);
  Vec2 rolled(Vec2 p) const;
  Vec2 upright(Vec2 p) const;

  Size size_;
  Vec2 middle_;
  Vec2 roll_;  ///< cosine and sine
  std::vector<uint8_t> labels_;
  std::vector<uint16_t> instances_;
  Extent extent_;
  Memory memory_;
};

}  // namespace gtsa::synth
