#include "core/synth/texture.h"

#include <gtest/gtest.h>

#include <vector>

namespace gtsa::synth {
namespace {

TEST(Tile, IsZeroOnAverageAndRepeats) {
  for (int i = 0; i < kPatterns; ++i) {
    const Tile& tile = synth::tile(static_cast<Pattern>(i));
    double sum = 0, squares = 0;
    for (int y = 0; y < Tile::kSide; ++y) {
      for (int x = 0; x < Tile::kSide; ++x) {
        const double texel = tile.row(y, 0)[x] / 127.0;
        sum += texel;
        squares += texel * texel;
      }
    }
    const double count = Tile::kSide * Tile::kSide;
    EXPECT_NEAR(sum / count, 0, 0.06) << i;
    EXPECT_NEAR(std::sqrt(squares / count), 0.4, 0.08) << i;
    EXPECT_EQ(tile.nearest(3.5f, 9.5f, 0), tile.nearest(3.5f + Tile::kSide, 9.5f - 3 * Tile::kSide, 0)) << i;
  }
}

TEST(Tile, BlendsBetweenTexelsAndHitsThemInTheirMiddle) {
  const Tile& tile = synth::tile(Pattern::leaves);
  EXPECT_NEAR(tile.bilinear(10.5f, 20.5f, 0), tile.nearest(10.5f, 20.5f, 0), 1e-3);
  const float a = tile.nearest(10.5f, 20.5f, 0), b = tile.nearest(11.5f, 20.5f, 0);
  EXPECT_NEAR(tile.bilinear(11, 20.5f, 0), 0.5f * (a + b), 1e-3);
}

TEST(Tile, ReducesByMeans) {
  std::vector<float> texels(Tile::kSide * Tile::kSide);
  for (size_t i = 0; i < texels.size(); ++i) texels[i] = i % 2 == 0 ? 1.0f : -1.0f;  // columns of one texel
  const Tile tile(texels);
  EXPECT_NEAR(tile.nearest(0.5f, 0.5f, 0), 0.4, 0.01);
  EXPECT_EQ(tile.nearest(0.5f, 0.5f, 1), 0);
}

TEST(AddTexture, FollowsItsMapAlongARow) {
  const Texture texture{&tile(Pattern::clouds), 2, flat_map({0.25f, 0.25f}, {7, 3})};
  std::vector<float> values(50, 1.0f);
  add_texture(texture, {100.5f, 40.5f}, {1, 0}, values);
  for (size_t i = 0; i < values.size(); ++i) {
    const float x = 100.5f + static_cast<float>(i);
    EXPECT_NEAR(values[i], 1 + 2 * texture.tile->bilinear(0.25f * x + 7, 0.25f * 40.5f + 3, 0), 2e-2);
  }
}

TEST(AddTexture, FadesAwayWhereAPixelSpansTooManyTexels) {
  const Texture texture{&tile(Pattern::grain), 2, flat_map({200, 200}, {0, 0})};
  std::vector<float> values(20, 1.0f);
  add_texture(texture, {0, 0}, {1, 0}, values);
  for (const float value : values) EXPECT_EQ(value, 1);
}

}  // namespace
}  // namespace gtsa::synth
