// Coasts, harbours, fields, forests and mountains.

#include <numbers>

#include "core/synth/sets.h"

namespace gtsa::synth {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;

Surface lawn(Rng& rng) {
  return {pick(rng, {{0.33f, 0.43f, 0.19f}, {0.42f, 0.45f, 0.22f}, {0.27f, 0.38f, 0.18f}, {0.5f, 0.46f, 0.26f}}),
          &tile(Pattern::blades), 0.8f, 45};
}

Surface wooded(Rng& rng, float texels_per_metre) {
  return {pick(rng, {{0.22f, 0.32f, 0.17f}, {0.28f, 0.34f, 0.18f}, {0.36f, 0.33f, 0.17f}, {0.17f, 0.27f, 0.19f}}),
          &tile(Pattern::leaves), 0.75f, texels_per_metre};
}

Pose flying(Rng& rng, const Stage& stage, float z, float size) {
  return {.foot = {rng.uniform(-1, 1) * stage.reach(z),
                   stage.camera().height +
                       rng.uniform(0.1f, 0.4f) * static_cast<float>(stage.size().height) / stage.scale(z),
                   z},
          .size = size};
}

void add_birds(std::vector<Placed>& things, Rng& rng, const Stage& stage) {
  if (rng.chance(0.5f)) {
    for (int i = 0; i < 3 + static_cast<int>(rng.below(4)); ++i)
      things.push_back({Category::bird, flying(rng, stage, rng.uniform(9, 22), 1.4f), 2});
  }
  if (!rng.chance(0.3f)) return;
  const Pose middle = flying(rng, stage, 40, 1.8f);
  std::vector<Pose> flock;
  for (int i = 0; i < 16; ++i) {
    Pose bird = middle;
    bird.foot.x += rng.uniform(-7, 7);
    bird.foot.y += rng.uniform(-2.5f, 2.5f);
    flock.push_back(bird);
  }
  things.push_back({Category::bird, middle, 2, flock});
}

void add_many(std::vector<Placed>& things, const Stage& stage, Rng& rng, Category category, int count, float near,
              float far, float size = 1, int style = 0) {
  for (int i = 0; i < count; ++i)
    things.push_back({category,
                      {.foot = somewhere(stage, rng, near, far),
                       .yaw = rng.uniform(0, 2 * kPi),
                       .size = size * rng.uniform(0.8f, 1.25f),
                       .style = style}});
}

/// The edge of the land: metres of sand in front of the sea at x.
struct Shore {
  float z, slope, wave, phase;
  float at(float x) const { return std::max(3.0f, z + slope * x + wave * std::sin(0.25f * x + phase)); }
};

void draw_beach(Stage& stage, Rng& rng, const Shore& shore) {
  const Surface sand{
      pick(rng, {{0.8f, 0.71f, 0.54f}, {0.72f, 0.64f, 0.5f}, {0.62f, 0.57f, 0.5f}, {0.86f, 0.8f, 0.67f}}),
      &tile(Pattern::grain), 0.3f, 50};
  const auto strip = [&](float offset, const Surface& surface, Category category, bool mark) {
    std::vector<Vec3> edge;
    constexpr int kSteps = 20;
    const float reach = 1.5f * stage.reach(shore.z + 10) + 10;
    for (int i = 0; i <= kSteps; ++i) {
      const float x = -reach + 2 * reach * static_cast<float>(i) / kSteps;
      edge.push_back({x, 0, shore.at(x) + offset});
    }
    std::vector<Vec2> outline;
    for (const Vec3 p : edge) outline.push_back(stage.project(p));
    const float low = 3 * static_cast<float>(stage.size().height);
    outline.push_back({outline.back().x, low});
    outline.push_back({outline.front().x, low});
    Paint paint = plain(stage.lit(surface.colour, {0, 1, 0}));
    if (surface.tile != nullptr)
      paint.tone = {surface.tile, surface.amount,
                    stage.plane({0, 0, 0}, {1, 0, 0}, {0, 0, 1}, surface.texels_per_metre)};
    stage.stuff(category, 0);
    if (mark)
      stage.fill(Path().add(outline), paint);
    else
      stage.glaze(Path().add(outline), paint);
  };
  strip(rng.uniform(0.9f, 2.5f), {{0.88f, 0.9f, 0.9f}, &tile(Pattern::leaves), 0.35f, 40}, Category::water, false);
  strip(rng.uniform(0.3f, 0.6f), {{0.42f, 0.5f, 0.5f}, &tile(Pattern::waves), 0.3f, 20}, Category::water, false);
  strip(0.15f, {{0.92f, 0.93f, 0.93f}, &tile(Pattern::grain), 0.25f, 40}, Category::water, false);
  strip(0, {sand.colour * 0.72f, sand.tile, 0.2f, 50}, Category::sand, true);
  strip(-0.12f * shore.z, sand, Category::sand, false);
}

}  // namespace

