// Houses and what stands in streets and harbours.

#include <array>
#include <numbers>
#include <vector>

#include "core/synth/parts.h"

namespace gtsa::synth {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;
constexpr Vec3 kUp{0, 1, 0};

/// A window or door in a wall: a rectangle from `corner`, `width` along u and `height` up.
struct Opening {
  Vec3 corner;
  Vec3 u;
  float width = 1;
  float height = 1;
  Vec3 at(float a, float b) const { return corner + u * (a * width) + kUp * (b * height); }
};

void rectangle(Stage& stage, const Opening& o, float a0, float b0, float a1, float b1, Rgb colour, float contrast = 1) {
  stage.face({o.at(a0, b0), o.at(a1, b0), o.at(a1, b1), o.at(a0, b1)}, o.u, kUp,
             {.colour = colour, .contrast = contrast});
}

void pane(Stage& stage, Rng& rng, const Opening& o, Rgb frame) {
  const float pixels = o.width * stage.scale(std::max(o.corner.z, 0.5f));
  if (pixels > 2.5f) rectangle(stage, o, -0.1f, -0.06f, 1.1f, 1.06f, frame);
  const Rgb glass = rng.chance(0.12f) ? Rgb{0.85f, 0.75f, 0.5f} : Rgb{0.16f, 0.19f, 0.23f};
  rectangle(stage, o, 0, 0, 1, 1, glass * rng.uniform(0.7f, 1.4f), 0.4f);
  if (pixels > 4) {
    rectangle(stage, o, 0.05f, 0.5f, 0.95f, 0.95f, mix(glass, stage.light().haze, rng.uniform(0.15f, 0.5f)), 0);
    rectangle(stage, o, 0.47f, 0, 0.53f, 1, frame);
    rectangle(stage, o, -0.14f, -0.1f, 1.14f, -0.02f, frame * 1.1f);
  }
  if (pixels > 6 && rng.chance(0.25f)) {
    const Rgb shutter = frame * 0.55f;
    rectangle(stage, o, -0.5f, -0.03f, -0.06f, 1.03f, shutter);
    rectangle(stage, o, 1.06f, -0.03f, 1.5f, 1.03f, shutter);
  }
}

bool looks_at_camera(const Stage& stage, Vec3 point, Vec3 normal) {
  return dot(normal, Vec3{0, stage.camera().height, 0} - point) > 0;
}

struct Plan {
  float width = 8, depth = 7, storey = 2.8f;
  int storeys = 2;
  float eaves() const { return storey * static_cast<float>(storeys) + 0.3f; }
};

/// Rows of windows in the wall from `left` along `u`; `door` leaves room for one at the bottom.
void wall_openings(Stage& stage, Rng& rng, Vec3 left, Vec3 u, float width, const Plan& plan, Rgb frame, bool door) {
  const int columns = std::max(1, static_cast<int>(width / rng.uniform(1.9f, 2.6f)));
  const float pitch = width / static_cast<float>(columns), wide = rng.uniform(0.85f, 1.1f),
              high = rng.uniform(1.2f, 1.55f);
  const int door_column = door ? static_cast<int>(rng.below(static_cast<uint32_t>(columns))) : -1;
  for (int row = 0; row < plan.storeys; ++row) {
    for (int column = 0; column < columns; ++column) {
      const float middle = (static_cast<float>(column) + 0.5f) * pitch;
      const Vec3 corner = left + u * (middle - 0.5f * wide) + kUp * (plan.storey * static_cast<float>(row) + 0.95f);
      if (corner.z < 0.8f) continue;
      if (row == 0 && column == door_column) {
        const Opening entry{left + u * (middle - 0.5f), u, 1.0f, 2.1f};
        rectangle(stage, entry, -0.1f, 0, 1.1f, 1.05f, frame);
        rectangle(stage, entry, 0, 0, 1, 1,
                  pick(rng, {{0.45f, 0.12f, 0.1f}, {0.12f, 0.28f, 0.2f}, {0.3f, 0.2f, 0.13f}, {0.15f, 0.2f, 0.35f}}));
        rectangle(stage, entry, 0.15f, 0.55f, 0.85f, 0.92f, {0.18f, 0.2f, 0.24f});
        continue;
      }
      pane(stage, rng, {corner, u, wide, high}, frame);
    }
  }
}

struct Looks {
  Surface wall, roof;
  Rgb frame;
};

Looks house_looks(Rng& rng) {
  Looks looks;
  const Rgb plaster = pick(rng, {{0.85f, 0.8f, 0.68f},
                                 {0.8f, 0.72f, 0.6f},
                                 {0.72f, 0.55f, 0.42f},
                                 {0.75f, 0.77f, 0.78f},
                                 {0.68f, 0.62f, 0.55f},
                                 {0.82f, 0.66f, 0.5f},
                                 {0.6f, 0.66f, 0.68f}});
  const Rgb brick = pick(rng, {{0.56f, 0.31f, 0.24f}, {0.62f, 0.42f, 0.3f}, {0.5f, 0.4f, 0.34f}});
  switch (rng.below(3)) {
    case 0:
      looks.wall = {brick, &tile(Pattern::bricks), 0.45f, 64};
      break;
    case 1:
      looks.wall = {plaster, &tile(Pattern::clouds), 0.22f, 40};
      break;
    default:
      looks.wall = {plaster, &tile(Pattern::planks), 0.28f, 110};
      break;
  }
  looks.roof = {pick(rng, {{0.52f, 0.27f, 0.2f}, {0.34f, 0.33f, 0.34f}, {0.42f, 0.3f, 0.24f}, {0.3f, 0.34f, 0.38f}}),
                &tile(Pattern::shingles), 0.55f, 45};
  looks.frame = pick(rng, {{0.9f, 0.9f, 0.87f}, {0.4f, 0.3f, 0.22f}, {0.85f, 0.85f, 0.9f}, {0.3f, 0.35f, 0.35f}});
  return looks;
}

void chimney(Stage& stage, Rng& rng, const Frame& frame, const Plan& plan, float ridge) {
  const float x = rng.uniform(-0.35f, 0.35f) * plan.width;
  stage.box(frame, {x - 0.35f, x + 0.35f}, {plan.eaves(), ridge + 0.7f}, {-0.3f, 0.4f},
            {{0.5f, 0.32f, 0.26f}, &tile(Pattern::bricks), 0.4f, 64});
}

}  // namespace

