#include "core/synth/sets.h"

#include <algorithm>

namespace gtsa::synth {

void draw_all(Stage& stage, Rng& rng, std::vector<Placed> things) {
  std::stable_sort(things.begin(), things.end(), [](const Placed& a, const Placed& b) {
    return a.layer != b.layer ? a.layer < b.layer : a.pose.foot.z > b.pose.foot.z;
  });
  for (const Placed& thing : things) {
    Rng own({.seed = rng.bits(), .sample = rng.bits(), .purpose = Purpose::scene});
    if (thing.category == Category::none) {
      draw_clutter(stage, own, thing.pose);
    } else if (thing.crowd.empty()) {
      draw(stage, own, thing.category, thing.pose);
    } else {
      draw_crowd(stage, own, thing.category, thing.crowd);
    }
  }
}

Vec3 somewhere(const Stage& stage, Rng& rng, float near, float far, float left, float right) {
  const float t = rng.uniform(), z = 1 / (1 / far + (1 / near - 1 / far) * t);
  const float reach = stage.reach(z);
  const float from = std::max(-reach, left), to = std::min(reach, right);
  return {from < to ? rng.uniform(from, to) : 0.5f * (left + right), 0, z};
}

std::vector<Pose> group_around(Rng& rng, Vec3 centre, float spread, int count, float size) {
  std::vector<Pose> poses;
  for (int i = 0; i < count; ++i) {
    Pose pose{.foot = centre, .yaw = rng.uniform(0, 6.28f), .size = size * rng.uniform(0.9f, 1.1f)};
    pose.foot.x += rng.uniform(-1, 1) * spread;
    pose.foot.z = std::max(1.5f, pose.foot.z + rng.uniform(-0.5f, 0.5f) * spread);
    poses.push_back(pose);
  }
  std::sort(poses.begin(), poses.end(), [](const Pose& a, const Pose& b) { return a.foot.z > b.foot.z; });
  return poses;
}

Camera draw_camera(SceneType type, Rng& rng, Size size) {
  const float width = static_cast<float>(size.width), height = static_cast<float>(size.height);
  const float side = std::min(width, 1.5f * height);
  Camera camera;
  camera.focal = side * rng.uniform(0.75f, 1.2f);
  camera.vanishing = {width * rng.uniform(0.36f, 0.64f), height * rng.uniform(0.36f, 0.55f)};
  camera.roll = 0.022f * static_cast<float>(rng.normal());
  switch (type) {
    case SceneType::room:
      camera.focal = side * rng.uniform(0.6f, 0.85f);
      camera.height = rng.uniform(1.2f, 1.7f);
      break;
    case SceneType::coast:
    case SceneType::harbour:
    case SceneType::mountain:
      camera.height = rng.uniform(1.8f, 4.0f);
      break;
    case SceneType::market:
      camera.height = rng.uniform(1.7f, 3.2f);
      break;
    default:
      camera.height = rng.uniform(1.5f, 2.2f);
  }
  return camera;
}

}  // namespace gtsa::synth