void play_coast(Stage& stage, Rng& rng, const Weather& weather) {
  draw_sky(stage, rng, weather);
  if (rng.chance(0.6f))
    draw_ridge(stage, rng,
               {.category = Category::mountain,
                .z = rng.uniform(700, 1600),
                .low = -60,
                .high = rng.uniform(60, 170),
                .wavelength = rng.uniform(400, 900),
                .roughness = 0.4f,
                .surface = {{0.36f, 0.4f, 0.33f}, &tile(Pattern::clouds), 0.5f, 0.6f}});
  draw_water(stage, rng, weather, 2, 1e5f);
  draw_ground_haze(stage);
  const Shore shore{rng.uniform(7, 18), rng.uniform(-0.45f, 0.45f), rng.uniform(0.2f, 1.2f), rng.uniform(0, 6)};
  std::vector<Placed> afloat;
  for (int i = 0; i < 2 + static_cast<int>(rng.below(4)); ++i)
    afloat.push_back({Category::boat,
                      {.foot = somewhere(stage, rng, 35, 160),
                       .yaw = rng.uniform(0, 2 * kPi),
                       .size = rng.uniform(1.0f, 2.2f),
                       .style = rng.chance(0.5f) ? 1 : 0}});
  draw_all(stage, rng, std::move(afloat));
  draw_beach(stage, rng, shore);
  std::vector<Placed> things;
  const auto on_land = [&](float near, float share) {
    Vec3 at = somewhere(stage, rng, near, shore.z);
    at.z = std::max(near, std::min(at.z, share * shore.at(at.x)));
    return at;
  };
  for (int i = 0; i < 4 + static_cast<int>(rng.below(6)); ++i)
    things.push_back({Category::rock, {.foot = on_land(3.5f, 1.05f), .size = rng.uniform(0.5f, 1.7f)}});
  for (int i = 0; i < static_cast<int>(rng.below(4)); ++i)
    things.push_back({Category::tree, {.foot = on_land(6, 0.7f), .size = rng.uniform(0.7f, 1), .style = 2}});
  for (int i = 0; i < 2 + static_cast<int>(rng.below(6)); ++i)
    things.push_back({Category::person, {.foot = on_land(4, 1.05f)}});
  for (int i = 0; i < static_cast<int>(rng.below(5)); ++i)
    things.push_back({Category::umbrella, {.foot = on_land(5, 0.85f)}});
  for (int i = 0; i < static_cast<int>(rng.below(4)); ++i)
    things.push_back({Category::bird, {.foot = on_land(3.5f, 1), .style = 1}});
  for (int i = 0; i < static_cast<int>(rng.below(3)); ++i)
    things.push_back({Category::bush, {.foot = on_land(3.5f, 0.6f)}});
  if (rng.chance(0.3f)) {
    const Vec3 centre = on_land(8, 0.95f);
    things.push_back({Category::person, {.foot = centre}, 1, group_around(rng, centre, 2, 9)});
  }
  if (rng.chance(0.3f))
    things.push_back({Category::boat, {.foot = on_land(7, 0.9f), .yaw = rng.uniform(0, 2 * kPi), .size = 0.8f}});
  if (rng.chance(0.3f))
    things.push_back({Category::bench, {.foot = on_land(4.5f, 0.6f), .yaw = kPi + rng.uniform(-0.5f, 0.5f)}});
  add_birds(things, rng, stage);
  draw_all(stage, rng, std::move(things));
}

