#pragma once
// Textures: periodic tiles of noise made once, looked up through a projective map, so that a pixel costs nanoseconds.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/synth/vector.h"

namespace gtsa::synth {

enum class Pattern : uint8_t {
  clouds,    ///< value noise, five octaves
  grain,     ///< fine noise, one or two texels
  leaves,    ///< overlapping discs of random tone ("dead leaves", whose statistics are those of photographs)
  blades,    ///< overlapping upright strokes
  waves,     ///< crests that lie across
  bricks,    ///< courses with joints
  planks,    ///< boards along u, with grain
  shingles,  ///< overlapping rows
  cobbles,   ///< rounded cells with dark joints
};
inline constexpr int kPatterns = 9;

/// A tile of kSide x kSide texels that repeats in both directions, with its reductions by halves.
/// Texels are zero on average and have a standard deviation of about 0.4; they lie in [-1, 1].
class Tile {
 public:
  static constexpr int kSide = 256;
  static constexpr int kLevels = 6;

  /// `texels`: kSide * kSide values of any mean and deviation.
  explicit Tile(std::span<const float> texels);

  /// Where to look and how to blend: u and v in texels of level 0, below 2^15 in size.
  float bilinear(float u, float v, int level) const {
    const float scale = 1.0f / static_cast<float>(1 << level);
    const int mask = (kSide >> level) - 1;
    // Half a texel back: texel i is the tile's value at i + 0.5.
    const float x = u * scale + (kOffset - 0.5f), y = v * scale + (kOffset - 0.5f);
    const int ix = static_cast<int>(x), iy = static_cast<int>(y);
    const float fx = x - static_cast<float>(ix), fy = y - static_cast<float>(iy);
    const int8_t* row0 = row(iy & mask, level);
    const int8_t* row1 = row((iy + 1) & mask, level);
    const int x0 = ix & mask, x1 = (ix + 1) & mask;
    const float top = static_cast<float>(row0[x0]) * (1 - fx) + static_cast<float>(row0[x1]) * fx;
    const float bottom = static_cast<float>(row1[x0]) * (1 - fx) + static_cast<float>(row1[x1]) * fx;
    return (top * (1 - fy) + bottom * fy) * (1.0f / 127);
  }
  /// The texel that holds the place.
  float nearest(float u, float v, int level) const {
    const float scale = 1.0f / static_cast<float>(1 << level);
    const int mask = (kSide >> level) - 1;
    const int ix = static_cast<int>(u * scale + kOffset), iy = static_cast<int>(v * scale + kOffset);
    return static_cast<float>(row(iy & mask, level)[ix & mask]) * (1.0f / 127);
  }
  /// kSide >> level texels times 127; 0 <= y < kSide >> level.
  const int8_t* row(int y, int level) const {
    return levels_[level].data() + static_cast<ptrdiff_t>(y) * (kSide >> level);
  }

 private:
  /// A multiple of every level's side that makes coordinates positive, so that truncation is floor. Float32 keeps 1/128
  /// texel at this size.
  static constexpr float kOffset = 1 << 16;
  std::array<std::vector<int8_t>, kLevels> levels_;
};

/// The tile of a pattern; the same in every process.
const Tile& tile(Pattern pattern);

/// Picture to texture, projectively: u = (u . p) / (w . p), v = (v . p) / (w . p) with p = (x, y, 1).
struct TextureMap {
  Vec3 u;
  Vec3 v;
  Vec3 w{0, 0, 1};
};

/// u along x and v along y, `texels_per_pixel` each, moved by `offset` texels.
TextureMap flat_map(Vec2 texels_per_pixel, Vec2 offset);

/// How a tile modulates something.
struct Texture {
  const Tile* tile = nullptr;  ///< null: nothing
  float amount = 0;
  TextureMap map;
};

/// values[i] += amount * texture at (x0 + i * dx, y0 + i * dy). Reductions are chosen by the texture's own scale there.
void add_texture(const Texture& texture, Vec2 start, Vec2 step, std::span<float> values);

}  // namespace gtsa::synth
