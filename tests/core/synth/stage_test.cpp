#include "core/synth/stage.h"

#include <gtest/gtest.h>

#include "core/base/error.h"

namespace gtsa::synth {
namespace {

Stage stage_of(Size size) {
  Camera camera;
  camera.focal = 100;
  camera.vanishing = {50, 40};
  return Stage(size, camera, Light{});
}

TEST(Stage, MapsAPlaneAsItProjectsIt) {
  const Stage stage = stage_of({100, 80});
  const Vec3 origin{0.5f, -1, 4}, u = normalized({1, 0.2f, 0.3f}), v = normalized(cross(u, {0.1f, 1, 0.4f}));
  const TextureMap map = stage.plane(origin, u, v, 64);
  for (const Vec2 at : {Vec2{0, 0}, {1, 0}, {0, 1}, {-0.7f, 1.3f}}) {
    const Vec2 p = stage.project(origin + u * at.x + v * at.y);
    const float w = map.w.x * p.x + map.w.y * p.y + map.w.z;
    EXPECT_NEAR((map.u.x * p.x + map.u.y * p.y + map.u.z) / w, 64 * at.x, 0.02f);
    EXPECT_NEAR((map.v.x * p.x + map.v.y * p.y + map.v.z) / w, 64 * at.y, 0.02f);
  }
}

TEST(Stage, DrawsABoxWithoutItsHiddenFaces) {
  Stage stage = stage_of({100, 80});
  stage.begin(Category::crate, 5);
  stage.box(Frame::standing({0, 0, 5}, 0), {-0.5f, 0.5f}, {0, 1}, {-0.5f, 0.5f}, {});
  stage.end();
  ASSERT_EQ(stage.instances().size(), 1u);
  const Instance& crate = stage.instances()[0];
  EXPECT_FALSE(crate.truncated);
  // The front is 1 m at 4.5 m: 22.2 pixels a side; above it the top is seen from 1.6 m.
  EXPECT_GT(crate.drawn, 22 * 22);
  EXPECT_LT(crate.drawn, 30 * 30);
}

TEST(Stage, CutsFacesThatReachBehindTheCamera) {
  Stage stage = stage_of({100, 80});
  stage.stuff(Category::road, 1);
  stage.face({{-1, 0, -10}, {1, 0, -10}, {1, 0, 1000}, {-1, 0, 1000}}, {1, 0, 0}, {0, 0, 1}, {});
  const auto road = static_cast<uint8_t>(Category::road);
  EXPECT_EQ(stage.canvas().labels()[79 * 100 + 50], road);
  EXPECT_EQ(stage.canvas().labels()[10 * 100 + 50], 0) << "nothing above the horizon";
}

TEST(Stage, MarksWhatReachesOutOfThePicture) {
  Stage stage = stage_of({100, 80});
  stage.begin(Category::crate, 5);
  stage.box(Frame::standing({2.4f, 0, 5}, 0), {-0.5f, 0.5f}, {0, 1}, {-0.5f, 0.5f}, {});
  stage.end();
  EXPECT_TRUE(stage.instances()[0].truncated);
}

TEST(Stage, TakesRegionsForNoThings) {
  Stage stage = stage_of({100, 80});
  EXPECT_THROW(stage.begin(Category::sky, 5), BugError);
}

}  // namespace
}  // namespace gtsa::synth