void play_harbour(Stage& stage, Rng& rng, const Weather& weather) {
  draw_sky(stage, rng, weather);
  if (rng.chance(0.7f))
    draw_ridge(stage, rng,
               {.category = Category::mountain,
                .z = 500,
                .low = 8,
                .high = rng.uniform(40, 110),
                .wavelength = 260,
                .roughness = 0.5f,
                .surface = wooded(rng, 2)});
  const float quay = rng.uniform(26, 55);
  draw_patch(stage, {.category = Category::grass, .surface = lawn(rng), .near = quay + 7, .y = 0.8f});
  draw_patch(stage, {.category = Category::pavement,
                     .surface = {{0.55f, 0.53f, 0.5f}, &tile(Pattern::cobbles), 0.3f, 50},
                     .near = quay,
                     .far = quay + 8,
                     .y = 0.9f});
  std::vector<Placed> town;
  for (float x = -1.3f * stage.reach(quay + 10); x < 1.3f * stage.reach(quay + 10); x += rng.uniform(7, 11))
    if (rng.chance(0.85f))
      town.push_back({Category::house, {.foot = {x, 0.9f, quay + 9}, .style = rng.chance(0.7f) ? 1 : 0}, 0});
  for (int i = 0; i < 6; ++i) {
    const float x = rng.uniform(-1, 1) * stage.reach(quay);
    const Category kind = rng.chance(0.4f)   ? Category::person
                          : rng.chance(0.4f) ? Category::car
                          : rng.chance(0.5f) ? Category::lamp
                                             : Category::tree;
    town.push_back({kind,
                    {.foot = {x, 0.9f, quay + rng.uniform(1, 3)},
                     .yaw = 0.5f * kPi,
                     .size = kind == Category::tree ? 0.6f : 1.0f}});
  }
  draw_all(stage, rng, std::move(town));
  draw_water(stage, rng, weather, 1.5f, quay);
  stage.stuff(Category::wall, quay);
  stage.face({{-400, 0, quay}, {400, 0, quay}, {400, 0.95f, quay}, {-400, 0.95f, quay}}, {1, 0, 0}, {0, 1, 0},
             {{0.42f, 0.4f, 0.37f}, &tile(Pattern::cobbles), 0.5f, 40});
  std::vector<Placed> things;
  for (int i = 0; i < 6 + static_cast<int>(rng.below(6)); ++i)
    things.push_back({Category::boat,
                      {.foot = somewhere(stage, rng, 9, quay - 4),
                       .yaw = rng.uniform(0, 2 * kPi),
                       .size = rng.uniform(0.7f, 1.4f),
                       .style = rng.chance(0.4f) ? 1 : 0}});
  for (int i = 0; i < 3; ++i)
    if (rng.chance(0.6f)) things.push_back({Category::bird, {.foot = somewhere(stage, rng, 5, 12), .style = 1}});
  add_birds(things, rng, stage);
  draw_all(stage, rng, std::move(things));
  if (!rng.chance(0.75f)) return;
  // A pier from the lower border into the picture, nearer than the boats.
  const float side = rng.chance(0.5f) ? 1.0f : -1.0f, wide = rng.uniform(1.2f, 2.2f), length = rng.uniform(9, 20),
              x = side * rng.uniform(1.5f, 3.5f);
  stage.stuff(Category::pier, 4);
  const Frame frame = Frame::standing({x, 0, 0}, side * rng.uniform(-0.05f, 0.2f));
  const Surface boards{pick(rng, {{0.52f, 0.45f, 0.37f}, {0.42f, 0.35f, 0.28f}, {0.6f, 0.57f, 0.52f}}),
                       &tile(Pattern::planks), 0.5f, 130};
  stage.box(frame, {-wide, wide}, {0.3f, 0.55f}, {0, length}, boards);
  for (float z = length - 0.4f; z > 2; z -= 2.5f)
    for (const float post : {-wide, wide})
      stage.box(frame, {post - 0.09f, post + 0.09f}, {-0.1f, 0.95f}, {z - 0.09f, z + 0.09f},
                {boards.colour * 0.7f, boards.tile, 0.3f, 80});
  std::vector<Placed> aboard;
  const auto on_pier = [&](float near) {
    return frame.at(rng.uniform(-0.6f, 0.6f) * wide, 0.55f, rng.uniform(near, length - 0.6f));
  };
  for (const Category kind : {Category::crate, Category::person, Category::person, Category::lamp, Category::crate,
                              Category::bird, Category::bench})
    if (rng.chance(0.5f))
      aboard.push_back(
          {kind, {.foot = on_pier(3.5f), .yaw = rng.uniform(-0.6f, 0.6f), .style = kind == Category::bird ? 1 : 0}});
  draw_all(stage, rng, std::move(aboard));
}