void draw_house(Stage& stage, Rng& rng, const Pose& pose) {
  Plan plan;
  const bool town = pose.style == 1;
  plan.width = (town ? rng.uniform(7, 12) : rng.uniform(6, 10)) * pose.size;
  plan.depth = rng.uniform(6, 9) * pose.size;
  plan.storeys = town ? 2 + static_cast<int>(rng.below(4)) : 1 + static_cast<int>(rng.below(2));
  const Looks looks = house_looks(rng);
  const Frame frame = Frame::standing(pose.foot, pose.yaw);
  const float w = 0.5f * plan.width, d = 0.5f * plan.depth, eaves = plan.eaves();
  const bool flat = town && rng.chance(0.5f);
  const float rise = flat ? 0.0f : rng.uniform(0.28f, 0.5f) * plan.depth, ridge = eaves + rise;
  const Surface dark{looks.wall.colour * 0.6f};
  if (!flat && rng.chance(0.6f)) chimney(stage, rng, frame, plan, ridge);
  if (flat) {
    stage.box(frame, {-w, w}, {0, eaves + 0.5f}, {-d, d}, looks.wall);
  } else {
    // Gable ends at both sides; the roof stands over a little.
    const std::array<Vec2, 5> profile = {Vec2{-d, 0}, {d, 0}, {d, eaves}, {0, ridge}, {-d, eaves}};
    const std::array<Surface, 5> sides = {dark, looks.wall, looks.roof, looks.roof, looks.wall};
    stage.prism(frame, profile, {-w, w}, sides, looks.wall);
    const float over = 0.45f, drop = over * rise / d;
    for (const float side : {1.0f, -1.0f}) {
      const Vec3 down = normalized(frame.at(0, -rise, side * d) - frame.at(0, 0, 0));
      const Vec3 outward = cross(frame.right, down) * side;
      if (!looks_at_camera(stage, frame.at(0, ridge, 0), outward.y > 0 ? outward : outward * -1.0f)) continue;
      stage.face(
          {frame.at(-w - over, eaves - drop, side * (d + over)), frame.at(w + over, eaves - drop, side * (d + over)),
           frame.at(w + over, ridge, 0), frame.at(-w - over, ridge, 0)},
          frame.right, down, looks.roof);
    }
  }
  const Vec3 right = frame.right, left = frame.right * -1.0f, front = frame.away * -1.0f;
  if (looks_at_camera(stage, frame.at(0, 0, -d), front))
    wall_openings(stage, rng, frame.at(-w, 0, -d), right, plan.width, plan, looks.frame, true);
  if (looks_at_camera(stage, frame.at(w, 0, 0), right))
    wall_openings(stage, rng, frame.at(w, 0, -d), frame.away, plan.depth, plan, looks.frame, false);
  if (looks_at_camera(stage, frame.at(-w, 0, 0), left))
    wall_openings(stage, rng, frame.at(-w, 0, d), frame.away * -1.0f, plan.depth, plan, looks.frame, false);
}

