#include "core/synth/texture.h"

#include "core/base/rng.h"

namespace gtsa::synth {
namespace {

constexpr int kSide = Tile::kSide;
using Texels = std::vector<float>;

int wrapped(int i) { return i & (kSide - 1); }

/// Rng of the n-th tile: the same numbers in every process.
Rng tile_rng(uint64_t n) { return Rng({.seed = 0x7E47, .sample = n, .purpose = Purpose::scene}); }

/// Smooth noise whose lattice has `cells_x` x `cells_y` points a tile.
void add_value_noise(Texels& texels, Rng& rng, int cells_x, int cells_y, float amount) {
  Texels lattice(static_cast<size_t>(cells_x) * cells_y);
  for (float& value : lattice) value = rng.uniform(-1, 1);
  for (int y = 0; y < kSide; ++y) {
    const float v = static_cast<float>(y * cells_y) / kSide;
    const int j = static_cast<int>(v);
    const float fy = (v - j) * (v - j) * (3 - 2 * (v - j));
    for (int x = 0; x < kSide; ++x) {
      const float u = static_cast<float>(x * cells_x) / kSide;
      const int i = static_cast<int>(u);
      const float fx = (u - i) * (u - i) * (3 - 2 * (u - i));
      const auto at = [&](int a, int b) { return lattice[(b % cells_y) * cells_x + a % cells_x]; };
      const float top = at(i, j) * (1 - fx) + at(i + 1, j) * fx;
      const float bottom = at(i, j + 1) * (1 - fx) + at(i + 1, j + 1) * fx;
      texels[y * kSide + x] += amount * (top * (1 - fy) + bottom * fy);
    }
  }
}

/// `count` overlapping ellipses with axes up to (rx, ry), shaded from the upper left, each of its own tone.
void add_dead_leaves(Texels& texels, Rng& rng, int count, float rx, float ry) {
  for (int n = 0; n < count; ++n) {
    const int cx = static_cast<int>(rng.below(kSide)), cy = static_cast<int>(rng.below(kSide));
    const float size = 0.35f + 0.65f * rng.uniform() * rng.uniform();
    const float ax = std::max(1.0f, rx * size), ay = std::max(1.0f, ry * size);
    const float tone = rng.uniform(-1, 1), lean = rng.uniform(-0.4f, 0.4f);
    for (int dy = -static_cast<int>(ay); dy <= static_cast<int>(ay); ++dy) {
      for (int dx = -static_cast<int>(ax) - 2; dx <= static_cast<int>(ax) + 2; ++dx) {
        const float a = (dx - lean * dy) / ax, b = dy / ay;
        if (a * a + b * b > 1) continue;
        texels[wrapped(cy + dy) * kSide + wrapped(cx + dx)] = tone - 0.45f * (a + b);
      }
    }
  }
}

Texels clouds(Rng& rng) {
  Texels texels(kSide * kSide);
  float amount = 1;
  for (int cells = 4; cells <= 64; cells *= 2, amount *= 0.55f) add_value_noise(texels, rng, cells, cells, amount);
  return texels;
}

Texels grain(Rng& rng) {
  Texels texels(kSide * kSide);
  for (float& texel : texels) texel = rng.uniform(-1, 1);
  add_value_noise(texels, rng, 128, 128, 1.0f);
  add_value_noise(texels, rng, 24, 24, 0.5f);
  return texels;
}

Texels leaves(Rng& rng) {
  Texels texels(kSide * kSide);
  add_dead_leaves(texels, rng, 9000, 9, 8);
  add_value_noise(texels, rng, 12, 12, 0.7f);
  return texels;
}

Texels blades(Rng& rng) {
  Texels texels(kSide * kSide);
  add_dead_leaves(texels, rng, 14000, 2.5f, 14);
  add_value_noise(texels, rng, 10, 10, 0.5f);
  return texels;
}

Texels waves(Rng& rng) {
  Texels texels(kSide * kSide);
  add_value_noise(texels, rng, 6, 24, 0.8f);
  add_value_noise(texels, rng, 14, 56, 0.8f);
  add_value_noise(texels, rng, 40, 120, 0.6f);
  for (float& texel : texels) texel = 0.8f - 2 * std::abs(texel);
  return texels;
}

Texels bricks(Rng& rng) {
  constexpr int kLong = 32, kHigh = 16;
  Texels texels(kSide * kSide);
  Texels tones(static_cast<size_t>(kSide / kLong) * (kSide / kHigh));
  for (float& tone : tones) tone = rng.uniform(-0.6f, 0.6f);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const int course = y / kHigh, shifted = wrapped(x + (course % 2) * kLong / 2);
      const bool joint = y % kHigh < 2 || shifted % kLong < 2;
      texels[y * kSide + x] =
          joint ? 1.3f : tones[course * (kSide / kLong) + shifted / kLong] + rng.uniform(-0.25f, 0.25f);
    }
  }
  return texels;
}