void play_field(Stage& stage, Rng& rng, const Weather& weather) {
  draw_sky(stage, rng, weather);
  draw_ridge(stage, rng,
             {.category = Category::mountain,
              .z = 1500,
              .low = 20,
              .high = rng.uniform(70, 200),
              .wavelength = 700,
              .roughness = 0.3f,
              .surface = {{0.33f, 0.4f, 0.3f}, &tile(Pattern::clouds), 0.3f, 0.4f}});
  draw_ridge(stage, rng,
             {.category = Category::foliage,
              .z = rng.uniform(140, 320),
              .low = 3,
              .high = rng.uniform(12, 20),
              .wavelength = 40,
              .roughness = 1.2f,
              .surface = wooded(rng, 4)});
  const Surface grass = lawn(rng);
  draw_patch(stage, {.category = Category::grass, .surface = grass});
  const bool has_crops = rng.chance(0.65f);
  if (has_crops) {
    const Surface corn{
        pick(rng, {{0.75f, 0.62f, 0.28f}, {0.5f, 0.55f, 0.2f}, {0.82f, 0.74f, 0.2f}, {0.45f, 0.33f, 0.22f}}),
        &tile(Pattern::planks), 0.45f, 24};
    const float near = rng.uniform(3, 22), edge = rng.uniform(-8, 8);
    const bool to_left = rng.chance(0.5f);
    draw_patch(stage, {.category = Category::crops,
                       .surface = corn,
                       .left = to_left ? -500 : edge,
                       .right = to_left ? edge : 500,
                       .near = near,
                       .far = near + rng.uniform(40, 200)});
  }
  if (rng.chance(0.4f)) {
    const float x = rng.uniform(-3, 3);
    draw_patch(stage, {.category = Category::road,
                       .surface = {{0.6f, 0.52f, 0.4f}, &tile(Pattern::grain), 0.35f, 40},
                       .left = x - 1.3f,
                       .right = x + 1.3f});
    draw_patch(stage, {.category = Category::grass, .surface = grass, .left = x - 0.25f, .right = x + 0.25f});
  }
  draw_ground_haze(stage);
  draw_tufts(stage, rng, grass.colour, stage.nearest_ground(), 18, 90);
  if (rng.chance(0.7f)) {
    const float z = rng.uniform(6, 30);
    const bool along = rng.chance(0.4f);
    const float x = rng.uniform(-6, 6);
    if (along)
      draw_fence(stage, rng, {x, 0, 3}, {x + rng.uniform(-4, 4), 0, 70});
    else
      draw_fence(stage, rng, {-1.2f * stage.reach(z), 0, z}, {1.2f * stage.reach(z), 0, z + rng.uniform(-1, 4)});
  }
  std::vector<Placed> things;
  if (rng.chance(0.6f))
    things.push_back({Category::house, {.foot = somewhere(stage, rng, 45, 110), .yaw = rng.uniform(-0.7f, 0.7f)}});
  if (rng.chance(0.75f)) add_many(things, stage, rng, Category::cow, 3 + static_cast<int>(rng.below(6)), 7, 45);
  if (rng.chance(0.25f)) {
    const Vec3 herd = somewhere(stage, rng, 40, 70);
    things.push_back({Category::cow, {.foot = herd}, 1, group_around(rng, herd, 5, 9)});
  }
  add_many(things, stage, rng, Category::tree, 2 + static_cast<int>(rng.below(6)), 12, 120, 1, 0);
  add_many(things, stage, rng, Category::bush, 2 + static_cast<int>(rng.below(6)), 5, 60);
  if (rng.chance(0.3f)) add_many(things, stage, rng, Category::person, 1 + static_cast<int>(rng.below(3)), 5, 25);
  if (rng.chance(0.3f)) add_many(things, stage, rng, Category::rock, 3, 4, 25, 0.6f);
  if (rng.chance(0.2f))
    things.push_back({Category::car, {.foot = somewhere(stage, rng, 12, 40), .yaw = rng.uniform(0, 6)}});
  if (rng.chance(0.2f)) things.push_back({Category::sign, {.foot = somewhere(stage, rng, 5, 15)}});
  add_birds(things, rng, stage);
  draw_all(stage, rng, std::move(things));
}

