#include "core/synth/canvas.h"

#include <gtest/gtest.h>

#include <numbers>
#include <numeric>

namespace gtsa::synth {
namespace {

constexpr Rgb kWhite{1, 1, 1};
constexpr Tag kTag{7, 3};

double sum(Canvas& canvas) {
  const auto channel = canvas.channel(0);
  return std::accumulate(channel.begin(), channel.end(), 0.0);
}

int64_t labelled(Canvas& canvas) { return std::count(canvas.labels().begin(), canvas.labels().end(), kTag.label); }

TEST(Canvas, PaintsAPixelByTheShareOfItThatIsCovered) {
  Canvas canvas({8, 8}, 0);
  canvas.fill(Path().rectangle({1.25f, 2.5f}, {3.5f, 4}), plain(kWhite), kTag);
  const auto at = [&](int x, int y) { return canvas.channel(0)[y * 8 + x]; };
  EXPECT_FLOAT_EQ(at(1, 3), 0.75f);
  EXPECT_FLOAT_EQ(at(2, 3), 1);
  EXPECT_FLOAT_EQ(at(3, 3), 0.5f);
  EXPECT_FLOAT_EQ(at(1, 2), 0.375f);
  EXPECT_FLOAT_EQ(at(0, 3), 0);
  EXPECT_FLOAT_EQ(at(4, 3), 0);
  EXPECT_FLOAT_EQ(at(2, 4), 0);
}

TEST(Canvas, LabelsThePixelsWhoseCentresAreCovered) {
  Canvas canvas({8, 8}, 0);
  canvas.fill(Path().rectangle({1.25f, 2.6f}, {3.5f, 4.4f}), plain(kWhite), kTag);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 8; ++x) {
      const bool inside = x + 0.5f >= 1.25f && x + 0.5f < 3.5f && y + 0.5f >= 2.6f && y + 0.5f < 4.4f;
      EXPECT_EQ(canvas.labels()[y * 8 + x], inside ? 7 : 0) << x << " " << y;
      EXPECT_EQ(canvas.instances()[y * 8 + x], inside ? 3 : 0) << x << " " << y;
    }
  }
}

TEST(Canvas, KeepsTheAreaOfAnOutline) {
  for (const float radius : {0.3f, 1.0f, 7.7f, 23.0f}) {
    Canvas canvas({64, 48}, 0);
    Path path;
    path.ellipse({31.3f, 24.1f}, radius, 0.8f * radius, 0.4f);
    double twice = 0;
    const auto corners = path.contour(0);
    for (size_t i = 0; i < corners.size(); ++i) {
      const Vec2 a = corners[i], b = corners[(i + 1) % corners.size()];
      twice += static_cast<double>(a.x) * b.y - static_cast<double>(b.x) * a.y;
    }
    canvas.fill(path, plain(kWhite), kTag);
    EXPECT_NEAR(sum(canvas), 0.5 * twice, 0.01 * radius + 1e-3);
    EXPECT_NEAR(0.5 * twice / (0.8 * std::numbers::pi * radius * radius), 1, radius < 4 ? 0.11 : 0.02);
  }
}

TEST(Canvas, FillsTheUnionOfContoursInEitherDirection) {
  Canvas canvas({16, 16}, 0);
  canvas.fill(Path().add({{2, 2}, {10, 2}, {10, 10}, {2, 10}}).add({{6, 6}, {6, 14}, {14, 14}, {14, 6}}), plain(kWhite),
              kTag);
  EXPECT_NEAR(sum(canvas), 64 + 64 - 16, 1e-4);
  EXPECT_EQ(labelled(canvas), 64 + 64 - 16);
}

TEST(Canvas, CutsWhatLiesOutside) {
  Canvas canvas({20, 10}, 0);
  canvas.fill(Path().rectangle({-1000, -1000}, {1000, 1000}), plain(kWhite), kTag);
  EXPECT_NEAR(sum(canvas), 200, 1e-3);
  EXPECT_EQ(labelled(canvas), 200);
  EXPECT_FLOAT_EQ(canvas.extent().left, -1000);
  Canvas beside({20, 10}, 0);
  beside.fill(Path().rectangle({-9, -9}, {-1, 30}).rectangle({21, 0}, {30, 10}).rectangle({0, 10}, {20, 20}),
              plain(kWhite), kTag);
  EXPECT_EQ(sum(beside), 0);
  EXPECT_EQ(labelled(beside), 0);
}

TEST(Canvas, RollsAboutItsMiddle) {
  constexpr float kQuarter = 0.5f * std::numbers::pi_v<float>;
  Canvas canvas({10, 10}, kQuarter);
  canvas.fill(Path().rectangle({6, 4}, {10, 6}), plain(kWhite), kTag);  // right of the middle becomes below it
  EXPECT_NEAR(sum(canvas), 8, 1e-3);
  EXPECT_NEAR(canvas.channel(0)[8 * 10 + 5], 1, 1e-4);
  EXPECT_NEAR(canvas.channel(0)[5 * 10 + 8], 0, 1e-4);
}

TEST(Canvas, LetsTheNearestDecide) {
  Canvas canvas({8, 8}, 0);
  canvas.fill(Path().rectangle({0, 0}, {8, 8}), plain(kWhite), {1, 0});
  canvas.fill(Path().rectangle({2, 2}, {6, 6}), plain({0.25f, 0.25f, 0.25f}), {2, 1});
  canvas.fill(Path().rectangle({3, 3}, {5, 5}), plain({0.5f, 0.5f, 0.5f}), {3, 9, false});
  EXPECT_EQ(canvas.labels()[0], 1);
  EXPECT_EQ(canvas.labels()[3 * 8 + 3], 2) << "a glaze changes no label";
  EXPECT_EQ(canvas.instances()[3 * 8 + 3], 1);
  EXPECT_FLOAT_EQ(canvas.channel(1)[3 * 8 + 3], 0.5f);
}

TEST(Paint, GoesFromOneColourToTheOther) {
  Canvas canvas({10, 1}, 0);
  canvas.fill(Path().rectangle({0, 0}, {10, 1}), gradient({0, 0, 0}, kWhite, {0, 0}, {10, 0}), kTag);
  for (int x = 0; x < 10; ++x) EXPECT_NEAR(canvas.channel(0)[x], (x + 0.5) / 10, 1e-5);
}

TEST(Paint, FadesWithItsMixture) {
  Canvas canvas({10, 10}, 0);
  canvas.fill(Path().rectangle({0, 0}, {10, 10}),
              {.b = kWhite, .base = 1, .radial = -1, .centre = {5, 5}, .radii = {5, 5}, .fades = true}, kTag);
  EXPECT_NEAR(canvas.channel(0)[5 * 10 + 5], 1 - 0.02, 1e-5);
  EXPECT_EQ(canvas.channel(0)[0], 0);
}

}  // namespace
}  // namespace gtsa::synth
