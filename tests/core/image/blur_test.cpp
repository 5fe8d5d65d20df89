#include "core/image/blur.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/base/error.h"
#include "core/image/pictures.h"
#include "core/image/turn.h"

namespace gtsa::image {
namespace {

Image blurred(const Image& image, float radius) {
  Planes view(image);
  gaussian_blur(view, radius);
  return view.interleaved();
}

TEST(GaussianBlur, LeavesAConstantPictureAlone) {
  for (const auto& size : test::kAwkwardSizes) {
    const Image in = test::constant(size.width, size.height, 255, 0, 77);
    for (const float radius : {0.0f, 0.1f, 2.0f, 30.0f}) EXPECT_TRUE(blurred(in, radius) == in) << radius;
  }
}

TEST(GaussianBlur, OfRadiusZeroChangesNothing) {
  const Image in = test::noise(33, 21);
  EXPECT_TRUE(blurred(in, 0) == in);
}

TEST(GaussianBlur, CommutesWithMirroring) {
  const Image in = test::noise(33, 21);
  EXPECT_TRUE(flipped(blurred(in, 1.3f)) == blurred(flipped(in), 1.3f));
}

TEST(GaussianBlur, SpreadsAnEdgeLikeAGaussian) {
  Image in = test::constant(101, 5, 0, 0, 0);
  for (int64_t y = 0; y < 5; ++y) {
    for (int64_t i = 3 * 50; i < 3 * 101; ++i) in.row(y)[i] = 255;
  }
  constexpr float kRadius = 4;
  const Image out = blurred(in, kRadius);
  for (int64_t x = 30; x < 70; ++x) {
    const double want = 255 * 0.5 * (1 + std::erf((static_cast<double>(x) - 49.5) / (kRadius * std::numbers::sqrt2)));
    EXPECT_NEAR(out.row(2)[3 * x], want, 3) << x;
  }
}

TEST(GaussianBlur, NeedsARadius) {
  Planes view(test::constant(2, 2, 1, 2, 3));
  EXPECT_THROW(gaussian_blur(view, -1), BugError);
}

}  // namespace
}  // namespace gtsa::image