void play_forest(Stage& stage, Rng& rng, const Weather& weather) {
  draw_sky(stage, rng, weather);
  for (const float z : {90.0f, 55.0f})
    draw_ridge(stage, rng,
               {.category = Category::foliage,
                .z = z,
                .low = 0.14f * z,
                .high = rng.uniform(0.3f, 0.7f) * z,
                .wavelength = 0.2f * z,
                .roughness = 1.3f,
                .surface = wooded(rng, 600 / z)});
  const Surface litter{
      pick(rng, {{0.38f, 0.3f, 0.2f}, {0.3f, 0.36f, 0.18f}, {0.45f, 0.38f, 0.24f}, {0.26f, 0.32f, 0.18f}}),
      &tile(Pattern::leaves), 0.7f, 50};
  draw_patch(stage, {.category = Category::grass, .surface = litter, .far = 56});
  if (rng.chance(0.6f)) {
    const float x = rng.uniform(-2, 2), lean = rng.uniform(-0.15f, 0.15f), wide = rng.uniform(0.7f, 1.5f);
    stage.stuff(Category::road, 0);
    stage.face({{x - wide, 0, 0.5f}, {x + wide, 0, 0.5f}, {x + wide + 55 * lean, 0, 55}, {x - wide + 55 * lean, 0, 55}},
               {1, 0, 0}, {0, 0, 1}, {{0.52f, 0.44f, 0.33f}, &tile(Pattern::grain), 0.4f, 40});
  }
  draw_tufts(stage, rng, litter.colour * 1.1f, stage.nearest_ground(), 14, 80);
  std::vector<Placed> things;
  const int kind = static_cast<int>(rng.below(3));
  for (int i = 0; i < 12 + static_cast<int>(rng.below(7)); ++i) {
    const Vec3 at = somewhere(stage, rng, 8, 50);
    const int style = kind == 2 ? static_cast<int>(rng.below(2)) : kind;
    things.push_back(
        {Category::tree, {.foot = at, .size = rng.uniform(0.8f, 1.5f), .style = rng.chance(0.08f) ? 3 : style}});
  }
  if (rng.chance(0.5f)) {
    const Vec3 centre = somewhere(stage, rng, 30, 45);
    std::vector<Pose> grove = group_around(rng, centre, 9, 8);
    for (Pose& tree : grove) tree.style = kind == 1 ? 1 : 0;
    things.push_back({Category::tree, {.foot = centre}, 1, grove});
  }
  add_many(things, stage, rng, Category::bush, 5 + static_cast<int>(rng.below(5)), 4, 35);
  add_many(things, stage, rng, Category::rock, static_cast<int>(rng.below(6)), 3, 20, 0.7f);
  if (rng.chance(0.4f)) add_many(things, stage, rng, Category::person, 1 + static_cast<int>(rng.below(3)), 4, 20);
  if (rng.chance(0.25f))
    things.push_back({Category::bench, {.foot = somewhere(stage, rng, 4, 10), .yaw = rng.uniform(-0.6f, 0.6f)}});
  if (rng.chance(0.2f)) things.push_back({Category::sign, {.foot = somewhere(stage, rng, 4, 10)}});
  if (rng.chance(0.15f))
    things.push_back(
        {Category::house, {.foot = somewhere(stage, rng, 28, 45), .yaw = rng.uniform(-0.6f, 0.6f), .size = 0.8f}});
  draw_all(stage, rng, std::move(things));
}

