// Streets, markets and rooms.

#include <numbers>

#include "core/synth/sets.h"

namespace gtsa::synth {
namespace {

constexpr float kQuarter = 0.5f * std::numbers::pi_v<float>;

Rgb stone_colour(Rng& rng) { return pick(rng, {{0.58f, 0.56f, 0.53f}, {0.5f, 0.49f, 0.5f}, {0.62f, 0.56f, 0.48f}}); }

/// Both sides' houses, from behind the camera into the distance.
void add_rows(std::vector<Placed>& things, Rng& rng, float wall, float far) {
  for (const float side : {-1.0f, 1.0f}) {
    if (rng.chance(0.12f)) continue;
    const int style = rng.chance(0.75f) ? 1 : 0;
    for (float z = rng.uniform(-2, 6); z < far; z += rng.uniform(8, style == 1 ? 10.5f : 15.0f))
      things.push_back(
          {Category::house, {.foot = {side * (wall + 4), 0, z}, .yaw = side * kQuarter, .style = style}, 0});
  }
}

void add_traffic(std::vector<Placed>& things, Rng& rng, float lane) {
  for (float z = rng.uniform(6, 14); z < 90; z += rng.uniform(6, 22)) {
    const float side = rng.chance(0.5f) ? 1.0f : -1.0f;
    const Category kind = rng.chance(0.16f) && z > 11 ? Category::bus : Category::car;
    things.push_back({kind,
                      {.foot = {side * lane * rng.uniform(0.4f, 0.6f), 0, z},
                       .yaw = (side > 0 ? 0.0f : 2 * kQuarter) + rng.uniform(-0.06f, 0.06f)}});
  }
  for (const float side : {-1.0f, 1.0f}) {
    if (rng.chance(0.4f)) continue;
    for (float z = rng.uniform(4.5f, 9); z < 60; z += rng.uniform(5, 9))
      things.push_back({Category::car, {.foot = {side * (lane - 0.5f), 0, z}, .yaw = side > 0 ? 0.0f : 2 * kQuarter}});
  }
}

void draw_carriageway(Stage& stage, Rng& rng, float lane) {
  const Surface asphalt{pick(rng, {{0.33f, 0.33f, 0.34f}, {0.4f, 0.39f, 0.38f}, {0.28f, 0.29f, 0.31f}}),
                        &tile(Pattern::grain), 0.28f, 60};
  draw_patch(stage, {.category = Category::road, .surface = asphalt, .left = -lane, .right = lane});
  const Surface patina{asphalt.colour * 0.85f, &tile(Pattern::clouds), 0.5f, 8};
  draw_patch(stage, {.category = Category::road, .surface = patina, .left = -0.7f * lane, .right = -0.35f * lane});
  const Surface paint{{0.82f, 0.81f, 0.76f}, &tile(Pattern::grain), 0.3f, 60};
  const float dash = rng.uniform(1.5f, 3);
  for (float z = 1; z < 90; z += 2.4f * dash)
    draw_patch(
        stage,
        {.category = Category::road, .surface = paint, .left = -0.07f, .right = 0.07f, .near = z, .far = z + dash});
  for (const float side : {-1.0f, 1.0f})
    draw_patch(stage, {.category = Category::road,
                       .surface = paint,
                       .left = side * (lane - 0.25f) - 0.05f,
                       .right = side * (lane - 0.25f) + 0.05f});
  if (!rng.chance(0.35f)) return;
  const float crossing = rng.uniform(5, 16);
  for (float x = -lane + 0.4f; x < lane - 0.4f; x += 1.0f)
    draw_patch(stage, {.category = Category::road,
                       .surface = paint,
                       .left = x,
                       .right = x + 0.5f,
                       .near = crossing,
                       .far = crossing + 2.6f});
}

}  // namespace

void play_street(Stage& stage, Rng& rng, const Weather& weather) {
  draw_sky(stage, rng, weather);
  if (rng.chance(0.5f))
    draw_ridge(stage, rng,
               {.category = Category::foliage,
                .z = 260,
                .low = 6,
                .high = 28,
                .wavelength = 60,
                .roughness = 0.9f,
                .surface = {{0.24f, 0.33f, 0.18f}, &tile(Pattern::leaves), 0.7f, 5}});
  const float lane = rng.uniform(3.2f, 4.6f), walk = lane + rng.uniform(1.6f, 3.2f);
  const Surface lawn{pick(rng, {{0.32f, 0.42f, 0.2f}, {0.4f, 0.42f, 0.24f}}), &tile(Pattern::blades), 0.5f, 60};
  draw_patch(stage, {.category = Category::grass, .surface = lawn});
  const Surface paving{stone_colour(rng), &tile(rng.chance(0.5f) ? Pattern::bricks : Pattern::cobbles), 0.25f, 70};
  draw_patch(stage, {.category = Category::pavement, .surface = paving, .left = -walk, .right = -lane});
  draw_patch(stage, {.category = Category::pavement, .surface = paving, .left = lane, .right = walk});
  draw_carriageway(stage, rng, lane);
  draw_ground_haze(stage);
  std::vector<Placed> things;
  add_rows(things, rng, walk + rng.uniform(0, 1.5f), 110);
  add_traffic(things, rng, lane);
  for (const float side : {-1.0f, 1.0f}) {
    const float kerb = side * (lane + 0.6f);
    if (rng.chance(0.6f))
      for (float z = rng.uniform(5, 14); z < 80; z += rng.uniform(9, 16))
        things.push_back(
            {Category::tree,
             {.foot = {kerb + side * 0.5f, 0, z}, .size = rng.uniform(0.6f, 1.0f), .style = rng.chance(0.1f) ? 3 : 0}});
    if (rng.chance(0.7f))
      for (float z = rng.uniform(6, 20); z < 80; z += rng.uniform(15, 24))
        things.push_back({Category::lamp, {.foot = {kerb, 0, z}}});
    for (int i = 0; i < 2; ++i)
      if (rng.chance(0.6f)) things.push_back({Category::sign, {.foot = {kerb, 0, rng.uniform(5, 30)}}});
    for (int i = 0; i < 5; ++i)
      if (rng.chance(0.6f))
        things.push_back({Category::person, {.foot = {side * rng.uniform(lane + 0.3f, walk), 0, rng.uniform(4, 40)}}});
    if (rng.chance(0.3f))
      things.push_back(
          {Category::bench, {.foot = {side * (walk - 0.5f), 0, rng.uniform(6, 20)}, .yaw = side * kQuarter}});
    if (rng.chance(0.5f)) things.push_back({Category::bush, {.foot = {side * (walk + 0.3f), 0, rng.uniform(5, 30)}}});
  }
  if (rng.chance(0.25f)) {
    const Vec3 centre{rng.uniform(-1, 1) * walk, 0, rng.uniform(18, 40)};
    things.push_back(
        {Category::person, {.foot = centre}, 1, group_around(rng, centre, 1.8f, 7 + static_cast<int>(rng.below(7)))});
  }
  if (rng.chance(0.3f)) {
    Pose bird{.foot = {0, 0, 12}, .size = 1.3f};
    bird.foot.x = rng.uniform(-5, 5);
    bird.foot.y = rng.uniform(4, 6);
    things.push_back({Category::bird, bird, 2});
  }
  draw_all(stage, rng, std::move(things));
}

void play_market(Stage& stage, Rng& rng, const Weather& weather) {
  draw_sky(stage, rng, weather);
  const Surface cobbles{stone_colour(rng), &tile(Pattern::cobbles), 0.4f, 85};
  draw_patch(stage, {.category = Category::pavement, .surface = cobbles});
  draw_ground_haze(stage);
  std::vector<Placed> things;
  const float back = rng.uniform(18, 34);
  for (float x = -1.2f * stage.reach(back + 8); x < 1.2f * stage.reach(back + 8); x += rng.uniform(8, 11))
    things.push_back({Category::house, {.foot = {x, 0, back + 4 + rng.uniform(0, 1)}, .style = 1}, 0});
  for (int i = 0; i < 7 + static_cast<int>(rng.below(5)); ++i) {
    const Vec3 stall = somewhere(stage, rng, 5, 0.85f * back);
    things.push_back({Category::umbrella, {.foot = stall, .size = rng.uniform(0.9f, 1.15f)}});
    things.push_back(
        {Category::table, {.foot = stall + Vec3{0, 0, -0.2f}, .yaw = rng.uniform(-0.3f, 0.3f), .size = 1.1f}});
    things.push_back({Category::none, {.foot = stall + Vec3{0, 0.85f, -0.22f}, .size = 1.2f}});
    for (int k = 0; k < 3; ++k)
      things.push_back({Category::crate,
                        {.foot = stall + Vec3{rng.uniform(-1.3f, 1.3f), 0, rng.uniform(-1.1f, -0.5f)},
                         .yaw = rng.uniform(-0.4f, 0.4f)}});
    if (rng.chance(0.5f))
      things.push_back(
          {Category::chair, {.foot = stall + Vec3{rng.uniform(-1.2f, 1.2f), 0, 0.6f}, .yaw = rng.uniform(0, 6.2f)}});
  }
  for (int i = 0; i < 12 + static_cast<int>(rng.below(8)); ++i)
    things.push_back({Category::person, {.foot = somewhere(stage, rng, 3.2f, back)}});
  for (int i = 0; i < 2; ++i) {
    const Vec3 centre = somewhere(stage, rng, 0.5f * back, 0.95f * back);
    if (rng.chance(0.7f))
      things.push_back({Category::person,
                        {.foot = centre},
                        1,
                        group_around(rng, centre, 2.2f, 10 + static_cast<int>(rng.below(10)))});
  }
  if (rng.chance(0.5f)) {
    const Vec3 centre = somewhere(stage, rng, 4, 9);
    std::vector<Pose> doves = group_around(rng, centre, 1.5f, 9);
    for (Pose& dove : doves) dove.style = 1;
    if (rng.chance(0.5f))
      things.push_back({Category::bird, {.foot = centre}, 1, doves});
    else
      for (const Pose& dove : doves) things.push_back({Category::bird, dove});
  }
  for (int i = 0; i < 3; ++i) {
    if (rng.chance(0.7f)) things.push_back({Category::lamp, {.foot = somewhere(stage, rng, 7, back)}});
    if (rng.chance(0.5f))
      things.push_back({Category::plant, {.foot = somewhere(stage, rng, 4, 0.6f * back), .size = 1.6f}});
    if (rng.chance(0.4f))
      things.push_back(
          {Category::bench, {.foot = somewhere(stage, rng, 5, 0.7f * back), .yaw = rng.uniform(-0.8f, 0.8f)}});
    if (rng.chance(0.4f)) things.push_back({Category::tree, {.foot = somewhere(stage, rng, 10, back), .size = 0.7f}});
    if (rng.chance(0.3f)) things.push_back({Category::sign, {.foot = somewhere(stage, rng, 6, back)}});
  }
  draw_all(stage, rng, std::move(things));
}

namespace {

struct RoomPlan {
  float left, right, back, height;
  Surface wall, side, floor, ceiling;
};

RoomPlan room_plan(Rng& rng) {
  RoomPlan plan;
  plan.left = -rng.uniform(1.7f, 3.2f);
  plan.right = rng.uniform(1.7f, 3.2f);
  plan.back = rng.uniform(4.2f, 6.5f);
  plan.height = rng.uniform(2.4f, 3.0f);
  const Rgb paint = pick(rng, {{0.82f, 0.78f, 0.7f},
                               {0.62f, 0.7f, 0.7f},
                               {0.76f, 0.62f, 0.5f},
                               {0.68f, 0.72f, 0.58f},
                               {0.85f, 0.83f, 0.8f},
                               {0.55f, 0.6f, 0.7f},
                               {0.7f, 0.45f, 0.4f}});
  const bool papered = rng.chance(0.35f);
  plan.wall = {paint, &tile(papered ? Pattern::bricks : Pattern::clouds), papered ? 0.08f : 0.1f,
               papered ? 90.0f : 60.0f};
  plan.side = {paint * 0.88f, plan.wall.tile, plan.wall.amount, plan.wall.texels_per_metre};
  const Rgb boards =
      pick(rng, {{0.52f, 0.35f, 0.22f}, {0.66f, 0.5f, 0.34f}, {0.4f, 0.28f, 0.2f}, {0.6f, 0.58f, 0.55f}});
  switch (rng.below(3)) {
    case 0:
      plan.floor = {boards, &tile(Pattern::planks), 0.35f, 150};
      break;
    case 1:
      plan.floor = {stone_colour(rng), &tile(Pattern::bricks), 0.3f, 60};
      break;
    default:
      plan.floor = {pick(rng, {{0.45f, 0.36f, 0.34f}, {0.4f, 0.45f, 0.5f}, {0.6f, 0.55f, 0.45f}}),
                    &tile(Pattern::grain), 0.3f, 90};
  }
  plan.ceiling = {.colour = {0.84f, 0.83f, 0.8f},
                  .tile = &tile(Pattern::clouds),
                  .amount = 0.06f,
                  .texels_per_metre = 60,
                  .contrast = 0.55f};
  return plan;
}

void draw_shell(Stage& stage, Rng& rng, const RoomPlan& p) {
  constexpr float kNear = 0.2f;
  const Vec3 up{0, 1, 0}, right{1, 0, 0}, away{0, 0, 1};
  stage.stuff(Category::floor, 1);
  stage.face({{p.left, 0, kNear}, {p.right, 0, kNear}, {p.right, 0, p.back}, {p.left, 0, p.back}}, right, away,
             p.floor);
  stage.stuff(Category::ceiling, 1);
  stage.face(
      {{p.left, p.height, kNear}, {p.right, p.height, kNear}, {p.right, p.height, p.back}, {p.left, p.height, p.back}},
      right, away, p.ceiling);
  stage.stuff(Category::wall, 1);
  stage.face({{p.left, 0, p.back}, {p.right, 0, p.back}, {p.right, p.height, p.back}, {p.left, p.height, p.back}},
             right, up, p.wall);
  for (const float x : {p.left, p.right})
    stage.face({{x, 0, kNear}, {x, 0, p.back}, {x, p.height, p.back}, {x, p.height, kNear}}, away, up, p.side);
  const Surface skirting{{0.85f, 0.84f, 0.8f}};
  stage.face({{p.left, 0, p.back}, {p.right, 0, p.back}, {p.right, 0.1f, p.back}, {p.left, 0.1f, p.back}}, right, up,
             skirting);
  for (const float x : {p.left, p.right}) {
    stage.face({{x, 0, kNear}, {x, 0, p.back}, {x, 0.1f, p.back}, {x, 0.1f, kNear}}, away, up, skirting);
    // Corners gather shade.
    const Vec2 foot = stage.project({x, 0, p.back}), head = stage.project({x, p.height, p.back});
    const float wide = 0.5f * stage.scale(p.back);
    stage.glaze(Path().rectangle({foot.x - wide, head.y}, {foot.x + wide, foot.y}), {.b = {0.1f, 0.08f, 0.06f},
                                                                                     .base = 1,
                                                                                     .radial = -1,
                                                                                     .centre = foot,
                                                                                     .radii = {wide, 1e6f},
                                                                                     .opacity = 0.3f,
                                                                                     .fades = true});
  }
  if (!rng.chance(0.6f)) return;
  stage.stuff(Category::floor, 1);
  const float x0 = rng.uniform(0.3f, 0.7f) * p.left, x1 = rng.uniform(0.3f, 0.7f) * p.right,
              z0 = rng.uniform(0.3f, 0.5f) * p.back, z1 = rng.uniform(0.65f, 0.9f) * p.back;
  const Rgb rug = pick(rng, {{0.55f, 0.2f, 0.18f}, {0.25f, 0.32f, 0.45f}, {0.75f, 0.7f, 0.6f}, {0.4f, 0.42f, 0.35f}});
  stage.face({{x0, 0, z0}, {x1, 0, z0}, {x1, 0, z1}, {x0, 0, z1}}, right, away,
             {rug * 0.7f, &tile(Pattern::grain), 0.3f, 120});
  stage.face({{x0 + 0.15f, 0, z0 + 0.15f},
              {x1 - 0.15f, 0, z0 + 0.15f},
              {x1 - 0.15f, 0, z1 - 0.15f},
              {x0 + 0.15f, 0, z1 - 0.15f}},
             right, away, {rug, &tile(rng.chance(0.5f) ? Pattern::shingles : Pattern::leaves), 0.4f, 130});
}

void hang(std::vector<Placed>& things, Rng& rng, const RoomPlan& p) {
  // Windows, a door and pictures have places of their own on the walls, so that none hides another.
  const float span = p.right - p.left;
  const int slots = std::max(2, static_cast<int>(span / 1.5f));
  for (int i = 0; i < slots; ++i) {
    const float x = p.left + span * (static_cast<float>(i) + 0.5f) / static_cast<float>(slots);
    const float kind = rng.uniform();
    if (kind < 0.35f)
      things.push_back({Category::window, {.foot = {x, rng.uniform(0.8f, 1.0f), p.back - 0.01f}}, 0});
    else if (kind < 0.5f)
      things.push_back({Category::door, {.foot = {x, 0, p.back - 0.01f}}, 0});
    else if (kind < 0.9f)
      things.push_back({Category::picture, {.foot = {x, rng.uniform(1.4f, 1.75f), p.back - 0.01f}}, 0});
  }
  for (const float side : {-1.0f, 1.0f}) {
    const float x = (side < 0 ? p.left : p.right) - 0.01f * side;
    for (float z = rng.uniform(1.6f, 2.6f); z < p.back - 0.8f; z += rng.uniform(1.6f, 2.4f)) {
      const float kind = rng.uniform();
      const float yaw = side * kQuarter;
      if (kind < 0.35f)
        things.push_back({Category::window, {.foot = {x, rng.uniform(0.8f, 1.0f), z}, .yaw = yaw}, 0});
      else if (kind < 0.5f)
        things.push_back({Category::door, {.foot = {x, 0, z}, .yaw = yaw}, 0});
      else if (kind < 0.85f)
        things.push_back({Category::picture, {.foot = {x, rng.uniform(1.4f, 1.7f), z}, .yaw = yaw}, 0});
    }
  }
}

}  // namespace

void play_room(Stage& stage, Rng& rng, const Weather&) {
  const RoomPlan p = room_plan(rng);
  draw_shell(stage, rng, p);
  std::vector<Placed> things;
  hang(things, rng, p);
  const auto along_back = [&](float z) { return Vec3{rng.uniform(0.8f * p.left, 0.8f * p.right), 0, p.back - z}; };
  if (rng.chance(0.65f)) things.push_back({Category::shelf, {.foot = along_back(0.2f)}});
  if (rng.chance(0.3f))
    things.push_back(
        {Category::shelf, {.foot = {p.left + 0.2f, 0, rng.uniform(2.4f, p.back - 0.8f)}, .yaw = -kQuarter}});
  if (rng.chance(0.7f)) {
    const bool sideways = rng.chance(0.4f);
    const float side = rng.chance(0.5f) ? 1.0f : -1.0f;
    things.push_back({Category::sofa, sideways ? Pose{.foot = {side > 0 ? p.right - 0.5f : p.left + 0.5f, 0,
                                                               rng.uniform(2.6f, p.back - 1)},
                                                      .yaw = side * kQuarter}
                                               : Pose{.foot = along_back(0.6f), .yaw = rng.uniform(-0.2f, 0.2f)}});
  }
  const int tables = 1 + static_cast<int>(rng.below(2));
  for (int i = 0; i < tables; ++i) {
    const Vec3 at{rng.uniform(0.6f * p.left, 0.6f * p.right), 0, rng.uniform(2.3f, p.back - 1.2f)};
    const float yaw = rng.uniform(-0.5f, 0.5f);
    const bool low = rng.chance(0.35f);
    things.push_back({Category::table, {.foot = at, .yaw = yaw, .size = 1.1f, .style = low ? 1 : 0}});
    things.push_back({Category::none, {.foot = at + Vec3{0, 1.1f * (low ? 0.47f : 0.77f), -0.01f}}});
    if (low) continue;
    for (int k = 0; k < 4; ++k) {
      const float angle = yaw + static_cast<float>(k) * kQuarter;
      const Vec3 away{std::sin(angle), 0, std::cos(angle)};
      if (rng.chance(0.7f))
        things.push_back({Category::chair,
                          {.foot = at + away * rng.uniform(0.75f, 1.0f), .yaw = angle + rng.uniform(-0.25f, 0.25f)}});
    }
  }
  for (int i = 0; i < 3; ++i) {
    const Vec3 corner{rng.chance(0.5f) ? p.left + 0.4f : p.right - 0.4f, 0, rng.uniform(2.2f, p.back - 0.3f)};
    if (rng.chance(0.45f))
      things.push_back({Category::plant, {.foot = corner, .size = rng.uniform(0.9f, 1.5f)}});
    else if (rng.chance(0.5f))
      things.push_back({Category::lamp, {.foot = corner, .style = 1}});
  }
  if (rng.chance(0.4f))
    things.push_back({Category::person,
                      {.foot = {rng.uniform(0.7f * p.left, 0.7f * p.right), 0, rng.uniform(2.2f, p.back - 0.5f)}}});
  if (rng.chance(0.25f))
    things.push_back({Category::crate,
                      {.foot = {rng.uniform(0.8f * p.left, 0.8f * p.right), 0, rng.uniform(2, p.back - 0.6f)},
                       .yaw = rng.uniform(-1, 1)}});
  for (Placed& thing : things)
    if (thing.layer == 1) thing.pose.foot.x = std::clamp(thing.pose.foot.x, p.left + 0.3f, p.right - 0.3f);
  draw_all(stage, rng, std::move(things));
}

}  // namespace gtsa::synth