Texels planks(Rng& rng) {
  constexpr int kWide = 32;
  Texels texels(kSide * kSide);
  add_value_noise(texels, rng, 6, 128, 0.5f);
  for (int board = 0; board < kSide / kWide; ++board) {
    const float tone = rng.uniform(-0.5f, 0.5f);
    const int end = static_cast<int>(rng.below(kSide));
    for (int y = board * kWide; y < (board + 1) * kWide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        float& texel = texels[y * kSide + x];
        texel += tone + (wrapped(x - end) < kSide / 2 ? 0.25f : -0.1f);
        if (y % kWide < 2 || wrapped(x - end) % (kSide / 2) < 2) texel = -1.3f;
      }
    }
  }
  return texels;
}

Texels shingles(Rng& rng) {
  constexpr int kWide = 16, kHigh = 16;
  Texels texels(kSide * kSide);
  Texels tones(static_cast<size_t>(kSide / kWide) * (kSide / kHigh));
  for (float& tone : tones) tone = rng.uniform(-0.6f, 0.6f);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const int row = y / kHigh, shifted = wrapped(x + (row % 2) * kWide / 2);
      const float down = static_cast<float>(y % kHigh) / kHigh;
      const float edge = shifted % kWide < 2 ? -0.5f : 0.0f;
      texels[y * kSide + x] = tones[row * (kSide / kWide) + shifted / kWide] + 0.9f * down - (down < 0.15f ? 0.8f : 0) +
                              edge + rng.uniform(-0.15f, 0.15f);
    }
  }
  return texels;
}

Texels cobbles(Rng& rng) {
  constexpr int kCells = 16, kCell = kSide / kCells;
  struct Stone {
    float x, y, tone;
  };
  std::vector<Stone> stones(kCells * kCells);
  for (int j = 0; j < kCells; ++j) {
    for (int i = 0; i < kCells; ++i) {
      const float shift = j % 2 == 0 ? 0.0f : 0.5f;
      stones[j * kCells + i] = {(i + shift + rng.uniform(0.3f, 0.7f)) * kCell, (j + rng.uniform(0.3f, 0.7f)) * kCell,
                                rng.uniform(-0.7f, 0.7f)};
    }
  }
  Texels texels(kSide * kSide);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      float nearest = 1e9f, second = 1e9f, tone = 0;
      for (int j = y / kCell - 1; j <= y / kCell + 1; ++j) {
        for (int i = x / kCell - 2; i <= x / kCell + 1; ++i) {
          const Stone& stone = stones[(j & (kCells - 1)) * kCells + (i & (kCells - 1))];
          const float wrap_x = static_cast<float>((i - (i & (kCells - 1))) * kCell);
          const float wrap_y = static_cast<float>((j - (j & (kCells - 1))) * kCell);
          const float dx = stone.x + wrap_x - x, dy = stone.y + wrap_y - y;
          const float distance = std::sqrt(dx * dx + dy * dy);
          if (distance < nearest) {
            second = nearest;
            nearest = distance;
            tone = stone.tone;
          } else {
            second = std::min(second, distance);
          }
        }
      }
      const float joint = std::min(1.0f, (second - nearest) / 4);
      texels[y * kSide + x] = (tone + 0.5f) * joint - 1.2f * (1 - joint) + rng.uniform(-0.2f, 0.2f);
    }
  }
  return texels;
}

std::vector<Tile> make_tiles() {
  using Maker = Texels (*)(Rng&);
  constexpr std::array<Maker, kPatterns> kMakers = {clouds, grain,  leaves,   blades, waves,
                                                    bricks, planks, shingles, cobbles};
  std::vector<Tile> tiles;
  for (size_t i = 0; i < kMakers.size(); ++i) {
    Rng rng = tile_rng(i);
    tiles.emplace_back(kMakers[i](rng));
  }
  return tiles;
}

Vec2 mapped(const TextureMap& map, float x, float y) {
  const float w = 1 / (map.w.x * x + map.w.y * y + map.w.z);
  return {(map.u.x * x + map.u.y * y + map.u.z) * w, (map.v.x * x + map.v.y * y + map.v.z) * w};
}

