// Trees, bushes, rocks and potted plants.

#include <array>
#include <numbers>
#include <vector>

#include "core/synth/parts.h"

namespace gtsa::synth {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;

struct Greens {
  Rgb lit;
  Rgb dark;
};

Greens greens(const Stage& stage, Rng& rng, std::initializer_list<Rgb> colours) {
  const Rgb colour = pick(rng, colours, 0.05f);
  return {stage.lit(colour * 1.5f, normalized(stage.light().to_sun + Vec3{0, 0.4f, -0.3f})),
          stage.lit(colour * 0.5f, {0, -0.2f, -1})};
}

/// A ball of leaves that is bright toward the sun.
void leaf_ball(Stage& stage, Rng& rng, const Board& board, const Greens& green, Vec2 centre, float rx, float ry) {
  Path path;
  add_leafy(path, rng, centre, rx, ry, 0.16f);
  const Vec3 sun = stage.light().to_sun;
  Paint paint = ball(green.lit, green.dark, centre, {rx * 1.1f, ry * 1.1f}, {sun.x, -sun.y});
  paint.tone = foliage_texture(rng, board, Pattern::leaves, 1.0f, 85);
  stage.fill(path, paint);
}

void trunk(Stage& stage, Rng& rng, const Board& board, float height, float width, Rgb bark) {
  const float lean = rng.uniform(-0.04f, 0.04f) * height;
  Path path;
  path.stroke(board.at(0, -0.05f), board.at(lean, height), width * board.scale, 0.55f * width * board.scale);
  Paint paint = across(stage, bark, board.at(-0.5f * width, 0), board.at(0.5f * width, 0));
  paint.tone = foliage_texture(rng, board, Pattern::blades, 0.5f, 60);
  stage.fill(path, paint);
}

void broadleaf(Stage& stage, Rng& rng, const Board& board) {
  const float height = rng.uniform(5.5f, 9.5f), crown = height * rng.uniform(0.58f, 0.72f);
  const float wide = crown * rng.uniform(0.32f, 0.55f);
  const Greens green = greens(stage, rng,
                              {{0.30f, 0.42f, 0.16f},
                               {0.22f, 0.36f, 0.14f},
                               {0.40f, 0.45f, 0.18f},
                               {0.55f, 0.42f, 0.14f},
                               {0.34f, 0.40f, 0.24f}});
  trunk(stage, rng, board, height - 0.6f * crown, 0.05f * height,
        pick(rng, {{0.32f, 0.25f, 0.19f}, {0.4f, 0.36f, 0.3f}}));
  const Vec2 middle = board.at(rng.uniform(-0.2f, 0.2f), height - 0.5f * crown);
  const int balls = board.scale * height > 25 ? 13 + static_cast<int>(rng.below(8)) : 6;
  for (int i = 0; i < balls; ++i) {
    // From below and behind to above and before.
    const float t = (static_cast<float>(i) + 0.5f) / static_cast<float>(balls);
    const float angle = rng.uniform(0, 2 * kPi), far = std::sqrt(rng.uniform());
    const Vec2 at{middle.x + 0.78f * wide * far * std::cos(angle) * board.scale,
                  middle.y + (0.36f * crown * far * std::sin(angle) + crown * (0.12f - 0.2f * t)) * board.scale};
    const float r = rng.uniform(0.26f, 0.44f) * board.scale;
    leaf_ball(stage, rng, board, green, at, r * wide * 1.1f, r * crown * 0.62f);
  }
}

void conifer(Stage& stage, Rng& rng, const Board& board) {
  const float height = rng.uniform(7, 13), wide = height * rng.uniform(0.16f, 0.24f);
  const Greens green = greens(stage, rng, {{0.15f, 0.29f, 0.17f}, {0.20f, 0.33f, 0.18f}, {0.18f, 0.30f, 0.24f}});
  trunk(stage, rng, board, 0.2f * height, 0.035f * height, {0.30f, 0.22f, 0.16f});
  const int tiers = board.scale * height > 30 ? 7 + static_cast<int>(rng.below(4)) : 4;
  for (int i = 0; i < tiers; ++i) {
    const float t = static_cast<float>(i) / static_cast<float>(tiers);
    const float low = height * (0.1f + 0.8f * t), high = std::min(height, low + height * (0.42f - 0.2f * t));
    const float half = wide * (1 - 0.85f * t) * rng.uniform(0.9f, 1.12f);
    std::vector<Vec2> points = {board.at(0, high)};
    constexpr int kTeeth = 7;
    for (int k = 0; k <= 2 * kTeeth; ++k) {
      const float u = 1 - static_cast<float>(k) / kTeeth;
      const float droop = k % 2 == 0 ? -rng.uniform(0.01f, 0.05f) : rng.uniform(0, 0.035f);
      points.push_back(board.at(u * half, low + (droop + 0.05f * (1 - u * u)) * height * (1 - 0.5f * t)));
    }
    Paint paint = gradient(green.lit, green.dark,
                           board.at(-stage.light().to_sun.x * 0 + (stage.light().to_sun.x > 0 ? half : -half), high),
                           board.at(stage.light().to_sun.x > 0 ? -half : half, low));
    paint.tone = foliage_texture(rng, board, Pattern::blades, 1.0f, 55);
    stage.fill(Path().add(points), paint);
  }
}

void palm(Stage& stage, Rng& rng, const Board& board) {
  const float height = rng.uniform(4.5f, 8), bend = rng.uniform(-0.3f, 0.3f) * height;
  Path stem;
  Vec2 last = board.at(0, 0);
  for (int i = 1; i <= 8; ++i) {
    const float t = static_cast<float>(i) / 8;
    const Vec2 next = board.at(bend * t * t, height * t);
    stem.stroke(last, next, (0.34f - 0.16f * t) * board.scale, (0.32f - 0.16f * t) * board.scale);
    last = next;
  }
  Paint bark = across(stage, {0.45f, 0.37f, 0.28f}, board.at(-0.2f, 0), board.at(0.2f, 0));
  bark.tone = foliage_texture(rng, board, Pattern::waves, 0.5f, 40);
  stage.fill(stem, bark);
  const Greens green = greens(stage, rng, {{0.26f, 0.42f, 0.16f}, {0.36f, 0.44f, 0.2f}});
  const int fronds = 11 + static_cast<int>(rng.below(6));
  for (int i = 0; i < fronds; ++i) {
    const float angle = 2 * kPi * (static_cast<float>(i) + rng.uniform(-0.3f, 0.3f)) / static_cast<float>(fronds);
    const float length = rng.uniform(1.5f, 2.4f) * board.scale;
    const Vec2 way{std::cos(angle), -0.75f * std::sin(angle) - 0.25f};
    const Vec2 knee = last + way * (0.55f * length);
    const Vec2 tip = knee + Vec2{way.x * 0.5f, way.y * 0.2f + 0.5f} * (0.55f * length);
    const float width = 0.30f * board.scale;
    stage.fill(
        Path().stroke(last, knee, 0.3f * width, width).stroke(knee, tip, width, 0.05f * width),
        plain(mix(green.dark, green.lit, std::clamp(0.5f - 0.5f * way.y + rng.uniform(-0.2f, 0.2f), 0.0f, 1.0f))));
  }
}

void add_branch(Path& path, Rng& rng, Vec2 from, float angle, float length, float width, int depth) {
  const Vec2 to = from + Vec2{std::cos(angle), -std::sin(angle)} * length;
  path.stroke(from, to, width, 0.62f * width);
  if (depth == 0) return;
  const int twigs = 2 + static_cast<int>(rng.below(2));
  for (int i = 0; i < twigs; ++i) {
    const float turn = rng.uniform(-0.75f, 0.75f);
    add_branch(path, rng, to, angle + turn, length * rng.uniform(0.6f, 0.82f), 0.62f * width, depth - 1);
  }
}

void bare(Stage& stage, Rng& rng, const Board& board) {
  const float height = rng.uniform(5, 8);
  Path path;
  add_branch(path, rng, board.at(0, -0.05f), 0.5f * kPi + rng.uniform(-0.1f, 0.1f), 0.3f * height * board.scale,
             0.05f * height * board.scale, board.scale * height > 40 ? 5 : 3);
  stage.fill(path, across(stage, {0.34f, 0.28f, 0.24f}, board.at(-2, 0), board.at(2, 0)));
}

}  // namespace