void draw_lamp(Stage& stage, Rng& rng, const Pose& pose) {
  const Board board(stage, pose);
  const float s = board.scale;
  if (pose.style == 1) {
    const float height = rng.uniform(1.3f, 1.7f), shade = rng.uniform(0.18f, 0.28f);
    const Rgb cloth = pick(rng, {{0.95f, 0.88f, 0.7f}, {0.9f, 0.6f, 0.4f}, {0.85f, 0.9f, 0.85f}});
    stage.shadow(pose.foot, 0.6f * pose.size, 0.4f * pose.size);
    stage.fill(Path()
                   .ellipse(board.at(0, 0.02f), 0.17f * s, 0.05f * s)
                   .stroke(board.at(0, 0), board.at(0, height), 0.04f * s, 0.04f * s),
               upright_lit(stage, {0.25f, 0.22f, 0.2f}, 0));
    stage.fill(Path().add({board.at(-0.6f * shade, height + 0.3f), board.at(0.6f * shade, height + 0.3f),
                           board.at(shade, height - 0.1f), board.at(-shade, height - 0.1f)}),
               gradient(cloth, cloth * 0.75f, board.at(0, height - 0.1f), board.at(0, height + 0.3f)));
    const Vec2 glow = board.at(0, height + 0.1f);
    stage.glaze(Path().ellipse(glow, 1.1f * s, 1.1f * s), {.b = {1, 0.92f, 0.7f},
                                                           .base = 1,
                                                           .radial = -1,
                                                           .centre = glow,
                                                           .radii = {1.1f * s, 1.1f * s},
                                                           .opacity = 0.22f,
                                                           .fades = true});
    return;
  }
  const float height = rng.uniform(4, 6), arm = rng.uniform(0.6f, 1.2f) * (pose.foot.x > 0 ? -1.0f : 1.0f);
  const Rgb iron = pick(rng, {{0.2f, 0.22f, 0.22f}, {0.5f, 0.52f, 0.53f}, {0.18f, 0.26f, 0.22f}});
  stage.shadow(pose.foot, 0.5f, 0.3f);
  Path pole;
  pole.stroke(board.at(0, 0), board.at(0, height), std::max(0.16f * s, 0.8f), std::max(0.09f * s, 0.7f));
  pole.stroke(board.at(0, 0), board.at(0, 0.5f), 0.3f * s, 0.24f * s);
  const bool lantern = rng.chance(0.4f);
  if (!lantern)
    pole.stroke(board.at(0, height - 0.05f), board.at(arm, height + 0.2f), std::max(0.1f * s, 0.6f),
                std::max(0.07f * s, 0.6f));
  stage.fill(pole, across(stage, iron, board.at(-0.12f, 0), board.at(0.12f, 0)));
  if (lantern) {
    stage.fill(Path().add({board.at(-0.15f, height), board.at(0.15f, height), board.at(0.26f, height + 0.5f),
                           board.at(-0.26f, height + 0.5f)}),
               Rgb{0.92f, 0.9f, 0.78f});
    stage.fill(
        Path().add({board.at(-0.32f, height + 0.5f), board.at(0.32f, height + 0.5f), board.at(0, height + 0.8f)}),
        upright_lit(stage, iron, 0));
  } else {
    stage.fill(Path().stroke(board.at(0.75f * arm, height + 0.22f), board.at(1.35f * arm, height + 0.26f), 0.22f * s,
                             0.16f * s),
               upright_lit(stage, iron, 0));
    stage.fill(Path().stroke(board.at(0.85f * arm, height + 0.12f), board.at(1.3f * arm, height + 0.15f), 0.07f * s,
                             0.07f * s),
               Rgb{0.95f, 0.93f, 0.8f});
  }
}

