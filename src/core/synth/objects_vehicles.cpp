// Cars, buses and boats.

#include <array>
#include <vector>

#include "core/synth/parts.h"

namespace gtsa::synth {
namespace {

constexpr Vec3 kUp{0, 1, 0};

bool seen(const Stage& stage, Vec3 point, Vec3 normal) {
  return dot(normal, Vec3{0, stage.camera().height, 0} - point) > 0;
}

/// A wheel in the vehicle's side plane at x.
void wheel(Stage& stage, const Frame& frame, float x, float z, float radius) {
  constexpr int kCorners = 14;
  std::array<Vec3, kCorners> tyre, rim;
  for (int i = 0; i < kCorners; ++i) {
    const float angle = 6.2831853f * static_cast<float>(i) / kCorners;
    tyre[i] = frame.at(x, radius * (1 + std::sin(angle)), z + radius * std::cos(angle));
    rim[i] = frame.at(x * 1.01f, radius * (1 + 0.55f * std::sin(angle)), z + 0.55f * radius * std::cos(angle));
  }
  stage.face(tyre, frame.away, kUp, {{0.07f, 0.07f, 0.08f}});
  stage.face(rim, frame.away, kUp, {{0.55f, 0.56f, 0.58f}});
}

/// A quad on the plane x = constant (a side) of a vehicle, by (z, y) corners.
void on_side(Stage& stage, const Frame& frame, float x, std::span<const Vec2> corners, Rgb colour, float contrast = 1) {
  std::array<Vec3, 8> points;
  for (size_t i = 0; i < corners.size(); ++i) points[i] = frame.at(x, corners[i].y, corners[i].x);
  stage.face(std::span<const Vec3>(points.data(), corners.size()), frame.away, kUp,
             {.colour = colour, .contrast = contrast});
}

/// A rectangle on the plane z = constant (front or back).
void on_end(Stage& stage, const Frame& frame, float z, Vec2 x, Vec2 y, Rgb colour, float contrast = 1) {
  stage.face({frame.at(x.x, y.x, z), frame.at(x.y, y.x, z), frame.at(x.y, y.y, z), frame.at(x.x, y.y, z)}, frame.right,
             kUp, {.colour = colour, .contrast = contrast});
}

struct Body {
  float rear, front, hood, screen_foot, screen_head, roof_end, boot, height;
};

void car_details(Stage& stage, const Frame& frame, const Body& b, float w, Rgb paint, Rgb glass) {
  for (const float side : {-w, w}) {
    if (!seen(stage, frame.at(side, 0.5f, 0), frame.right * (side < 0 ? -1.0f : 1.0f))) continue;
    const float belt = 0.92f, top = b.height - 0.09f, middle = 0.5f * (b.screen_head + b.roof_end);
    on_side(stage, frame, side,
            std::array<Vec2, 4>{Vec2{middle + 0.06f, belt},
                                {b.screen_foot - 0.2f, belt},
                                {b.screen_head - 0.05f, top},
                                {middle + 0.06f, top}},
            glass, 0.4f);
    on_side(stage, frame, side,
            std::array<Vec2, 4>{
                Vec2{b.boot + 0.3f, belt}, {middle - 0.06f, belt}, {middle - 0.06f, top}, {b.roof_end + 0.05f, top}},
            glass, 0.4f);
    on_side(stage, frame, side,
            std::array<Vec2, 4>{Vec2{b.rear, 0.27f}, {b.front, 0.27f}, {b.front, 0.38f}, {b.rear, 0.38f}},
            paint * 0.45f);
    for (const float line : {middle, b.screen_foot - 0.15f})
      on_side(stage, frame, side,
              std::array<Vec2, 4>{
                  Vec2{line - 0.015f, 0.4f}, {line + 0.015f, 0.4f}, {line + 0.015f, belt}, {line - 0.015f, belt}},
              paint * 0.5f);
    wheel(stage, frame, side, b.front - 0.85f, 0.33f);
    wheel(stage, frame, side, b.rear + 0.8f, 0.33f);
  }
  const bool back = seen(stage, frame.at(0, 0.5f, b.rear), frame.away * -1.0f);
  if (!back && !seen(stage, frame.at(0, 0.5f, b.front), frame.away)) return;
  const float z = (back ? b.rear : b.front) * 1.01f;
  const Rgb lamp = back ? Rgb{0.75f, 0.1f, 0.08f} : Rgb{0.95f, 0.94f, 0.86f};
  on_end(stage, frame, z, {-w, w}, {0.25f, 0.42f}, paint * 0.5f);
  on_end(stage, frame, z, {-0.95f * w, -0.6f * w}, {0.6f, 0.76f}, lamp, 0.5f);
  on_end(stage, frame, z, {0.6f * w, 0.95f * w}, {0.6f, 0.76f}, lamp, 0.5f);
  on_end(stage, frame, z, {-0.25f, 0.25f}, {0.46f, 0.58f}, {0.9f, 0.9f, 0.85f});
  if (!back) on_end(stage, frame, z, {-0.5f * w, 0.5f * w}, {0.6f, 0.72f}, {0.1f, 0.1f, 0.1f});
  for (const float x : {-0.75f * w, 0.75f * w})
    on_end(stage, frame, z, {x - 0.12f, x + 0.12f}, {0, 0.27f}, {0.06f, 0.06f, 0.06f});
}

}  // namespace

void draw_car(Stage& stage, Rng& rng, const Pose& pose) {
  const Frame frame = Frame::standing(pose.foot, pose.yaw);
  const Rgb colour = pick(rng, {{0.7f, 0.12f, 0.12f},
                                {0.16f, 0.22f, 0.42f},
                                {0.82f, 0.83f, 0.84f},
                                {0.12f, 0.12f, 0.13f},
                                {0.5f, 0.52f, 0.54f},
                                {0.2f, 0.38f, 0.3f},
                                {0.85f, 0.7f, 0.2f},
                                {0.45f, 0.6f, 0.75f},
                                {0.55f, 0.25f, 0.15f}});
  const Rgb glass{0.14f, 0.17f, 0.2f};
  const bool van = rng.chance(0.25f), hatch = rng.chance(0.5f);
  const float w = rng.uniform(0.82f, 0.92f), tall = van ? rng.uniform(1.7f, 2.0f) : rng.uniform(1.38f, 1.52f);
  const Body b{-2.1f,
               2.1f,
               2.05f,
               van ? 1.4f : 1.05f,
               van ? 0.85f : 0.4f,
               van     ? -1.95f
               : hatch ? -1.5f
                       : -0.95f,
               hatch || van ? -2.05f : -1.6f,
               tall};
  stage.shadow(pose.foot, std::abs(frame.right.x) * 2.4f + std::abs(frame.away.x) * 5,
               std::abs(frame.right.z) * 2.4f + std::abs(frame.away.z) * 5, 1.2f);
  const std::array<Vec2, 9> profile = {Vec2{b.rear, 0.24f},   {b.front, 0.24f},       {b.front + 0.04f, 0.68f},
                                       {b.hood - 0.1f, 0.8f}, {b.screen_foot, 0.95f}, {b.screen_head, tall},
                                       {b.roof_end, tall},    {b.boot, 0.98f},        {b.rear - 0.04f, 0.86f}};
  const Surface body{colour, &tile(Pattern::clouds), 0.08f, 30};
  const Surface screen{.colour = mix(glass, stage.light().haze, 0.25f), .contrast = 0.4f};
  const std::array<Surface, 9> sides = {
      Surface{{0.05f, 0.05f, 0.05f}}, body, body, body, screen, body, screen, body, body};
  stage.prism(frame, profile, {-w, w}, sides, body);
  car_details(stage, frame, b, w, colour, glass);
}

void draw_bus(Stage& stage, Rng& rng, const Pose& pose) {
  const Frame frame = Frame::standing(pose.foot, pose.yaw);
  const Rgb colour = pick(
      rng,
      {{0.75f, 0.15f, 0.13f}, {0.9f, 0.78f, 0.25f}, {0.2f, 0.4f, 0.65f}, {0.86f, 0.86f, 0.84f}, {0.25f, 0.5f, 0.35f}});
  const Rgb glass{0.13f, 0.16f, 0.19f},
      stripe = pick(rng, {{0.9f, 0.9f, 0.88f}, {0.15f, 0.2f, 0.3f}, {0.85f, 0.5f, 0.2f}});
  const float w = 1.25f, l = rng.uniform(4, 5.5f), h = rng.uniform(2.9f, 3.2f);
  stage.shadow(pose.foot, std::abs(frame.right.x) * 3 + std::abs(frame.away.x) * 2.2f * l,
               std::abs(frame.right.z) * 3 + std::abs(frame.away.z) * 2.2f * l, 1.2f);
  stage.box(frame, {-w, w}, {0.35f, h}, {-l, l}, {colour, &tile(Pattern::clouds), 0.08f, 20});
  for (const float side : {-w, w}) {
    if (!seen(stage, frame.at(side, 1, 0), frame.right * (side < 0 ? -1.0f : 1.0f))) continue;
    on_side(stage, frame, side, std::array<Vec2, 4>{Vec2{-l, 0.9f}, {l, 0.9f}, {l, 1.15f}, {-l, 1.15f}}, stripe);
    const int panes = 6;
    for (int i = 0; i < panes; ++i) {
      const float z0 = -l + 0.25f + 2 * l * static_cast<float>(i) / panes, z1 = z0 + 2 * l / panes - 0.25f;
      on_side(stage, frame, side, std::array<Vec2, 4>{Vec2{z0, 1.35f}, {z1, 1.35f}, {z1, h - 0.4f}, {z0, h - 0.4f}},
              glass * rng.uniform(0.8f, 1.5f), 0.4f);
    }
    wheel(stage, frame, side, l - 1.5f, 0.48f);
    wheel(stage, frame, side, -l + 1.5f, 0.48f);
  }
  const bool back = seen(stage, frame.at(0, 1, -l), frame.away * -1.0f);
  if (!back && !seen(stage, frame.at(0, 1, l), frame.away)) return;
  const float z = back ? -1.002f * l : 1.002f * l;
  on_end(stage, frame, z, {-0.92f * w, 0.92f * w}, {1.3f, h - 0.55f}, mix(glass, stage.light().haze, 0.15f), 0.4f);
  on_end(stage, frame, z, {-0.6f * w, 0.6f * w}, {h - 0.45f, h - 0.15f}, {0.95f, 0.75f, 0.25f}, 0.2f);
  on_end(stage, frame, z, {-w, w}, {0.35f, 0.6f}, {0.15f, 0.15f, 0.16f});
  for (const float x : {-0.78f * w, 0.78f * w})
    on_end(stage, frame, z, {x - 0.18f, x + 0.18f}, {0.68f, 0.9f},
           back ? Rgb{0.8f, 0.1f, 0.1f} : Rgb{0.95f, 0.95f, 0.9f}, 0.4f);
}

namespace {

/// Hull between the deck's outline and the waterline, symmetric about the keel.
void hull(Stage& stage, const Frame& frame, float l, float w, float freeboard, Rgb paint, Rgb deck) {
  constexpr std::array<Vec3, 6> kSide = {Vec3{0.75f, 0.9f, -1}, {0.95f, 0.85f, -0.5f}, {1, 0.85f, 0},
                                         {0.85f, 0.9f, 0.45f},  {0.5f, 1.0f, 0.8f},    {0.0f, 1.12f, 1.08f}};
  const auto rim = [&](size_t i, float side) {
    return frame.at(side * w * kSide[i].x, freeboard * kSide[i].y, l * kSide[i].z);
  };
  const auto water = [&](size_t i, float side) {
    return frame.at(side * 0.78f * w * kSide[i].x, 0, 0.93f * l * kSide[i].z);
  };
  std::vector<Vec3> outline;
  for (size_t i = 0; i < kSide.size(); ++i) outline.push_back(rim(i, 1));
  for (size_t i = kSide.size(); i-- > 0;) outline.push_back(rim(i, -1));
  stage.face(outline, frame.right, frame.away, {deck, &tile(Pattern::planks), 0.3f, 90});
  const auto strip = [&](Vec3 a, Vec3 b, Vec3 c, Vec3 d) {
    const Vec3 along = normalized(b - a), up = normalized(a - d);
    if (!seen(stage, a, cross(up, along))) return;
    stage.face({a, b, c, d}, along, up, {paint, &tile(Pattern::clouds), 0.15f, 40});
    const Vec3 e = d + (a - d) * 0.78f, f = c + (b - c) * 0.78f;
    stage.face({a, b, f, e}, along, up, {deck * 1.15f});
  };
  for (size_t i = 0; i + 1 < kSide.size(); ++i) {
    strip(rim(i + 1, 1), rim(i, 1), water(i, 1), water(i + 1, 1));
    strip(rim(i, -1), rim(i + 1, -1), water(i + 1, -1), water(i, -1));
  }
  strip(rim(0, 1), rim(0, -1), water(0, -1), water(0, 1));
}

void sails(Stage& stage, Rng& rng, const Frame& frame, float l, float freeboard) {
  const float mast = rng.uniform(2.0f, 2.7f) * l;
  const Vec3 foot = frame.at(0, freeboard, 0.15f * l), top = frame.at(0, mast, 0.1f * l);
  const Vec2 a = stage.project(foot), b = stage.project(top);
  const float thick = std::max(0.09f * stage.scale(foot.z), 0.6f);
  const bool set = rng.chance(0.6f);
  const Rgb cloth = pick(rng, {{0.95f, 0.94f, 0.9f}, {0.85f, 0.4f, 0.3f}, {0.9f, 0.85f, 0.7f}});
  if (set) {
    const Vec3 normal = normalized(frame.right + Vec3{0, 0.2f, 0});
    const Vec2 boom = stage.project(frame.at(-0.1f * l, freeboard + 0.6f, -0.85f * l)),
               tack = stage.project(frame.at(0, freeboard + 0.6f, 0.08f * l));
    stage.fill(Path().add({b, tack, boom}),
               gradient(stage.lit(cloth, normal), stage.lit(cloth * 0.8f, normal * -1.0f), b, boom));
    const Vec2 bow = stage.project(frame.at(0, freeboard + 0.2f, 1.0f * l));
    stage.fill(
        Path().add({{a.x + 0.95f * (b.x - a.x), a.y + 0.9f * (b.y - a.y)}, {a.x, a.y - 0.05f * (a.y - b.y)}, bow}),
        gradient(stage.lit(cloth * 0.9f, normal), stage.lit(cloth, normal), a, bow));
  }
  Path rig;
  rig.stroke(a, b, thick, 0.7f * thick);
  for (const float end : {-0.98f, 1.05f})
    rig.stroke(b, stage.project(frame.at(0, freeboard, end * l)), 0.25f * thick, 0.25f * thick);
  stage.fill(rig, upright_lit(stage, {0.55f, 0.45f, 0.32f}, 0));
}

}  // namespace

void draw_boat(Stage& stage, Rng& rng, const Pose& pose) {
  const Frame frame = Frame::standing(pose.foot, pose.yaw);
  const float l = rng.uniform(2.2f, 4.0f) * pose.size, w = l * rng.uniform(0.3f, 0.38f),
              freeboard = rng.uniform(0.24f, 0.34f) * l;
  const Rgb paint = pick(
      rng,
      {{0.9f, 0.9f, 0.88f}, {0.15f, 0.25f, 0.42f}, {0.65f, 0.15f, 0.13f}, {0.2f, 0.4f, 0.4f}, {0.35f, 0.25f, 0.18f}});
  const Rgb deck = pick(rng, {{0.6f, 0.47f, 0.32f}, {0.82f, 0.8f, 0.75f}});
  const Vec2 foot = stage.project(pose.foot);
  const float s = stage.scale(pose.foot.z), reach = (0.3f + std::abs(frame.away.x)) * l * s;
  // Its image in the water: a dark smear of its colour.
  stage.glaze(Path().ellipse({foot.x, foot.y + 0.5f * freeboard * s}, reach, freeboard * s),
              {.b = stage.lit(paint * 0.45f, {0, 0, -1}),
               .base = 1,
               .radial = -1,
               .centre = {foot.x, foot.y + 0.4f * freeboard * s},
               .radii = {reach, freeboard * s},
               .opacity = 0.7f,
               .fades = true});
  hull(stage, frame, l, w, freeboard, paint, deck);
  const bool sailing = pose.style == 1 || rng.chance(0.35f);
  if (!sailing || rng.chance(0.4f)) {
    const float back = rng.uniform(-0.6f, -0.3f) * l, front = rng.uniform(0.1f, 0.4f) * l,
                high = freeboard + rng.uniform(0.25f, 0.45f) * l * 0.6f;
    stage.box(frame, {-0.55f * w, 0.55f * w}, {0.8f * freeboard, high}, {back, front},
              {{0.88f, 0.87f, 0.84f}, &tile(Pattern::clouds), 0.1f, 40});
    for (const float side : {-0.56f * w, 0.56f * w}) {
      if (!seen(stage, frame.at(side, 1, 0), frame.right * (side < 0 ? -1.0f : 1.0f))) continue;
      const float y0 = freeboard + 0.45f * (high - freeboard), y1 = high - 0.15f * (high - freeboard),
                  third = (front - back) / 3;
      for (int i = 0; i < 3; ++i) {
        const float z = back + third * (static_cast<float>(i) + 0.15f);
        on_side(stage, frame, side,
                std::array<Vec2, 4>{Vec2{z, y0}, {z + 0.7f * third, y0}, {z + 0.7f * third, y1}, {z, y1}},
                {0.12f, 0.16f, 0.2f}, 0.4f);
      }
    }
  }
  if (sailing) sails(stage, rng, frame, l, freeboard);
}

}  // namespace gtsa::synth
