#include "core/synth/scene.h"

#include <array>

#include "core/base/error.h"
#include "core/synth/develop.h"
#include "core/synth/sets.h"

namespace gtsa::synth {
namespace {

/// Parts of a scene that draw from streams of their own, so that a change to one leaves the others as they are.
enum Part : uint64_t { kSetting, kContent, kFilm };

Rng rng_of(uint64_t seed, uint64_t index, Part part) {
  return Rng({.seed = seed, .epoch = part, .sample = index, .purpose = Purpose::scene});
}

void play(SceneType type, Stage& stage, Rng& rng, const Weather& weather) {
  switch (type) {
    case SceneType::street:
      return play_street(stage, rng, weather);
    case SceneType::coast:
      return play_coast(stage, rng, weather);
    case SceneType::field:
      return play_field(stage, rng, weather);
    case SceneType::room:
      return play_room(stage, rng, weather);
    case SceneType::harbour:
      return play_harbour(stage, rng, weather);
    case SceneType::forest:
      return play_forest(stage, rng, weather);
    case SceneType::mountain:
      return play_mountain(stage, rng, weather);
    case SceneType::market:
      return play_market(stage, rng, weather);
  }
}

/// Numbers the instances that are still to be seen from 1 and takes labels from the rest.
void settle_instances(Stage& stage, Scene& scene) {
  Canvas& canvas = stage.canvas();
  std::vector<Instance>& instances = stage.instances();
  for (const uint16_t instance : canvas.instances())
    if (instance > 0) ++instances[instance - 1].visible;
  std::vector<uint16_t> number(instances.size() + 1, 0);
  for (size_t i = 0; i < instances.size(); ++i) {
    const Instance& it = instances[i];
    if (it.visible < kLeastArea) continue;
    const float hidden = 1 - static_cast<float>(it.visible) / static_cast<float>(it.drawn);
    scene.things.push_back({it.category, it.crowd, it.truncated, std::max(0.0f, hidden), it.visible});
    number[i + 1] = static_cast<uint16_t>(scene.things.size());
  }
  scene.instances = std::move(canvas.instances());
  scene.labels = {canvas.size().width, canvas.size().height, {canvas.labels().begin(), canvas.labels().end()}};
  for (size_t i = 0; i < scene.instances.size(); ++i) {
    uint16_t& instance = scene.instances[i];
    if (instance == 0) continue;
    instance = number[instance];
    if (instance == 0) scene.labels.values[i] = 0;
  }
}

}  // namespace

void check_size(const SceneOptions& options) {
  for (const int64_t side : {options.width, options.height}) {
    if (side < kLeastSide || side > kMostSide)
      throw Error("a scene of {} x {} pixels: sides are {} to {}", options.width, options.height, kLeastSide,
                  kMostSide);
  }
}

Scene render_scene(uint64_t seed, uint64_t index, const SceneOptions& options) {
  check_size(options);
  const Size size{options.width, options.height};
  Rng setting = rng_of(seed, index, kSetting), content = rng_of(seed, index, kContent),
      film = rng_of(seed, index, kFilm);
  Scene scene;
  scene.type = static_cast<SceneType>(setting.below(kSceneTypes));
  const Camera camera = draw_camera(scene.type, setting, size);
  Weather weather = draw_weather(setting);
  if (scene.type == SceneType::room) {
    // Lamps and windows light a room from everywhere, a little more from one side; there is no air to speak of.
    weather.light = {normalized({setting.uniform(-1, 1), 0.8f, -0.6f}),
                     Rgb{0.4f, 0.37f, 0.32f} * setting.uniform(0.6f, 1.1f),
                     {0.82f, 0.8f, 0.76f},
                     {0.7f, 0.68f, 0.65f},
                     1e4f,
                     0.4f};
  }
  if (scene.type == SceneType::mountain) weather.light.haze_distance *= 4;  // mountain air is clear
  Stage stage(size, camera, weather.light);
  play(scene.type, stage, content, weather);
  settle_instances(stage, scene);
  scene.image = develop(stage.canvas(), film);
  scene.jpeg_quality = 70 + static_cast<int>(film.below(26));
  return scene;
}

}  // namespace gtsa::synth