/// The square of the number of texels that a pixel spans: halfway between the area and the longer side's square.
float squared_span(const TextureMap& map, float x, float y) {
  const float w = 1 / (map.w.x * x + map.w.y * y + map.w.z);
  const Vec2 at{(map.u.x * x + map.u.y * y + map.u.z) * w, (map.v.x * x + map.v.y * y + map.v.z) * w};
  const Vec2 right = Vec2{map.u.x - at.x * map.w.x, map.v.x - at.y * map.w.x} * w;
  const Vec2 down = Vec2{map.u.y - at.x * map.w.y, map.v.y - at.y * map.w.y} * w;
  const float area = std::abs(right.x * down.y - right.y * down.x);
  return 0.5f * (area + std::max(right.x * right.x + right.y * right.y, down.x * down.x + down.y * down.y));
}

}  // namespace

Tile::Tile(std::span<const float> texels) {
  double sum = 0, squares = 0;
  for (const float texel : texels) {
    sum += texel;
    squares += static_cast<double>(texel) * texel;
  }
  const double count = kSide * kSide;
  const double mean = sum / count, deviation = std::sqrt(std::max(squares / count - mean * mean, 1e-12));
  Texels level(texels.begin(), texels.end());
  for (float& texel : level) texel = static_cast<float>((texel - mean) / deviation * 0.4);
  for (int i = 0; i < kLevels; ++i) {
    const int side = kSide >> i;
    for (const float texel : level)
      levels_[i].push_back(static_cast<int8_t>(std::lround(std::clamp(texel, -1.0f, 1.0f) * 127)));
    Texels half(static_cast<size_t>(side / 2) * (side / 2));
    for (int y = 0; y < side / 2; ++y) {
      for (int x = 0; x < side / 2; ++x) {
        const float* corner = level.data() + 2 * y * side + 2 * x;
        half[y * (side / 2) + x] = (corner[0] + corner[1] + corner[side] + corner[side + 1]) / 4;
      }
    }
    level = std::move(half);
  }
}

const Tile& tile(Pattern pattern) {
  static const std::vector<Tile> tiles = make_tiles();
  return tiles[static_cast<size_t>(pattern)];
}

TextureMap flat_map(Vec2 texels_per_pixel, Vec2 offset) {
  return {{texels_per_pixel.x, 0, offset.x}, {0, texels_per_pixel.y, offset.y}, {0, 0, 1}};
}

void add_texture(const Texture& texture, Vec2 start, Vec2 step, std::span<float> values) {
  if (texture.tile == nullptr || texture.amount == 0) return;
  constexpr size_t kRun = 16;
  constexpr float kLargestSpan = 1.5f * (1 << (Tile::kLevels - 1));
  const TextureMap& map = texture.map;
  const Tile& texels = *texture.tile;
  const auto place = [&](size_t i) {
    constexpr float kFar = 1 << 15;
    const Vec2 at = mapped(map, start.x + static_cast<float>(i) * step.x, start.y + static_cast<float>(i) * step.y);
    return Vec2{std::clamp(at.x, -kFar, kFar), std::clamp(at.y, -kFar, kFar)};
  };
  Vec2 from = place(0);
  for (size_t begin = 0; begin < values.size(); begin += kRun) {
    const size_t end = std::min(values.size(), begin + kRun);
    // Straight between the ends of a short run, where the map is true: a division a run instead of one a pixel.
    const Vec2 to = place(end);
    const Vec2 way = (to - from) * (1 / static_cast<float>(end - begin));
    const float middle = 0.5f * static_cast<float>(begin + end);
    const float span = squared_span(map, start.x + middle * step.x, start.y + middle * step.y);
    int level = 0;
    for (float most = 2; level + 1 < Tile::kLevels && span > most; most *= 4) ++level;
    // Finer than the coarsest reduction: the tile's mean, nothing.
    if (span < kLargestSpan * kLargestSpan) {
      const size_t count = end - begin;
      float* out = values.data() + begin;
      if (span < 0.3f) {  // magnified
        for (size_t i = 0; i < count; ++i) {
          const float t = static_cast<float>(i);
          out[i] += texture.amount * texels.bilinear(from.x + t * way.x, from.y + t * way.y, 0);
        }
      } else {
        for (size_t i = 0; i < count; ++i) {
          const float t = static_cast<float>(i);
          out[i] += texture.amount * texels.nearest(from.x + t * way.x, from.y + t * way.y, level);
        }
      }
    }
    from = to;
  }
}

}  // namespace gtsa::synth