void draw_tree(Stage& stage, Rng& rng, const Pose& pose) {
  const Board board(stage, pose);
  stage.shadow(pose.foot, 4.5f * pose.size, 2.4f * pose.size);
  switch (pose.style) {
    case 1:
      return conifer(stage, rng, board);
    case 2:
      return palm(stage, rng, board);
    case 3:
      return bare(stage, rng, board);
    default:
      return broadleaf(stage, rng, board);
  }
}

void draw_bush(Stage& stage, Rng& rng, const Pose& pose) {
  const Board board(stage, pose);
  stage.shadow(pose.foot, 2.4f * pose.size, 1.2f * pose.size);
  const Greens green = greens(
      stage, rng,
      {{0.27f, 0.40f, 0.16f}, {0.20f, 0.34f, 0.17f}, {0.38f, 0.40f, 0.2f}, {0.36f, 0.2f, 0.14f}, {0.3f, 0.38f, 0.2f}});
  const float wide = rng.uniform(0.8f, 1.5f), high = rng.uniform(0.5f, 1.1f);
  const int balls = 5 + static_cast<int>(rng.below(4));
  for (int i = 0; i < balls; ++i) {
    const float t = static_cast<float>(i) / static_cast<float>(balls);
    const Vec2 at = board.at(rng.uniform(-0.6f, 0.6f) * wide, high * (0.75f - 0.4f * t));
    const float r = rng.uniform(0.35f, 0.55f) * board.scale;
    leaf_ball(stage, rng, board, green, at, r * wide, r * high * 1.2f);
  }
  if (rng.chance(0.4f)) {
    const Rgb petal =
        pick(rng, {{0.9f, 0.3f, 0.35f}, {0.95f, 0.85f, 0.3f}, {0.92f, 0.9f, 0.95f}, {0.6f, 0.35f, 0.75f}});
    Path flowers;
    const float r = std::max(0.06f * board.scale, 0.5f);
    for (int i = 0; i < 22; ++i)
      flowers.ellipse(board.at(rng.uniform(-0.8f, 0.8f) * wide, high * rng.uniform(0.3f, 1.15f)), r, 0.8f * r);
    stage.glaze(flowers, plain(stage.lit(petal, {0, 0.5f, -0.8f})));
  }
}

