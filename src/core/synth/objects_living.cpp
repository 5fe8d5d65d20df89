// People, birds and cows.

#include <array>
#include <vector>

#include "core/synth/parts.h"

namespace gtsa::synth {
namespace {

struct Clothes {
  Rgb skin, hair, coat, legs, shoes;
};

Clothes clothes(Rng& rng) {
  return {pick(rng, {{0.85f, 0.65f, 0.54f}, {0.62f, 0.44f, 0.34f}, {0.42f, 0.29f, 0.22f}, {0.9f, 0.74f, 0.64f}}),
          pick(rng, {{0.12f, 0.09f, 0.08f}, {0.35f, 0.24f, 0.14f}, {0.7f, 0.58f, 0.36f}, {0.55f, 0.54f, 0.53f}}),
          pick(rng, {{0.7f, 0.15f, 0.15f},
                     {0.15f, 0.22f, 0.45f},
                     {0.85f, 0.83f, 0.78f},
                     {0.15f, 0.15f, 0.17f},
                     {0.25f, 0.45f, 0.3f},
                     {0.85f, 0.62f, 0.2f},
                     {0.5f, 0.6f, 0.75f},
                     {0.5f, 0.3f, 0.45f}}),
          pick(rng, {{0.16f, 0.2f, 0.32f}, {0.12f, 0.12f, 0.13f}, {0.45f, 0.4f, 0.32f}, {0.35f, 0.37f, 0.4f}}),
          {0.12f, 0.1f, 0.09f}};
}

}  // namespace

void draw_person(Stage& stage, Rng& rng, const Pose& pose) {
  const Board board(stage, pose);
  const Clothes wear = clothes(rng);
  const float h = rng.uniform(1.5f, 1.85f), s = board.scale, fat = rng.uniform(0.9f, 1.2f);
  const float stride = rng.uniform(0, 0.17f) * h, side = rng.chance(0.5f) ? 1.0f : -1.0f;
  stage.shadow(pose.foot, 0.8f * pose.size, 0.5f * pose.size);
  const Vec2 left = board.at(-0.17f * fat, 0), right = board.at(0.17f * fat, 0);
  const bool skirt = rng.chance(0.25f);
  const Rgb calves = skirt ? wear.skin : wear.legs;
  for (const float leg : {-1.0f, 1.0f}) {
    const Vec2 hip = board.at(0.06f * leg * fat, 0.5f * h),
               knee = board.at(0.05f * leg + leg * side * 0.4f * stride, 0.27f * h);
    const Vec2 ankle = board.at(0.06f * leg + leg * side * stride, 0.04f * h);
    stage.fill(Path().stroke(hip, knee, 0.17f * fat * s, 0.13f * s).stroke(knee, ankle, 0.13f * s, 0.09f * s),
               across(stage, calves * (leg * side > 0 ? 1.0f : 0.8f), left, right));
    stage.fill(Path().ellipse({ankle.x + side * 0.05f * s, ankle.y + 0.03f * s}, 0.1f * s, 0.045f * s),
               upright_lit(stage, wear.shoes, 0));
  }
  if (skirt) {
    stage.fill(Path().add({board.at(-0.13f * fat, 0.6f * h), board.at(0.13f * fat, 0.6f * h),
                           board.at(0.24f * fat, 0.3f * h), board.at(-0.24f * fat, 0.3f * h)}),
               across(stage, wear.legs, left, right));
  }
  // The arm that is farther, trunk, nearer arm.
  const float swing = rng.uniform(0.02f, 0.2f);
  for (const float arm : {-side, side}) {
    if (arm == side) {
      const float shoulder = 0.2f * fat;
      Paint coat = across(stage, wear.coat, left, right);
      coat.tone = foliage_texture(rng, board, Pattern::clouds, 0.25f, 150);
      stage.fill(Path().add({board.at(-0.06f, 0.84f * h), board.at(0.06f, 0.84f * h), board.at(shoulder, 0.8f * h),
                             board.at(0.17f * fat, 0.62f * h), board.at(0.19f * fat, 0.46f * h),
                             board.at(-0.19f * fat, 0.46f * h), board.at(-0.17f * fat, 0.62f * h),
                             board.at(-shoulder, 0.8f * h)}),
                 coat);
    }
    const Vec2 shoulder = board.at(0.19f * arm * fat, 0.79f * h);
    const Vec2 elbow = board.at((0.24f + 0.3f * swing) * arm * fat, 0.62f * h);
    const Vec2 hand = board.at((0.2f + swing) * arm * fat, (0.47f + 0.3f * swing) * h);
    stage.fill(Path().stroke(shoulder, elbow, 0.11f * s, 0.09f * s).stroke(elbow, hand, 0.09f * s, 0.07f * s),
               across(stage, wear.coat * (arm == side ? 1.05f : 0.75f), left, right));
    stage.fill(Path().ellipse(hand, 0.045f * s, 0.05f * s), upright_lit(stage, wear.skin, 0.2f * arm));
  }
  stage.fill(Path().stroke(board.at(0, 0.82f * h), board.at(0, 0.88f * h), 0.1f * s, 0.09f * s),
             upright_lit(stage, wear.skin * 0.8f, 0));
  const Vec2 head = board.at(0.02f * side, 0.925f * h);
  const Vec3 sun = stage.light().to_sun;
  stage.fill(Path().ellipse(head, 0.088f * s, 0.12f * s),
             ball(upright_lit(stage, wear.skin, 0.5f), upright_lit(stage, wear.skin * 0.6f, -0.5f), head,
                  {0.1f * s, 0.13f * s}, {sun.x, -sun.y}));
  Path hair;
  hair.ellipse({head.x - 0.02f * side * s, head.y - 0.05f * s}, 0.1f * s, 0.09f * s);
  if (rng.chance(0.4f)) hair.ellipse({head.x - 0.06f * side * s, head.y + 0.03f * s}, 0.06f * s, 0.14f * s);
  stage.fill(hair, upright_lit(stage, rng.chance(0.2f) ? wear.coat : wear.hair, 0));
  if (rng.chance(0.3f)) {
    const Vec2 bag = board.at(-0.27f * side * fat, 0.45f * h);
    stage.fill(Path().rectangle({bag.x - 0.12f * s, bag.y - 0.1f * s}, {bag.x + 0.12f * s, bag.y + 0.14f * s}),
               upright_lit(stage, pick(rng, {{0.4f, 0.25f, 0.15f}, {0.15f, 0.15f, 0.2f}, {0.7f, 0.6f, 0.45f}}), 0));
  }
}

void draw_bird(Stage& stage, Rng& rng, const Pose& pose) {
  const Board board(stage, pose);
  const Rgb feather = pick(rng, {{0.9f, 0.9f, 0.9f}, {0.2f, 0.2f, 0.22f}, {0.55f, 0.52f, 0.5f}});
  const float side = rng.chance(0.5f) ? 1.0f : -1.0f, s = board.scale;
  const Rgb light = upright_lit(stage, feather, 0.3f), dark = stage.lit(feather * 0.55f, {0, -1, 0});
  if (pose.style == 0) {
    const float lift = rng.uniform(-0.1f, 0.35f), span = rng.uniform(0.45f, 0.65f);
    for (const float wing : {-1.0f, 1.0f}) {
      const Vec2 root = board.at(0.04f * wing, 0.02f), elbow = board.at(0.5f * span * wing, 0.5f * lift + 0.14f);
      const Vec2 tip = board.at(span * wing + 0.08f * side, 0.6f * lift - 0.02f);
      stage.fill(Path().stroke(root, elbow, 0.15f * s, 0.14f * s).stroke(elbow, tip, 0.14f * s, 0.02f * s),
                 gradient(light, wing > 0 ? dark : light, root, tip));
    }
    stage.fill(Path().ellipse(board.at(0, 0), 0.2f * s, 0.075f * s, -0.15f * side),
               gradient(light, dark, board.at(0, 0.1f), board.at(0, -0.1f)));
    stage.fill(Path().ellipse(board.at(0.19f * side, 0.05f), 0.06f * s, 0.05f * s), plain(light));
    return;
  }
  stage.shadow(pose.foot, 0.5f * pose.size, 0.3f * pose.size);
  const Vec2 body = board.at(0, 0.15f);
  stage.fill(Path()
                 .stroke(board.at(-0.05f, 0), board.at(-0.05f, 0.1f), 0.025f * s, 0.025f * s)
                 .stroke(board.at(0.06f, 0), board.at(0.06f, 0.1f), 0.025f * s, 0.025f * s),
             Rgb{0.6f, 0.4f, 0.15f});
  stage.fill(Path().stroke(body, board.at(-0.33f * side, 0.17f), 0.14f * s, 0.05f * s), plain(dark));
  stage.fill(Path().ellipse(body, 0.21f * s, 0.11f * s, -0.2f * side),
             gradient(light, dark, board.at(0, 0.28f), board.at(0, 0.05f)));
  stage.fill(Path().stroke(board.at(0.14f * side, 0.18f), board.at(0.2f * side, 0.34f), 0.1f * s, 0.07f * s),
             plain(light));
  stage.fill(Path().ellipse(board.at(0.21f * side, 0.36f), 0.065f * s, 0.06f * s), plain(light));
  stage.fill(Path().stroke(board.at(0.25f * side, 0.36f), board.at(0.34f * side, 0.34f), 0.045f * s, 0.01f * s),
             Rgb{0.85f, 0.55f, 0.15f});
}

void draw_cow(Stage& stage, Rng& rng, const Pose& pose) {
  const Board board(stage, pose);
  const float side = rng.chance(0.5f) ? 1.0f : -1.0f, s = board.scale;
  const Rgb coat =
      pick(rng, {{0.86f, 0.84f, 0.8f}, {0.45f, 0.28f, 0.18f}, {0.6f, 0.42f, 0.28f}, {0.18f, 0.15f, 0.14f}});
  const Rgb spot = pick(rng, {{0.14f, 0.12f, 0.12f}, {0.4f, 0.22f, 0.12f}, {0.9f, 0.88f, 0.85f}});
  const bool grazing = rng.chance(0.5f);
  stage.shadow(pose.foot, 2.6f * pose.size, 1.0f * pose.size);
  const Rgb top = stage.lit(coat * 1.1f, {0, 1, 0}), belly = stage.lit(coat * 0.55f, {0, -0.4f, -0.9f});
  const auto leg = [&](float u, float shade) {
    stage.fill(Path()
                   .stroke(board.at(u * side, 0.75f), board.at((u + 0.02f) * side, 0.38f), 0.24f * s, 0.12f * s)
                   .stroke(board.at((u + 0.02f) * side, 0.4f), board.at(u * side, 0), 0.12f * s, 0.11f * s),
               gradient(mix(belly, top, shade), belly, board.at(u - 0.1f, 0.7f), board.at(u + 0.1f, 0)));
  };
  leg(-0.62f, 0.1f);
  leg(0.5f, 0.1f);
  const Paint hide = gradient(top, belly, board.at(0, 1.35f), board.at(0, 0.6f));
  stage.fill(Path().add({board.at(-0.95f * side, 1.18f), board.at(-0.75f * side, 1.33f), board.at(-0.1f * side, 1.27f),
                         board.at(0.6f * side, 1.36f), board.at(0.85f * side, 1.2f), board.at(0.85f * side, 0.85f),
                         board.at(0.55f * side, 0.62f), board.at(-0.2f * side, 0.55f), board.at(-0.7f * side, 0.66f),
                         board.at(-0.95f * side, 0.85f)}),
             hide);
  Path spots;
  for (int i = 0; i < 4; ++i)
    add_leafy(spots, rng, board.at(rng.uniform(-0.6f, 0.55f), rng.uniform(0.85f, 1.15f)), rng.uniform(0.1f, 0.26f) * s,
              rng.uniform(0.08f, 0.16f) * s, 0.25f);
  if (rng.chance(0.7f))
    stage.glaze(spots, gradient(stage.lit(spot, {0, 1, 0}), stage.lit(spot * 0.6f, {0, 0, -1}), board.at(0, 1.3f),
                                board.at(0, 0.6f)));
  leg(-0.78f, 0.6f);
  leg(0.68f, 0.6f);
  stage.fill(Path().stroke(board.at(-0.93f * side, 1.2f), board.at(-1.02f * side, 0.6f), 0.05f * s, 0.08f * s), belly);
  const Vec2 neck = board.at(0.75f * side, 1.1f),
             head = grazing ? board.at(1.28f * side, 0.32f) : board.at(1.2f * side, 1.38f);
  stage.fill(Path().stroke(neck, head, 0.45f * s, 0.22f * s), hide);
  const Vec2 muzzle = grazing ? board.at(1.38f * side, 0.1f) : board.at(1.5f * side, 1.22f);
  stage.fill(Path().stroke(head, muzzle, 0.28f * s, 0.17f * s).ellipse(head, 0.16f * s, 0.15f * s),
             gradient(top, belly, {head.x, head.y - 0.2f * s}, {head.x, head.y + 0.2f * s}));
  stage.fill(Path().stroke({head.x - 0.05f * side * s, head.y - 0.1f * s},
                           {head.x - 0.25f * side * s, head.y - 0.14f * s}, 0.1f * s, 0.05f * s),
             belly);
}

}  // namespace gtsa::synth
