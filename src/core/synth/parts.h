#pragma once
// What the drawings of things share. Of use inside core/synth only.

#include "core/base/rng.h"
#include "core/synth/objects.h"
#include "core/synth/stage.h"

namespace gtsa::synth {

/// A flat drawing that faces the camera: metres right of the foot and above it, to pixels.
struct Board {
  Vec2 foot;
  float scale;  ///< pixels a metre
  Board(const Stage& stage, const Pose& pose);
  Vec2 at(float u, float v) const { return {foot.x + u * scale, foot.y - v * scale}; }
};

/// The colour of an upright, roundish surface that looks at the camera and a little to one side (-1 left, 1 right).
Rgb upright_lit(const Stage& stage, Rgb colour, float side);
/// Such a surface from its left edge to its right one.
Paint across(const Stage& stage, Rgb colour, Vec2 from, Vec2 to);
/// A texture that is pinned to a board.
Texture foliage_texture(Rng& rng, const Board& board, Pattern pattern, float amount, float texels_per_metre);

/// A thing's parts, without begin() and end().
void draw_parts(Stage& stage, Rng& rng, Category category, const Pose& pose);

void draw_person(Stage& stage, Rng& rng, const Pose& pose);
void draw_car(Stage& stage, Rng& rng, const Pose& pose);
void draw_bus(Stage& stage, Rng& rng, const Pose& pose);
void draw_boat(Stage& stage, Rng& rng, const Pose& pose);
void draw_bird(Stage& stage, Rng& rng, const Pose& pose);
void draw_cow(Stage& stage, Rng& rng, const Pose& pose);
void draw_tree(Stage& stage, Rng& rng, const Pose& pose);
void draw_bush(Stage& stage, Rng& rng, const Pose& pose);
void draw_house(Stage& stage, Rng& rng, const Pose& pose);
void draw_lamp(Stage& stage, Rng& rng, const Pose& pose);
void draw_sign(Stage& stage, Rng& rng, const Pose& pose);
void draw_bench(Stage& stage, Rng& rng, const Pose& pose);
void draw_chair(Stage& stage, Rng& rng, const Pose& pose);
void draw_table(Stage& stage, Rng& rng, const Pose& pose);
void draw_window(Stage& stage, Rng& rng, const Pose& pose);
void draw_door(Stage& stage, Rng& rng, const Pose& pose);
void draw_picture(Stage& stage, Rng& rng, const Pose& pose);
void draw_plant(Stage& stage, Rng& rng, const Pose& pose);
void draw_sofa(Stage& stage, Rng& rng, const Pose& pose);
void draw_shelf(Stage& stage, Rng& rng, const Pose& pose);
void draw_rock(Stage& stage, Rng& rng, const Pose& pose);
void draw_umbrella(Stage& stage, Rng& rng, const Pose& pose);
void draw_crate(Stage& stage, Rng& rng, const Pose& pose);

}  // namespace gtsa::synth