void draw_rock(Stage& stage, Rng& rng, const Pose& pose) {
  const Board board(stage, pose);
  const float wide = rng.uniform(0.5f, 1.1f), high = wide * rng.uniform(0.5f, 0.95f);
  stage.shadow(pose.foot, 2.6f * wide * pose.size, 1.2f * wide * pose.size);
  const Rgb stone = pick(rng, {{0.46f, 0.44f, 0.42f}, {0.5f, 0.45f, 0.38f}, {0.36f, 0.37f, 0.4f}});
  std::vector<Vec2> outline;
  constexpr int kCorners = 11;
  for (int i = 0; i <= kCorners; ++i) {
    const float angle = kPi * static_cast<float>(i) / kCorners;
    const float r = rng.uniform(0.8f, 1.12f);
    outline.push_back(board.at(wide * r * std::cos(angle), high * r * std::sin(angle) - 0.08f * high));
  }
  const float side = stage.light().to_sun.x > 0 ? 1.0f : -1.0f;
  Paint paint = gradient(stage.lit(stone * 1.1f, normalized({side, 0.8f, -0.4f})),
                         stage.lit(stone * 0.6f, normalized({-side, 0, -0.6f})), board.at(0.3f * side * wide, high),
                         board.at(-0.6f * side * wide, 0));
  paint.tone = foliage_texture(rng, board, Pattern::clouds, 0.5f, 60);
  stage.fill(Path().add(outline), paint);
  // Facets: a lit top and a crack or two.
  std::vector<Vec2> top(outline.begin() + 3, outline.end() - 3);
  top.push_back(board.at(-0.35f * wide, 0.55f * high));
  top.push_back(board.at(0.25f * wide, 0.5f * high));
  Paint bright = plain(stage.lit(stone * 1.2f, normalized({0.3f * side, 1, -0.3f})));
  bright.tone = paint.tone;
  bright.opacity = 0.8f;
  stage.glaze(Path().add(top), bright);
  Path crack;
  const float x = rng.uniform(-0.4f, 0.4f) * wide;
  crack.stroke(board.at(x, 0.55f * high), board.at(x + rng.uniform(-0.3f, 0.3f) * wide, 0.05f * high),
               0.05f * board.scale, 0.02f * board.scale);
  stage.glaze(crack, plain(stage.lit(stone * 0.3f, {0, 0, -1})));
}

void draw_plant(Stage& stage, Rng& rng, const Pose& pose) {
  const Board board(stage, pose);
  stage.shadow(pose.foot, 0.7f * pose.size, 0.4f * pose.size);
  const float pot = rng.uniform(0.25f, 0.4f), half = 0.55f * pot;
  const Rgb clay = pick(rng, {{0.62f, 0.36f, 0.25f}, {0.85f, 0.84f, 0.8f}, {0.25f, 0.3f, 0.36f}, {0.35f, 0.5f, 0.5f}});
  const Greens green = greens(stage, rng, {{0.28f, 0.45f, 0.2f}, {0.2f, 0.38f, 0.2f}, {0.4f, 0.5f, 0.25f}});
  const bool tall = rng.chance(0.5f);
  const int leaves = 12 + static_cast<int>(rng.below(9));
  for (int i = 0; i < leaves; ++i) {
    const float angle = rng.uniform(0.12f, 0.88f) * kPi;
    const float length = pot * (tall ? rng.uniform(1.8f, 3.2f) : rng.uniform(1.0f, 1.9f));
    const Vec2 root = board.at(rng.uniform(-0.3f, 0.3f) * pot, pot);
    const Vec2 middle{root.x + std::cos(angle) * 0.55f * length * board.scale,
                      root.y - std::sin(angle) * 0.6f * length * board.scale};
    const Vec2 tip{root.x + std::cos(angle) * 1.05f * length * board.scale,
                   root.y - std::sin(angle) * 0.85f * length * board.scale};
    const float width = rng.uniform(0.1f, 0.2f) * board.scale;
    stage.fill(Path().stroke(root, middle, 0.15f * width, width).stroke(middle, tip, width, 0.05f * width),
               gradient(mix(green.dark, green.lit, rng.uniform(0.1f, 0.6f)), green.lit, root, tip));
  }
  stage.fill(
      Path().add({board.at(-half, pot), board.at(half, pot), board.at(0.75f * half, 0), board.at(-0.75f * half, 0)}),
      across(stage, clay, board.at(-half, 0), board.at(half, 0)));
  stage.fill(Path().rectangle(board.at(-1.1f * half, 1.05f * pot), board.at(1.1f * half, 0.9f * pot)),
             across(stage, clay * 1.1f, board.at(-half, 0), board.at(half, 0)));
}

}  // namespace gtsa::synth
