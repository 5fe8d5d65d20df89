#pragma once
// The things that scenes are furnished with. Each is composed of shaded parts and differs from draw to draw.

#include <span>

#include "core/base/rng.h"
#include "core/synth/stage.h"

namespace gtsa::synth {

/// Where and how a thing stands.
struct Pose {
  Vec3 foot;       ///< where it meets the ground, in metres
  float yaw = 0;   ///< radians; 0 = its front looks at the camera's back wall, as the camera does
  float size = 1;  ///< multiplies its usual size
  int style = 0;   ///< meaning differs: see draw()
};

/// Draws one thing at its pose as an instance of its own. Styles: tree 0 = any broad-leaved, 1 = conifer, 2 = palm,
/// 3 = bare; house 0 = cottage, 1 = town house; boat 0 = any, 1 = sailing; lamp 0 = street, 1 = room; bird 0 = flying,
/// 1 = afloat or standing; window, door, picture: on the wall whose inside looks along the frame's -z.
void draw(Stage& stage, Rng& rng, Category category, const Pose& pose);
/// Several of a kind as one instance that is marked as a crowd; the poses go from far to near.
void draw_crowd(Stage& stage, Rng& rng, Category category, std::span<const Pose> poses);

/// Small things without a label that lie on a surface at the pose's height: books, cups, boxes, bowls.
void draw_clutter(Stage& stage, Rng& rng, const Pose& pose);

// Parts that scenes use as well.

/// One of the colours, varied a little.
Rgb pick(Rng& rng, std::span<const Rgb> colours, float variation = 0.06f);
Rgb pick(Rng& rng, std::initializer_list<Rgb> colours, float variation = 0.06f);
/// A closed outline around an ellipse with an edge as of leaves.
void add_leafy(Path& path, Rng& rng, Vec2 centre, float rx, float ry, float roughness);

}  // namespace gtsa::synth
