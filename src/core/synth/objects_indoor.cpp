// Furniture and what hangs on walls.

#include <array>
#include <vector>

#include "core/synth/parts.h"

namespace gtsa::synth {
namespace {

constexpr Vec3 kUp{0, 1, 0};

Surface wood(Rng& rng) {
  return {pick(rng, {{0.5f, 0.33f, 0.2f},
                     {0.36f, 0.23f, 0.15f},
                     {0.72f, 0.56f, 0.38f},
                     {0.85f, 0.83f, 0.78f},
                     {0.22f, 0.18f, 0.16f}}),
          &tile(Pattern::planks), 0.25f, 160};
}

Surface cloth(Rng& rng) {
  return {pick(rng, {{0.55f, 0.2f, 0.2f},
                     {0.25f, 0.35f, 0.5f},
                     {0.7f, 0.64f, 0.52f},
                     {0.4f, 0.45f, 0.36f},
                     {0.5f, 0.5f, 0.52f},
                     {0.75f, 0.55f, 0.3f}}),
          &tile(Pattern::grain), 0.18f, 120};
}

/// Legs at the four corners of a rectangle, far ones first.
void legs(Stage& stage, const Frame& frame, float w, float d, float height, float thick, const Surface& surface) {
  std::array<Vec2, 4> feet = {Vec2{-w, d}, {w, d}, {-w, -d}, {w, -d}};
  std::sort(feet.begin(), feet.end(),
            [&](Vec2 a, Vec2 b) { return frame.at(a.x, 0, a.y).z > frame.at(b.x, 0, b.y).z; });
  for (const Vec2 foot : feet)
    stage.box(frame, {foot.x - thick, foot.x + thick}, {0, height}, {foot.y - thick, foot.y + thick}, surface);
}

/// A rectangle on a wall: centre at (0, y) of the frame's plane z = 0.
void panel(Stage& stage, const Frame& frame, Vec2 x, Vec2 y, const Surface& surface) {
  stage.face({frame.at(x.x, y.x, 0), frame.at(x.y, y.x, 0), frame.at(x.y, y.y, 0), frame.at(x.x, y.y, 0)}, frame.right,
             kUp, surface);
}

}  // namespace

void draw_clutter(Stage& stage, Rng& rng, const Pose& pose) {
  stage.stuff(Category::none, pose.foot.z);
  const int count = 2 + static_cast<int>(rng.below(6));
  std::vector<Vec3> places;
  for (int i = 0; i < count; ++i)
    places.push_back(pose.foot + Vec3{rng.uniform(-0.45f, 0.45f), 0, rng.uniform(-0.25f, 0.25f)} * pose.size);
  std::sort(places.begin(), places.end(), [](Vec3 a, Vec3 b) { return a.z > b.z; });
  for (const Vec3 place : places) {
    const Frame frame = Frame::standing(place, rng.uniform(-1, 1));
    const Rgb colour = pick(rng,
                            {{0.8f, 0.2f, 0.18f},
                             {0.2f, 0.35f, 0.6f},
                             {0.92f, 0.9f, 0.85f},
                             {0.85f, 0.7f, 0.25f},
                             {0.25f, 0.5f, 0.4f},
                             {0.15f, 0.14f, 0.14f}},
                            0.1f);
    if (place.z < 0.8f) continue;
    if (rng.chance(0.5f)) {
      const float w = rng.uniform(0.06f, 0.14f), d = rng.uniform(0.05f, 0.1f), h = rng.uniform(0.02f, 0.2f);
      stage.box(frame, {-w, w}, {0, h}, {-d, d}, {colour});
    } else {
      const Board board(stage, {.foot = place});
      const float r = rng.uniform(0.04f, 0.09f), h = rng.uniform(0.08f, 0.25f);
      stage.fill(Path()
                     .rectangle(board.at(-r, h), board.at(r, 0))
                     .ellipse(board.at(0, 0), r * board.scale, 0.3f * r * board.scale),
                 across(stage, colour, board.at(-r, 0), board.at(r, 0)));
      stage.fill(Path().ellipse(board.at(0, h), r * board.scale, 0.3f * r * board.scale),
                 stage.lit(colour * 0.7f, kUp));
    }
  }
}

void draw_chair(Stage& stage, Rng& rng, const Pose& pose) {
  const Frame frame = Frame::standing(pose.foot, pose.yaw);
  const Surface timber = wood(rng), seat = rng.chance(0.5f) ? cloth(rng) : timber;
  const float w = 0.22f * pose.size, h = 0.46f * pose.size, top = rng.uniform(0.85f, 1.05f) * pose.size;
  stage.shadow(pose.foot, 0.7f, 0.6f, 0.8f);
  const auto back = [&] {
    for (const float x : {-0.9f * w, 0.9f * w})
      stage.box(frame, {x - 0.02f, x + 0.02f}, {h, top}, {w - 0.03f, w + 0.02f}, timber);
    stage.box(frame, {-w, w}, {top - 0.3f * (top - h), top}, {w - 0.02f, w + 0.02f}, timber);
    stage.box(frame, {-w, w}, {h + 0.35f * (top - h), h + 0.5f * (top - h)}, {w - 0.02f, w + 0.02f}, timber);
  };
  legs(stage, frame, 0.9f * w, 0.9f * w, h, 0.02f, timber);
  const bool from_behind = frame.away.z < 0;
  if (!from_behind) back();
  stage.box(frame, {-1.05f * w, 1.05f * w}, {h - 0.04f, h + 0.03f}, {-1.05f * w, w}, seat);
  if (from_behind) back();
}

void draw_table(Stage& stage, Rng& rng, const Pose& pose) {
  const Frame frame = Frame::standing(pose.foot, pose.yaw);
  const Surface timber = wood(rng);
  const bool low = pose.style == 1;
  const float w = rng.uniform(0.5f, 0.9f) * pose.size, d = rng.uniform(0.35f, 0.5f) * pose.size,
              h = (low ? 0.45f : 0.75f) * pose.size;
  stage.shadow(pose.foot, 2.6f * w, 2.6f * d);
  legs(stage, frame, 0.9f * w, 0.85f * d, h, 0.035f, timber);
  stage.box(frame, {-w, w}, {h - 0.09f, h - 0.03f}, {-0.9f * d, 0.9f * d},
            {timber.colour * 0.8f, timber.tile, 0.2f, 160});
  stage.box(frame, {-1.05f * w, 1.05f * w}, {h - 0.03f, h + 0.02f}, {-d, d}, timber);
}

void draw_sofa(Stage& stage, Rng& rng, const Pose& pose) {
  const Frame frame = Frame::standing(pose.foot, pose.yaw);
  const Surface fabric = cloth(rng), cushion = rng.chance(0.5f) ? cloth(rng) : fabric;
  const float w = rng.uniform(0.7f, 1.1f) * pose.size, d = 0.42f * pose.size;
  stage.shadow(pose.foot, 2.5f * w, 2.6f * d, 1.2f);
  stage.box(frame, {-w, w}, {0.08f, 0.88f}, {0.55f * d, d}, fabric);
  stage.box(frame, {-w, w}, {0.08f, 0.3f}, {-d, 0.6f * d}, {fabric.colour * 0.85f, fabric.tile, 0.18f, 120});
  const int seats = w > 0.9f ? 3 : 2;
  for (int i = 0; i < seats; ++i) {
    const float x0 = -w + 2 * w * static_cast<float>(i) / static_cast<float>(seats),
                x1 = x0 + 2 * w / static_cast<float>(seats);
    stage.box(frame, {x0 + 0.02f, x1 - 0.02f}, {0.42f, 0.85f}, {0.35f * d, 0.6f * d},
              {fabric.colour * 1.05f, fabric.tile, 0.18f, 120});
    stage.box(frame, {x0 + 0.02f, x1 - 0.02f}, {0.3f, 0.45f}, {-d, 0.5f * d},
              {fabric.colour * 1.1f, fabric.tile, 0.18f, 120});
  }
  if (rng.chance(0.7f)) {
    const float x = rng.uniform(-0.6f, 0.4f) * w;
    stage.box(frame, {x, x + 0.38f}, {0.46f, 0.8f}, {0.1f * d, 0.3f * d},
              {cushion.colour, &tile(Pattern::waves), 0.4f, 120});
  }
  for (const float side : {frame.right.z > 0 ? 1.0f : -1.0f, frame.right.z > 0 ? -1.0f : 1.0f})
    stage.box(frame, {std::min(side * w, side * (w + 0.18f)), std::max(side * w, side * (w + 0.18f))}, {0.05f, 0.62f},
              {-d, d}, fabric);
}

void draw_shelf(Stage& stage, Rng& rng, const Pose& pose) {
  const Frame frame = Frame::standing(pose.foot, pose.yaw);
  const Surface timber = wood(rng), inside{timber.colour * 0.45f, timber.tile, 0.2f, 120};
  const float w = rng.uniform(0.4f, 0.75f) * pose.size, h = rng.uniform(1.3f, 2.1f) * pose.size, d = 0.16f;
  stage.shadow(pose.foot, 2.4f * w, 0.6f);
  stage.box(frame, {-w, w}, {0, h}, {-d, d}, timber);
  const int rows = 4 + static_cast<int>(rng.below(2));
  const float pitch = (h - 0.08f) / static_cast<float>(rows);
  const auto front = [&](Vec2 x, Vec2 y, const Surface& surface) {
    stage.face({frame.at(x.x, y.x, -d), frame.at(x.y, y.x, -d), frame.at(x.y, y.y, -d), frame.at(x.x, y.y, -d)},
               frame.right, kUp, surface);
  };
  if (dot(frame.away * -1.0f, Vec3{0, stage.camera().height, 0} - frame.at(0, 1, -d)) <= 0) return;
  for (int row = 0; row < rows; ++row) {
    const float y0 = 0.06f + pitch * static_cast<float>(row), y1 = y0 + pitch - 0.05f;
    front({-w + 0.04f, w - 0.04f}, {y0, y1}, inside);
    for (float x = -w + 0.05f; x < w - 0.12f;) {
      const float thick = rng.uniform(0.03f, 0.08f);
      if (rng.chance(0.88f)) {
        const Rgb cover = pick(rng,
                               {{0.6f, 0.15f, 0.14f},
                                {0.15f, 0.25f, 0.45f},
                                {0.85f, 0.8f, 0.7f},
                                {0.2f, 0.4f, 0.3f},
                                {0.75f, 0.55f, 0.2f},
                                {0.15f, 0.15f, 0.16f}},
                               0.1f);
        front({x, x + 0.9f * thick}, {y0, y0 + (y1 - y0) * rng.uniform(0.6f, 0.95f)}, {cover});
      }
      x += thick;
    }
  }
}

void draw_window(Stage& stage, Rng& rng, const Pose& pose) {
  const Frame frame = Frame::standing(pose.foot, pose.yaw);
  const float w = rng.uniform(0.45f, 0.8f) * pose.size, y0 = pose.foot.y, y1 = y0 + rng.uniform(1.1f, 1.4f) * pose.size;
  const Frame wall{{pose.foot.x, 0, pose.foot.z}, frame.right, frame.away};
  const Rgb paint = pick(rng, {{0.92f, 0.92f, 0.9f}, {0.5f, 0.36f, 0.24f}});
  panel(stage, wall, {-w - 0.08f, w + 0.08f}, {y0 - 0.08f, y1 + 0.08f}, {paint});
  const Rgb sky = pick(rng, {{0.8f, 0.9f, 1.0f}, {0.95f, 0.95f, 0.93f}, {0.6f, 0.75f, 0.92f}});
  panel(stage, wall, {-w, w}, {y0, y1}, {.colour = sky, .contrast = 0});
  const float horizon = y0 + rng.uniform(0.2f, 0.45f) * (y1 - y0);
  panel(stage, wall, {-w, w}, {y0, horizon},
        {.colour = pick(rng, {{0.4f, 0.52f, 0.3f}, {0.6f, 0.6f, 0.58f}, {0.3f, 0.42f, 0.28f}}),
         .tile = &tile(Pattern::leaves),
         .amount = 0.8f,
         .texels_per_metre = 110,
         .contrast = 0});
  panel(stage, wall, {-0.03f, 0.03f}, {y0, y1}, {paint});
  const float bar = 0.5f * (y0 + y1);
  panel(stage, wall, {-w, w}, {bar - 0.02f, bar + 0.02f}, {paint});
  if (!rng.chance(0.6f)) return;
  const Surface curtain{
      pick(rng, {{0.85f, 0.8f, 0.7f}, {0.6f, 0.25f, 0.22f}, {0.35f, 0.45f, 0.55f}, {0.7f, 0.7f, 0.5f}}),
      &tile(Pattern::blades), 0.4f, 40};
  panel(stage, wall, {-w - 0.3f, -0.62f * w}, {y0 - 0.3f, y1 + 0.15f}, curtain);
  panel(stage, wall, {0.62f * w, w + 0.3f}, {y0 - 0.3f, y1 + 0.15f}, curtain);
}

void draw_door(Stage& stage, Rng& rng, const Pose& pose) {
  const Frame wall = Frame::standing(pose.foot, pose.yaw);
  const float w = 0.45f * pose.size, h = rng.uniform(1.95f, 2.15f) * pose.size;
  const Surface leaf{
      pick(rng, {{0.55f, 0.38f, 0.24f}, {0.88f, 0.87f, 0.83f}, {0.35f, 0.24f, 0.17f}, {0.3f, 0.42f, 0.45f}}),
      &tile(Pattern::planks), 0.15f, 60};
  panel(stage, wall, {-w - 0.09f, w + 0.09f}, {0, h + 0.09f}, {leaf.colour * 0.75f});
  panel(stage, wall, {-w, w}, {0, h}, leaf);
  const Surface sunk{leaf.colour * 0.8f, leaf.tile, 0.15f, 60};
  for (const Vec2 y : {Vec2{0.08f * h, 0.42f * h}, {0.5f * h, 0.94f * h}}) {
    panel(stage, wall, {-0.8f * w, -0.08f * w}, y, sunk);
    panel(stage, wall, {0.08f * w, 0.8f * w}, y, sunk);
  }
  const Vec3 knob = wall.at(0.88f * w, 0.47f * h, 0);
  if (knob.z > 0.5f)
    stage.fill(Path().ellipse(stage.project(knob), 0.035f * stage.scale(knob.z), 0.035f * stage.scale(knob.z)),
               Rgb{0.75f, 0.65f, 0.35f});
}

void draw_picture(Stage& stage, Rng& rng, const Pose& pose) {
  const Frame frame = Frame::standing(pose.foot, pose.yaw);
  const float w = rng.uniform(0.22f, 0.5f) * pose.size, h = rng.uniform(0.22f, 0.42f) * pose.size, y = pose.foot.y;
  const Frame wall{{pose.foot.x, 0, pose.foot.z}, frame.right, frame.away};
  panel(stage, wall, {-w - 0.06f, w + 0.06f}, {y - h - 0.06f, y + h + 0.06f},
        {pick(rng, {{0.6f, 0.46f, 0.22f}, {0.15f, 0.13f, 0.12f}, {0.9f, 0.9f, 0.88f}, {0.4f, 0.26f, 0.16f}})});
  panel(stage, wall, {-w, w}, {y - h, y + h},
        {pick(rng, {{0.6f, 0.72f, 0.85f}, {0.85f, 0.75f, 0.55f}, {0.92f, 0.9f, 0.86f}, {0.4f, 0.4f, 0.5f}}),
         &tile(Pattern::clouds), 0.35f, 100});
  const float line = y + rng.uniform(-0.5f, 0.2f) * h;
  panel(
      stage, wall, {-w, w}, {y - h, line},
      {pick(rng, {{0.3f, 0.42f, 0.25f}, {0.2f, 0.35f, 0.5f}, {0.6f, 0.45f, 0.3f}}), &tile(Pattern::leaves), 0.5f, 180});
  for (int i = 0; i < 3; ++i) {
    const float x = rng.uniform(-0.9f, 0.4f) * w, wide = rng.uniform(0.1f, 0.5f) * w;
    panel(stage, wall, {x, x + wide}, {line - 0.2f * h, line + rng.uniform(0.1f, 0.6f) * h},
          {pick(rng, {{0.7f, 0.25f, 0.2f}, {0.25f, 0.25f, 0.3f}, {0.9f, 0.8f, 0.5f}, {0.2f, 0.4f, 0.35f}}, 0.15f)});
  }
}

}  // namespace gtsa::synth
