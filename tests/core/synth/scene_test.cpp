#include "core/synth/scene.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

#include "core/base/error.h"

namespace gtsa::synth {
namespace {

constexpr SceneOptions kSmall{160, 120};

void expect_equal(const Scene& a, const Scene& b) {
  EXPECT_TRUE(a.image == b.image);
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.instances, b.instances);
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.jpeg_quality, b.jpeg_quality);
  EXPECT_EQ(a.things.size(), b.things.size());
}

TEST(RenderScene, GivesTheSamePictureOnAnyThread) {
  constexpr size_t kScenes = 12;
  std::vector<Scene> alone(kScenes), together(kScenes);
  for (size_t i = 0; i < kScenes; ++i) alone[i] = render_scene(5, i, kSmall);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kScenes; ++i) threads.emplace_back([&, i] { together[i] = render_scene(5, i, kSmall); });
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < kScenes; ++i) expect_equal(alone[i], together[i]);
}

TEST(RenderScene, DiffersBySeedAndIndex) {
  const Scene scene = render_scene(1, 0, kSmall);
  EXPECT_FALSE(render_scene(1, 1, kSmall).image == scene.image);
  EXPECT_FALSE(render_scene(2, 0, kSmall).image == scene.image);
}

TEST(RenderScene, LabelsAndInstancesAgree) {
  for (uint64_t index = 0; index < 40; ++index) {
    const Scene scene = render_scene(3, index, kSmall);
    std::vector<int64_t> areas(scene.things.size());
    for (size_t i = 0; i < scene.instances.size(); ++i) {
      const auto label = static_cast<Category>(scene.labels.values[i]);
      const uint16_t instance = scene.instances[i];
      ASSERT_LE(scene.labels.values[i], kCategories);
      ASSERT_EQ(is_thing(label), instance > 0) << name_of(label) << " in scene " << index;
      if (instance == 0) continue;
      ASSERT_LE(instance, scene.things.size());
      ASSERT_EQ(scene.things[instance - 1].category, label);
      ++areas[instance - 1];
    }
    for (size_t i = 0; i < areas.size(); ++i) {
      EXPECT_EQ(areas[i], scene.things[i].area);
      EXPECT_GE(areas[i], kLeastArea);
      EXPECT_GE(scene.things[i].occlusion, 0);
      EXPECT_LT(scene.things[i].occlusion, 1);
    }
  }
}

TEST(RenderScene, ShowsEveryCategoryAndTypeInThreeHundred) {
  std::set<uint16_t> categories;
  std::set<SceneType> types;
  int64_t things = 0, crowds = 0, truncated = 0, hidden = 0, labelled = 0, pixels = 0;
  for (uint64_t index = 0; index < 300; ++index) {
    const Scene scene = render_scene(0, index, kSmall);
    types.insert(scene.type);
    categories.insert(scene.labels.values.begin(), scene.labels.values.end());
    pixels += static_cast<int64_t>(scene.instances.size());
    for (const uint16_t label : scene.labels.values) labelled += label != 0;
    for (const SceneThing& thing : scene.things) {
      ++things;
      crowds += thing.crowd;
      truncated += thing.truncated;
      hidden += thing.occlusion > 0.2f;
    }
  }
  EXPECT_EQ(types.size(), static_cast<size_t>(kSceneTypes));
  for (uint16_t k = 1; k <= kCategories; ++k)
    EXPECT_TRUE(categories.count(k) == 1) << name_of(static_cast<Category>(k)) << " never occurs";
  EXPECT_GT(things, 300 * 8);
  EXPECT_GT(crowds, 30);
  EXPECT_GT(truncated, things / 20);
  EXPECT_GT(hidden, things / 10);
  EXPECT_GT(labelled, pixels * 9 / 10);
}

TEST(RenderScene, DrawsEdgesWithTonesBetween) {
  // Antialiased: a silhouette against a plain sky passes through tones that neither side has.
  int64_t steps = 0, jumps = 0;
  for (uint64_t index = 0; index < 20; ++index) {
    const Scene scene = render_scene(8, index, kSmall);
    for (int64_t y = 0; y < 120; ++y) {
      for (int64_t x = 1; x + 2 < 160; ++x) {
        const auto* labels = scene.labels.row(y) + x;
        if (labels[0] != static_cast<uint16_t>(Category::sky) || labels[1] == labels[0] || labels[-1] != labels[0])
          continue;
        const uint8_t* p = scene.image.row(y) + 3 * x;
        const int whole = std::abs(p[-3] - p[6]), left = std::abs(p[-3] - p[0]), right = std::abs(p[3] - p[6]);
        if (whole < 60) continue;
        ++steps;
        jumps += left < whole / 12 && right < whole / 12;
      }
    }
  }
  ASSERT_GT(steps, 200);
  EXPECT_LT(jumps, steps / 2);
}

TEST(RenderScene, TakesEverySizeWithinItsBounds) {
  for (const SceneOptions size : {SceneOptions{32, 32}, {32, 300}, {300, 32}, {641, 479}}) {
    for (uint64_t index = 0; index < 16; ++index) {
      const Scene scene = render_scene(4, index, size);
      EXPECT_EQ(scene.image.size(), (Size{size.width, size.height}));
      EXPECT_EQ(scene.labels.size(), scene.image.size());
      EXPECT_EQ(scene.instances.size(), static_cast<size_t>(size.width * size.height));
    }
  }
}

TEST(RenderScene, RefusesAbsurdSizes) {
  for (const SceneOptions size :
       {SceneOptions{31, 240}, {320, 0}, {320, -5}, {4097, 240}, {1'000'000'000, 1'000'000'000}})
    EXPECT_THROW(render_scene(0, 0, size), Error) << size.width << " x " << size.height;
}

}  // namespace
}  // namespace gtsa::synth
