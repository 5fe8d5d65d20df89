#include "core/data/resized_crop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "core/base/error.h"
#include "core/geometry/crop.h"

namespace gtsa::data {
namespace {

using ::testing::HasSubstr;

constexpr Size kPhotos[] = {{1, 1}, {1, 50}, {50, 1}, {3, 2}, {640, 480}, {480, 640}, {4000, 30}, {224, 224}};

Rng stream(uint64_t sample) { return Rng({.seed = 4, .sample = sample, .purpose = Purpose::augment}); }

template <class Check>
void for_every_crop(const ResizedCropOptions& options, Check check) {
  for (const Size photo : kPhotos) {
    for (uint64_t i = 0; i < 500; ++i) {
      Rng rng = stream(i);
      check(photo, draw_resized_crop(rng, photo, options));
    }
  }
}

TEST(DrawResizedCrop, StaysInsideThePhotograph) {
  for (const bool one_shot : {false, true}) {
    for_every_crop({.one_shot = one_shot}, [](Size photo, Rect crop) {
      ASSERT_TRUE(crop.left >= 0 && crop.top >= 0 && crop.width >= 1 && crop.height >= 1);
      ASSERT_TRUE(crop.left + crop.width <= photo.width && crop.top + crop.height <= photo.height);
    });
  }
}

TEST(DrawResizedCrop, KeepsToSharesAndRatios) {
  const ResizedCropOptions options{.area_share = {0.2F, 0.5F}, .ratio = {0.5F, 2}};
  for_every_crop(options, [&](Size photo, Rect crop) {
    if (photo.width < 200 || photo.height < 200) return;  // rounding counts there, and the fallback
    const double share = static_cast<double>(geometry::area(crop)) / static_cast<double>(photo.width * photo.height);
    const double ratio = static_cast<double>(crop.width) / static_cast<double>(crop.height);
    ASSERT_TRUE(share > 0.19 && share < 0.51) << share;
    ASSERT_TRUE(ratio > 0.49 && ratio < 2.03) << ratio;
  });
}

TEST(DrawResizedCrop, TakesTheCentreWithinTheRatiosWhereNothingFits) {
  Rng rng = stream(0);
  EXPECT_EQ(draw_resized_crop(rng, {100'000, 10}, {}), (Rect{49'993, 0, 13, 10}));
  EXPECT_EQ(draw_resized_crop(rng, {10, 100'000}, {}), (Rect{0, 49'993, 10, 13}));
  EXPECT_EQ(draw_resized_crop(rng, {100'000, 10}, {.ratio = {1, 2}}), (Rect{49'990, 0, 20, 10}));
  EXPECT_EQ(draw_resized_crop(rng, {1, 100'000}, {.ratio = {3, 4}}), (Rect{0, 49'999, 1, 1}));
}

TEST(DrawResizedCrop, CutsInsteadOfDrawingAgainWithOneShot) {
  Rng rng = stream(1);
  const Rect crop = draw_resized_crop(rng, {100'000, 10}, {.one_shot = true});
  EXPECT_EQ(crop.height, 10);
  EXPECT_GT(crop.width, 100);
  // Four draws, whatever they are.
  Rng same = stream(1);
  same.uniform(), same.uniform(), same.below(1);
  EXPECT_EQ(same.below(static_cast<uint32_t>(100'000 - crop.width + 1)), crop.left);
}

TEST(DrawResizedCrop, IsSpreadOverTheWholePhotograph) {
  double share = 0, left = 0, top = 0;
  constexpr int kDraws = 4000;
  for (uint64_t i = 0; i < kDraws; ++i) {
    Rng rng = stream(i);
    const Rect crop = draw_resized_crop(rng, {500, 500}, {});
    share += static_cast<double>(geometry::area(crop)) / 250'000;
    left += static_cast<double>(crop.left) / static_cast<double>(500 - crop.width + (crop.width == 500));
    top += static_cast<double>(crop.top) / static_cast<double>(500 - crop.height + (crop.height == 500));
  }
  // Large shares at ratios far from 1 do not fit into a square, so the mean is below (0.08 + 1) / 2.
  EXPECT_NEAR(share / kDraws, 0.50, 0.03);
  EXPECT_NEAR(left / kDraws, 0.5, 0.03);
  EXPECT_NEAR(top / kDraws, 0.5, 0.03);
}

std::string refusal(const ResizedCropOptions& options) {
  try {
    options.check();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "nothing";
}

TEST(ResizedCropOptions, RefuseWhatIsNoRange) {
  EXPECT_EQ(refusal({}), "nothing");
  for (const Range share : {Range{0, 1}, Range{0.5F, 0.4F}, Range{0.5F, 1.1F}}) {
    EXPECT_THAT(refusal({.area_share = share}), HasSubstr("shares lie between 0 and 1"));
  }
  for (const Range ratio : {Range{0, 1}, Range{2, 1}, Range{1, std::numeric_limits<float>::infinity()}}) {
    EXPECT_THAT(refusal({.ratio = ratio}), HasSubstr("ratios are above 0"));
  }
}

}  // namespace
}  // namespace gtsa::data