void play_mountain(Stage& stage, Rng& rng, const Weather& weather) {
  draw_sky(stage, rng, weather);
  const Rgb rock = pick(rng, {{0.42f, 0.41f, 0.42f}, {0.5f, 0.44f, 0.38f}, {0.36f, 0.38f, 0.42f}});
  const int ridges = 2 + static_cast<int>(rng.below(2));
  for (int i = 0; i < ridges; ++i) {
    const float z = 4200 / static_cast<float>(1 + 1.2f * i),
                high = z * rng.uniform(0.28f, 0.48f) / (1 + 0.5f * static_cast<float>(i));
    draw_ridge(stage, rng,
               {.category = Category::mountain,
                .z = z * 0.3f,
                .low = 0.08f * high,
                .high = 0.3f * high,
                .wavelength = rng.uniform(0.1f, 0.2f) * z,
                .roughness = rng.uniform(0.7f, 1.1f),
                .surface = {i + 1 == ridges ? mix(rock, {0.2f, 0.3f, 0.14f}, 0.85f) : rock,
                            &tile(i + 1 == ridges ? Pattern::leaves : Pattern::clouds), 0.7f,
                            (i + 1 == ridges ? 4000.0f : 1200.0f) / z},
                .snow = {0.93f, 0.94f, 0.97f},
                .snow_line = i + 1 == ridges || rng.chance(0.3f) ? 1e9f : 0.19f * high});
  }
  const bool lake = rng.chance(0.6f);
  const float shore = rng.uniform(14, 40);
  if (lake) {
    draw_ridge(stage, rng,
               {.category = Category::foliage,
                .z = 240,
                .low = 2,
                .high = 14,
                .wavelength = 18,
                .roughness = 1.4f,
                .surface = wooded(rng, 4)});
    draw_water(stage, rng, weather, shore, 235);
  }
  const Surface meadow = lawn(rng);
  draw_patch(stage, {.category = Category::grass, .surface = meadow, .far = lake ? shore : 2000});
  if (lake) {
    stage.stuff(Category::sand, 1);
    draw_patch(stage, {.category = Category::sand,
                       .surface = {{0.58f, 0.54f, 0.48f}, &tile(Pattern::cobbles), 0.4f, 40},
                       .near = 0.9f * shore,
                       .far = shore});
  }
  if (!lake) draw_ground_haze(stage);
  draw_tufts(stage, rng, meadow.colour, stage.nearest_ground(), 16, 80);
  std::vector<Placed> things;
  const float far = lake ? shore : 110;
  if (lake && rng.chance(0.6f))
    things.push_back(
        {Category::boat,
         {.foot = somewhere(stage, rng, shore + 8, 110), .yaw = rng.uniform(0, 6), .style = rng.chance(0.5f) ? 1 : 0},
         0});
  add_many(things, stage, rng, Category::tree, 3 + static_cast<int>(rng.below(9)), 13, far, 0.8f, 1);
  if (rng.chance(0.5f)) {
    const Vec3 centre = somewhere(stage, rng, 0.7f * far, far);
    std::vector<Pose> grove = group_around(rng, centre, 7, 9);
    for (Pose& tree : grove) tree.style = 1;
    things.push_back({Category::tree, {.foot = centre}, 1, grove});
  }
  add_many(things, stage, rng, Category::rock, 4 + static_cast<int>(rng.below(7)), 3.5f, 0.8f * far, 1.1f);
  add_many(things, stage, rng, Category::bush, static_cast<int>(rng.below(4)), 4, 0.8f * far);
  if (rng.chance(0.4f))
    things.push_back({Category::house,
                      {.foot = somewhere(stage, rng, std::min(24.0f, 0.9f * far), std::max(25.0f, 0.9f * far)),
                       .yaw = rng.uniform(-0.8f, 0.8f),
                       .size = 0.8f}});
  if (rng.chance(0.5f))
    add_many(things, stage, rng, Category::person, 1 + static_cast<int>(rng.below(3)), 4, 0.7f * far);
  if (rng.chance(0.35f)) add_many(things, stage, rng, Category::cow, 2 + static_cast<int>(rng.below(4)), 8, 0.9f * far);
  if (rng.chance(0.2f)) things.push_back({Category::sign, {.foot = somewhere(stage, rng, 5, 12)}});
  add_birds(things, rng, stage);
  draw_all(stage, rng, std::move(things));
}

}  // namespace gtsa::synth
