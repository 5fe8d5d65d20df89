#include "core/synth/objects.h"

#include <array>
#include <numbers>

#include "core/base/error.h"
#include "core/synth/parts.h"

namespace gtsa::synth {

void draw(Stage& stage, Rng& rng, Category category, const Pose& pose) {
  stage.begin(category, pose.foot.z);
  draw_parts(stage, rng, category, pose);
  stage.end();
}

void draw_crowd(Stage& stage, Rng& rng, Category category, std::span<const Pose> poses) {
  if (poses.empty()) return;
  stage.begin(category, poses.back().foot.z, true);
  for (const Pose& pose : poses) {
    stage.depth(pose.foot.z);
    draw_parts(stage, rng, category, pose);
  }
  stage.end();
}

void draw_parts(Stage& stage, Rng& rng, Category category, const Pose& pose) {
  using Drawer = void (*)(Stage&, Rng&, const Pose&);
  constexpr std::array<Drawer, kCategories - static_cast<int>(kFirstThing) + 1> kDrawers = {
      draw_person,  draw_car,   draw_bus,  draw_boat,  draw_bird,  draw_cow,      draw_tree,   draw_bush,
      draw_house,   draw_lamp,  draw_sign, draw_bench, draw_chair, draw_table,    draw_window, draw_door,
      draw_picture, draw_plant, draw_sofa, draw_shelf, draw_rock,  draw_umbrella, draw_crate};
  GTSA_CHECK(is_thing(category), "{} is no thing", name_of(category));
  kDrawers[static_cast<size_t>(category) - static_cast<size_t>(kFirstThing)](stage, rng, pose);
}

Rgb pick(Rng& rng, std::span<const Rgb> colours, float variation) {
  const Rgb colour = colours[rng.below(static_cast<uint32_t>(colours.size()))];
  const float all = rng.uniform(-variation, variation);
  const auto varied = [&](float value) {
    return std::clamp(value + all + rng.uniform(-0.5f, 0.5f) * variation, 0.01f, 1.0f);
  };
  return {varied(colour.r), varied(colour.g), varied(colour.b)};
}

Rgb pick(Rng& rng, std::initializer_list<Rgb> colours, float variation) {
  return pick(rng, std::span(colours.begin(), colours.size()), variation);
}

void add_leafy(Path& path, Rng& rng, Vec2 centre, float rx, float ry, float roughness) {
  constexpr int kMost = 56;
  const int corners = std::clamp(static_cast<int>(7 * std::sqrt(std::max(rx, ry))), 9, kMost);
  const float step = 2 * std::numbers::pi_v<float> / static_cast<float>(corners);
  const Vec2 turn{std::cos(step), std::sin(step)};
  std::array<Vec2, kMost> points;
  Vec2 unit{1, 0};
  for (int i = 0; i < corners; ++i) {
    const float r = 1 + roughness * (i % 2 == 0 ? rng.uniform(0, 1) : rng.uniform(-1, 0));
    points[i] = {centre.x + rx * unit.x * r, centre.y + ry * unit.y * r};
    unit = {unit.x * turn.x - unit.y * turn.y, unit.x * turn.y + unit.y * turn.x};
  }
  path.add(std::span<const Vec2>(points.data(), static_cast<size_t>(corners)));
}

Board::Board(const Stage& stage, const Pose& pose)
    : foot(stage.project(pose.foot)), scale(stage.scale(pose.foot.z) * pose.size) {}

Rgb upright_lit(const Stage& stage, Rgb colour, float side) {
  return stage.lit(colour, normalized({side, 0.35f, -0.8f}));
}

Paint across(const Stage& stage, Rgb colour, Vec2 from, Vec2 to) {
  return gradient(upright_lit(stage, colour, -0.9f), upright_lit(stage, colour, 0.9f), from, to);
}

Texture foliage_texture(Rng& rng, const Board& board, Pattern pattern, float amount, float texels_per_metre) {
  const float texels = texels_per_metre / std::max(board.scale, 0.01f);
  return {&tile(pattern), amount, flat_map({texels, texels}, {rng.uniform(0, 256), rng.uniform(0, 256)})};
}

}  // namespace gtsa::synth
