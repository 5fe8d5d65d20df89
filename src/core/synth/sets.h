#pragma once
// The scene types: what a street, a coast, a room... consists of. Of use inside core/synth only.

#include <vector>

#include "core/base/rng.h"
#include "core/synth/backdrop.h"
#include "core/synth/objects.h"
#include "core/synth/stage.h"

namespace gtsa::synth {

/// A thing's place in the order of drawing: first all of the lower layers, in a layer from far to near.
struct Placed {
  Category category = Category::none;
  Pose pose;
  int layer = 1;
  std::vector<Pose> crowd = {};  ///< not empty: a crowd of these instead
};

/// Draws them in order; each has random numbers of its own.
void draw_all(Stage& stage, Rng& rng, std::vector<Placed> things);

/// A place on the ground between two depths, nearer ones being as likely in the picture as far ones, within the view
/// and [left, right] metres.
Vec3 somewhere(const Stage& stage, Rng& rng, float near, float far, float left = -1e4f, float right = 1e4f);
/// `count` poses around a place, from far to near.
std::vector<Pose> group_around(Rng& rng, Vec3 centre, float spread, int count, float size = 1);

Camera draw_camera(SceneType type, Rng& rng, Size size);

void play_street(Stage& stage, Rng& rng, const Weather& weather);
void play_market(Stage& stage, Rng& rng, const Weather& weather);
void play_coast(Stage& stage, Rng& rng, const Weather& weather);
void play_harbour(Stage& stage, Rng& rng, const Weather& weather);
void play_field(Stage& stage, Rng& rng, const Weather& weather);
void play_forest(Stage& stage, Rng& rng, const Weather& weather);
void play_mountain(Stage& stage, Rng& rng, const Weather& weather);
void play_room(Stage& stage, Rng& rng, const Weather& weather);

}  // namespace gtsa::synth
