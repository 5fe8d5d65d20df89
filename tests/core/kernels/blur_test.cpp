#include "core/kernels/blur.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/kernels/every_level.h"

namespace gtsa::kernels {
namespace {

std::vector<const uint8_t*> shifted_views(const std::vector<uint8_t>& bytes, int32_t lines) {
  std::vector<const uint8_t*> views;
  for (int32_t i = 0; i < lines; ++i) views.push_back(bytes.data() + i);
  return views;
}

TEST(BoxWeights, SumToOneWithinRounding) {
  for (const float radius : {0.0f, 0.01f, 0.5f, 1.0f, 1.99f, 7.3f, 100.0f}) {
    const auto weights = box_weights(radius);
    const uint64_t sum = (2 * uint64_t(weights.radius) + 1) * weights.full + 2 * uint64_t{weights.edge};
    EXPECT_LE(sum, 1u << 24) << radius;
    EXPECT_GE(sum, (1u << 24) - 1) << radius;
  }
}

TEST(BoxFilter, LeavesAConstantLineAlone) {
  const std::vector<uint8_t> line(100, 255);
  for (const float radius : {0.0f, 0.4f, 3.7f}) {
    const auto weights = box_weights(radius);
    std::vector<uint8_t> out(50);
    box_filter(shifted_views(line, 2 * weights.radius + 3).data(), weights, 50, out.data());
    EXPECT_EQ(out, std::vector<uint8_t>(50, 255)) << radius;
  }
}

TEST(BoxFilter, GivesTheReferencesBytesAtEveryLevel) {
  Rng rng({.sample = 3});
  std::vector<uint8_t> bytes(3000);
  for (auto& b : bytes) b = static_cast<uint8_t>(rng.chance(0.5f) ? 255 : rng.bits());
  test::at_every_level([&] {
    for (const float radius : {0.0f, 0.2f, 1.0f, 1.75f, 2.5f, 12.9f, 128.5f, 130.0f}) {
      const auto weights = box_weights(radius);
      const auto views = shifted_views(bytes, 2 * weights.radius + 3);
      for (const size_t count : {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100, 1000}) {
        std::vector<uint8_t> want(count + 1, 7), got = want;
        reference::box_filter(views.data(), weights, static_cast<int64_t>(count), want.data());
        box_filter(views.data(), weights, static_cast<int64_t>(count), got.data());
        ASSERT_EQ(got, want) << "radius " << radius << ", bytes " << count;
      }
    }
  });
}

TEST(BoxWeights, NeedARadius) { EXPECT_THROW(box_weights(-0.1f), BugError); }

}  // namespace
}  // namespace gtsa::kernels