void draw_sign(Stage& stage, Rng& rng, const Pose& pose) {
  const Board board(stage, pose);
  const float s = board.scale, height = rng.uniform(2.0f, 2.7f), r = rng.uniform(0.34f, 0.48f);
  stage.shadow(pose.foot, 0.4f, 0.25f);
  stage.fill(Path().stroke(board.at(0, 0), board.at(0, height), std::max(0.07f * s, 0.6f), std::max(0.07f * s, 0.6f)),
             across(stage, {0.55f, 0.56f, 0.57f}, board.at(-0.05f, 0), board.at(0.05f, 0)));
  const Vec2 middle = board.at(0, height);
  const Rgb red = upright_lit(stage, {0.78f, 0.12f, 0.12f}, 0.1f),
            white = upright_lit(stage, {0.92f, 0.92f, 0.9f}, 0.1f);
  const Rgb blue =
      upright_lit(stage, pick(rng, {{0.12f, 0.3f, 0.62f}, {0.1f, 0.42f, 0.28f}, {0.9f, 0.72f, 0.15f}}), 0.1f);
  const float p = r * s;
  switch (rng.below(4)) {
    case 0:
      stage.fill(Path().ellipse(middle, p, p), red);
      stage.fill(Path().ellipse(middle, 0.72f * p, 0.72f * p), white);
      stage.fill(Path().stroke({middle.x - 0.4f * p, middle.y}, {middle.x + 0.4f * p, middle.y}, 0.25f * p, 0.25f * p),
                 Rgb{0.1f, 0.1f, 0.1f});
      break;
    case 1:
      stage.fill(Path().add({{middle.x, middle.y - 1.1f * p},
                             {middle.x + 1.1f * p, middle.y + 0.8f * p},
                             {middle.x - 1.1f * p, middle.y + 0.8f * p}}),
                 red);
      stage.fill(Path().add({{middle.x, middle.y - 0.65f * p},
                             {middle.x + 0.7f * p, middle.y + 0.58f * p},
                             {middle.x - 0.7f * p, middle.y + 0.58f * p}}),
                 white);
      break;
    case 2:
      stage.fill(Path().ellipse(middle, p, p), blue);
      stage.fill(Path().stroke({middle.x, middle.y + 0.6f * p}, {middle.x, middle.y - 0.6f * p}, 0.35f * p, 0.1f * p),
                 white);
      break;
    default: {
      const float wide = rng.uniform(1.2f, 2.2f) * p;
      stage.fill(Path().rectangle({middle.x - wide, middle.y - 0.7f * p}, {middle.x + wide, middle.y + 0.7f * p}),
                 white);
      stage.fill(Path().rectangle({middle.x - 0.93f * wide, middle.y - 0.6f * p},
                                  {middle.x + 0.93f * wide, middle.y + 0.6f * p}),
                 blue);
      Path text;
      for (const float line : {-0.25f, 0.2f})
        text.rectangle({middle.x - 0.7f * wide, middle.y + (line - 0.1f) * p},
                       {middle.x + rng.uniform(0.1f, 0.75f) * wide, middle.y + (line + 0.1f) * p});
      stage.fill(text, white);
    }
  }
}

void draw_bench(Stage& stage, Rng& rng, const Pose& pose) {
  const Frame frame = Frame::standing(pose.foot, pose.yaw);
  const Surface wood{pick(rng, {{0.5f, 0.34f, 0.2f}, {0.42f, 0.4f, 0.36f}, {0.25f, 0.36f, 0.27f}}),
                     &tile(Pattern::planks), 0.3f, 100};
  const Surface iron{{0.2f, 0.2f, 0.21f}};
  const float w = 0.85f * pose.size;
  stage.shadow(pose.foot, 2.2f, 1.0f);
  const bool from_behind = frame.away.z < 0;
  const auto back = [&] {
    for (const float y : {0.58f, 0.74f}) stage.box(frame, {-w, w}, {y, y + 0.11f}, {0.2f, 0.25f}, wood);
    for (const float x : {-0.8f * w, 0.8f * w})
      stage.box(frame, {x - 0.03f, x + 0.03f}, {0, 0.85f}, {0.18f, 0.24f}, iron);
  };
  if (!from_behind) back();
  for (const float x : {-0.8f * w, 0.8f * w})
    stage.box(frame, {x - 0.03f, x + 0.03f}, {0, 0.42f}, {-0.2f, -0.14f}, iron);
  for (const float z : {0.08f, -0.08f, -0.24f}) stage.box(frame, {-w, w}, {0.42f, 0.47f}, {z, z + 0.13f}, wood);
  if (from_behind) back();
}

