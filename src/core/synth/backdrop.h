#pragma once
// What lies behind and below things: skies, grounds, waters, ridges and walls of leaves.

#include "core/base/rng.h"
#include "core/synth/stage.h"

namespace gtsa::synth {

/// The weather of a scene: what its light and its sky look like.
struct Weather {
  Light light;
  Rgb zenith;
  Rgb horizon;
  Rgb cloud;
  float clouds = 0;  ///< 0 = clear, 1 = covered
};
Weather draw_weather(Rng& rng);

/// Fills the whole picture.
void draw_sky(Stage& stage, Rng& rng, const Weather& weather);

/// A level patch between depths near and far, x from left to right metres; far ones fade into the air.
struct Patch {
  Category category = Category::grass;
  Surface surface;
  float left = -500, right = 500, near = 0.5f, far = 2000;
  float y = 0;  ///< metres above the ground
};
void draw_patch(Stage& stage, const Patch& patch);
/// Air between the camera and the ground, denser toward the horizon. Drawn once, after the ground and before things.
void draw_ground_haze(Stage& stage);

/// Water up to the horizon or to `far`, from `near` on, that mirrors the sky.
void draw_water(Stage& stage, Rng& rng, const Weather& weather, float near, float far);

/// A skyline at depth z that stands on the ground: hills, mountains, the edge of a wood.
struct Ridge {
  Category category = Category::mountain;
  float z = 1000;
  float low = 20, high = 100;  ///< metres
  float wavelength = 300;      ///< metres between summits, about
  float roughness = 0.5f;      ///< share of the detail
  Surface surface;
  Rgb snow;  ///< colour above the snow line
  float snow_line = 1e9f;
};
void draw_ridge(Stage& stage, Rng& rng, const Ridge& ridge);

/// Tufts of grass between depths near and far: strokes of colour that change no label.
void draw_tufts(Stage& stage, Rng& rng, Rgb colour, float near, float far, int count);
/// Posts and rails along z from near to far at x, or across at depth near when x is outside [-1e3, 1e3].
void draw_fence(Stage& stage, Rng& rng, Vec3 from, Vec3 to);

}  // namespace gtsa::synth