void draw_umbrella(Stage& stage, Rng& rng, const Pose& pose) {
  const Board board(stage, pose);
  const float s = board.scale, r = rng.uniform(1.1f, 1.6f), height = rng.uniform(2.1f, 2.5f),
              rise = rng.uniform(0.4f, 0.6f);
  stage.shadow(pose.foot, 2.2f * r * pose.size, 1.2f * r * pose.size, 0.8f);
  stage.fill(Path().stroke(board.at(0, 0), board.at(0, height), std::max(0.06f * s, 0.6f), std::max(0.06f * s, 0.6f)),
             across(stage, {0.75f, 0.72f, 0.66f}, board.at(-0.05f, 0), board.at(0.05f, 0)));
  const Rgb one = pick(
      rng,
      {{0.78f, 0.2f, 0.18f}, {0.2f, 0.4f, 0.65f}, {0.85f, 0.7f, 0.25f}, {0.2f, 0.5f, 0.38f}, {0.9f, 0.88f, 0.82f}});
  const Rgb two = rng.chance(0.6f) ? Rgb{0.92f, 0.9f, 0.86f} : one * 0.85f;
  const Vec2 apex = board.at(0, height + rise);
  constexpr int kSegments = 8;
  for (int i = 0; i < kSegments; ++i) {
    const float a = kPi * static_cast<float>(i) / kSegments, b = kPi * static_cast<float>(i + 1) / kSegments;
    const Vec2 p = board.at(-r * std::cos(a), height - 0.14f * r * std::sin(a)),
               q = board.at(-r * std::cos(b), height - 0.14f * r * std::sin(b));
    const Vec2 sag{0.5f * (p.x + q.x), 0.5f * (p.y + q.y) + 0.09f * s};
    const float facing = -std::cos(0.5f * (a + b));
    const Rgb cloth = stage.lit(i % 2 == 0 ? one : two, normalized({facing, 0.9f, -0.5f}));
    stage.fill(Path().add({apex, q, {q.x, q.y + 0.1f * s}, sag, {p.x, p.y + 0.1f * s}, p}),
               gradient(cloth * 1.05f, cloth * 0.85f, apex, sag));
  }
}

void draw_crate(Stage& stage, Rng& rng, const Pose& pose) {
  const Frame frame = Frame::standing(pose.foot, pose.yaw);
  const float w = rng.uniform(0.3f, 0.5f) * pose.size, h = rng.uniform(0.35f, 0.8f) * pose.size,
              d = rng.uniform(0.25f, 0.45f) * pose.size;
  const Surface wood{pick(rng, {{0.62f, 0.48f, 0.3f}, {0.5f, 0.4f, 0.3f}, {0.3f, 0.42f, 0.55f}, {0.66f, 0.62f, 0.55f}}),
                     &tile(Pattern::planks), 0.5f, 260};
  stage.shadow(pose.foot, 2.6f * w, 2.4f * d);
  stage.box(frame, {-w, w}, {0, h}, {-d, d}, wood);
  if (looks_at_camera(stage, frame.at(0, 0, -d), frame.away * -1.0f)) {
    for (const float y : {0.02f, 0.86f * h})
      stage.face(
          {frame.at(-w, y, -d), frame.at(w, y, -d), frame.at(w, y + 0.12f * h, -d), frame.at(-w, y + 0.12f * h, -d)},
          frame.right, kUp, {wood.colour * 1.15f, wood.tile, 0.3f, 200});
  }
  if (!rng.chance(0.55f)) return;
  const Rgb fruit = pick(
      rng,
      {{0.85f, 0.45f, 0.12f}, {0.72f, 0.15f, 0.12f}, {0.45f, 0.6f, 0.2f}, {0.9f, 0.8f, 0.3f}, {0.45f, 0.25f, 0.4f}});
  const Vec3 sun = stage.light().to_sun;
  for (int i = 0; i < 14; ++i) {
    const float z = d * (0.8f - 1.6f * static_cast<float>(i) / 14);
    const Vec3 at = frame.at(rng.uniform(-0.8f, 0.8f) * w, h + 0.04f, z);
    if (at.z < 0.5f) continue;
    const Vec2 middle = stage.project(at);
    const float r = 0.07f * pose.size * stage.scale(at.z);
    stage.fill(Path().ellipse(middle, r, r), ball(stage.lit(fruit * 1.15f, kUp), stage.lit(fruit * 0.5f, {0, -1, 0}),
                                                  middle, {r, r}, {sun.x, -sun.y}));
  }
}

}  // namespace gtsa::synth
