#include "core/data/segment_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>

#include "core/base/error.h"
#include "core/geometry/rescale.h"
#include "core/image/bilinear.h"
#include "core/image/normalize.h"
#include "pictures.h"

namespace gtsa::data {
namespace {

using image::LabelMap;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// label(x, y)
template <class Label>
LabelMap make_labels(Size size, const Label& label) {
  LabelMap map{size.width, size.height, {}};
  for (int64_t y = 0; y < size.height; ++y) {
    for (int64_t x = 0; x < size.width; ++x) map.values.push_back(static_cast<uint16_t>(label(x, y)));
  }
  return map;
}

LabelMap stripes(Size size) {
  return make_labels(size, [](int64_t x, int64_t) { return x / 5 % 4; });
}

SegmentOptions options() { return {.crop = 32, .scale = {128, 32}, .labels = {.classes = 3}}; }

/// The part of a map.
LabelMap cropped(const LabelMap& map, const Rect& crop) {
  return make_labels({crop.width, crop.height},
                     [&](int64_t x, int64_t y) { return map.row(crop.top + y)[crop.left + x]; });
}

TEST(DrawMixedCrop, DrawsTheTopThenTheLeftUntilACropIsMixed) {
  std::vector<int64_t> bounds, offsets{3, 1, 4, 2, 0, 5};
  size_t next = 0;
  int looks = 0;
  const Rect crop = draw_mixed_crop(
      {40, 50}, 32,
      [&](int64_t n) {
        bounds.push_back(n);
        return offsets[next++];
      },
      [&](const Rect&) { return ++looks == 3; });
  EXPECT_EQ(crop, (Rect{5, 0, 32, 32}));
  EXPECT_THAT(bounds, ElementsAre(19, 9, 19, 9, 19, 9));
}

TEST(DrawMixedCrop, GivesUpAfterTenLooks) {
  int looks = 0, draws = 0;
  const Rect crop = draw_mixed_crop(
      {100, 100}, 32, [&](int64_t) { return ++draws; }, [&](const Rect&) { return ++looks, false; });
  EXPECT_EQ(looks, 10);
  EXPECT_EQ(draws, 22);
  EXPECT_EQ(crop, (Rect{22, 21, 32, 32})) << "the last draw";
}

TEST(DrawMixedCrop, KeepsShortSidesShort) {
  const Rect crop = draw_mixed_crop(
      {20, 50}, 32, [](int64_t n) { return n - 1; }, [](const Rect&) { return true; });
  EXPECT_EQ(crop, (Rect{0, 18, 20, 32}));
}

TEST(IsMixed, AsksForASecondClassAndABound) {
  EXPECT_FALSE(is_mixed(std::vector<int64_t>{}, 0.75));
  EXPECT_FALSE(is_mixed(std::vector<int64_t>{0, 0}, 0.75));
  EXPECT_FALSE(is_mixed(std::vector<int64_t>{0, 9}, 0.75));
  EXPECT_FALSE(is_mixed(std::vector<int64_t>{1, 3}, 0.75)) << "exactly the bound";
  EXPECT_TRUE(is_mixed(std::vector<int64_t>{1, 2}, 0.75));
  EXPECT_TRUE(is_mixed(std::vector<int64_t>{0, 9}, 1)) << "no bound, no look";
}

TEST(ClassCounts, CountTheResizedCropWithoutMakingIt) {
  const LabelMap labels = make_labels({23, 17}, [](int64_t x, int64_t y) { return (x * 7 + y * 3) % 5; });
  for (const Size resized : {Size{23, 17}, Size{60, 45}, Size{9, 7}}) {
    for (const Rect crop : {Rect{0, 0, resized.width, resized.height}, Rect{2, 1, 6, 5}}) {
      std::vector<int64_t> want(4);
      for (const uint16_t label : cropped(resized_floor(labels, resized), crop).values) {
        if (label > 0) ++want[label - 1U];
      }
      EXPECT_EQ(class_counts(labels, {.classes = 4}, resized, crop), want) << resized.width;
    }
  }
}

TEST(PlanSegment, IsAPureFunctionOfItsKeyAndLabels) {
  const LabelMap labels = stripes({90, 70});
  const SegmentPlan plan = plan_segment(labels, options(), 1, 7);
  EXPECT_EQ(plan, plan_segment(labels, options(), 1, 7));
  EXPECT_NE(plan, plan_segment(labels, options(), 2, 7));
  EXPECT_NE(plan, plan_segment(labels, options(), 1, 8));
  SegmentOptions other = options();
  other.seed = 1;
  EXPECT_NE(plan, plan_segment(labels, other, 1, 7));
}

TEST(PlanSegment, DrawsEverythingInItsRange) {
  const LabelMap labels = stripes({90, 70});
  int flips = 0, brightness = 0, contrast = 0, first = 0, saturation = 0, hue = 0;
  std::set<int> hues;
  std::set<int64_t> widths;
  constexpr int kPlans = 2000;
  for (uint64_t place = 0; place < kPlans; ++place) {
    const auto [resized, crop, flip, colours] = plan_segment(labels, options(), 0, place);
    // The shorter side is drawn from 16 to 64.
    EXPECT_GE(resized.height, 16);
    EXPECT_LT(resized.height, 64);
    widths.insert(resized.width);
    EXPECT_EQ(crop.width, std::min<int64_t>(32, resized.width));
    EXPECT_EQ(crop.height, std::min<int64_t>(32, resized.height));
    EXPECT_TRUE(crop.left >= 0 && crop.top >= 0);
    EXPECT_TRUE(crop.left + crop.width <= resized.width && crop.top + crop.height <= resized.height);
    flips += flip;
    brightness += colours.brightness.has_value();
    contrast += colours.contrast.has_value();
    saturation += colours.saturation.has_value();
    first += colours.contrast_first;
    hue += colours.hue.has_value();
    EXPECT_LE(std::abs(colours.brightness.value_or(0)), 32);
    EXPECT_LE(std::abs(colours.contrast.value_or(1) - 1), 0.5F);
    EXPECT_LE(std::abs(colours.saturation.value_or(1) - 1), 0.5F);
    if (colours.hue) hues.insert(*colours.hue);
  }
  for (const int count : {flips, brightness, contrast, first, saturation, hue}) EXPECT_NEAR(count, kPlans / 2, 100);
  EXPECT_EQ(hues.size(), 36U);
  EXPECT_EQ(*hues.begin(), -18);
  EXPECT_EQ(*hues.rbegin(), 17);
  EXPECT_GT(widths.size(), 40U);
}

TEST(PlanSegment, LeavesOutWhatIsSwitchedOff) {
  const LabelMap labels = stripes({64, 48});
  SegmentOptions plain = options();
  plain.flip = 0;
  plain.photometric = false;
  plain.scale_ratio = {1, 1};
  for (uint64_t place = 0; place < 20; ++place) {
    const SegmentPlan plan = plan_segment(labels, plain, 0, place);
    EXPECT_EQ(plan.resized, (Size{43, 32}));
    EXPECT_FALSE(plan.flip);
    EXPECT_EQ(plan.colours, image::PhotometricPlan{});
    // Colours change no other draw.
    SegmentOptions coloured = plain;
    coloured.photometric = true;
    EXPECT_EQ(plan_segment(labels, coloured, 0, place).crop, plan.crop);
  }
}

TEST(PlanSegment, PrefersCropsOfSeveralClasses) {
  // One class but for the right edge: one crop in twelve has enough of it.
  const LabelMap labels = make_labels({200, 200}, [](int64_t x, int64_t) { return x >= 180 ? 2 : 1; });
  const auto mixed_crops = [&](double bound) {
    SegmentOptions chosen = options();
    chosen.scale = {200, 200};
    chosen.scale_ratio = {1, 1};
    chosen.category_bound = bound;
    int mixed = 0;
    for (uint64_t place = 0; place < 100; ++place) {
      const SegmentPlan plan = plan_segment(labels, chosen, 0, place);
      mixed += is_mixed(class_counts(labels, chosen.labels, plan.resized, plan.crop), 0.75);
    }
    return mixed;
  };
  EXPECT_LT(mixed_crops(1), 20);
  EXPECT_GT(mixed_crops(0.75), 40);
}

TEST(PlanSegment, TakesWhateverIsLabelled) {
  const auto nothing = [](int64_t, int64_t) { return 0; };
  for (const Size size : {Size{1, 1}, Size{1, 900}, Size{700, 2}, Size{40, 40}}) {
    const SegmentPlan plan = plan_segment(make_labels(size, nothing), options(), 0, 0);
    EXPECT_GE(plan.crop.width, 1);
    EXPECT_GE(plan.crop.height, 1);
  }
}

TEST(ExecuteSegment, MakesPixelsAndClassesOfOnePlanAndPadsThem) {
  const image::Image photo = noisy_picture({60, 21}, 1);
  const LabelMap labels = stripes({60, 21});
  for (const bool flip : {false, true}) {
    const SegmentPlan plan{.resized = {90, 30}, .crop = {7, 0, 32, 30}, .flip = flip, .colours = {.brightness = 9.0F}};
    image::Planes view;
    image::resize_bilinear(photo, plan.resized, plan.crop, flip, view);
    image::distort(view, plan.colours);
    std::vector<float> chw(3 * 32 * 32, 7), small(3 * 32 * 30);
    execute_into(photo, plan, 32, chw);
    image::normalize_levels_into(view, view.size(), small);
    std::vector<int32_t> classes(32 * 32, 7);
    execute_into(labels, {.classes = 3}, plan, 32, classes);
    const LabelMap part = cropped(resized_floor(labels, plan.resized), plan.crop);
    for (int64_t y = 0; y < 32; ++y) {
      for (int64_t x = 0; x < 32; ++x) {
        for (int64_t c = 0; c < 3; ++c) {
          const float want = y < 30 ? small[static_cast<size_t>((c * 30 + y) * 32 + x)] : 0;
          ASSERT_EQ(chw[static_cast<size_t>((c * 32 + y) * 32 + x)], want) << x << ", " << y;
        }
        const int32_t want = y < 30 ? part.row(y)[flip ? 31 - x : x] - 1 : kIgnored;
        ASSERT_EQ(classes[static_cast<size_t>(y * 32 + x)], want) << x << ", " << y;
      }
    }
  }
}

TEST(ExecuteSegment, PadsNarrowPicturesAtTheRight) {
  const image::Image photo = noisy_picture({5, 40}, 1);
  const SegmentPlan plan{.resized = {5, 40}, .crop = {0, 4, 5, 32}};
  std::vector<float> chw(3 * 32 * 32, 7);
  execute_into(photo, plan, 32, chw);
  std::vector<int32_t> classes(32 * 32, 7);
  execute_into(make_labels({5, 40}, [](int64_t, int64_t) { return 2; }), {.classes = 3}, plan, 32, classes);
  for (size_t i = 0; i < classes.size(); ++i) {
    ASSERT_EQ(classes[i], i % 32 < 5 ? 1 : kIgnored) << i;
    if (i % 32 >= 5) {
      ASSERT_EQ(chw[i], 0) << i;
    }
  }
}

TEST(SegmentInput, IsTheResizedPictureNormalized) {
  const image::Image photo = noisy_picture({50, 40}, 3);
  const Size size = geometry::rescaled(photo.size(), {128, 32});
  EXPECT_EQ(size, (Size{40, 32}));
  std::vector<float> want(3 * 40 * 32);
  image::normalize_levels_into(image::Planes(image::resized_bilinear(photo, size)), size, want);
  std::vector<float> upright(want.size()), mirrored(want.size());
  segment_input_into(photo, size, false, {0, 0, 40, 32}, upright);
  EXPECT_EQ(upright, want);
  segment_input_into(photo, size, true, {0, 0, 40, 32}, mirrored);
  for (size_t row = 0; row < 3 * 32; ++row) {
    for (size_t x = 0; x < 40; ++x) ASSERT_EQ(mirrored[row * 40 + x], want[row * 40 + 39 - x]);
  }
}

TEST(SegmentInput, OfAWindowIsThatPartOfTheWholeUprightAndMirrored) {
  const image::Image photo = noisy_picture({50, 40}, 3);
  for (const Size size : {Size{40, 32}, Size{75, 60}}) {
    for (const bool flip : {false, true}) {
      std::vector<float> whole(static_cast<size_t>(3 * size.width * size.height));
      segment_input_into(photo, size, flip, {0, 0, size.width, size.height}, whole);
      const Rect window{7, 5, 13, 22};
      std::vector<float> part(3 * 13 * 22), want;
      segment_input_into(photo, size, flip, window, part);
      for (int64_t c = 0; c < 3; ++c) {
        for (int64_t y = 0; y < window.height; ++y) {
          const auto from = whole.begin() + (c * size.height + window.top + y) * size.width + window.left;
          want.insert(want.end(), from, from + window.width);
        }
      }
      EXPECT_EQ(part, want);
    }
  }
}

std::string refusal(const SegmentOptions& refused) {
  try {
    refused.check();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "nothing";
}

TEST(SegmentOptions, RefuseWhatIsOutOfRange) {
  const LabelRule labels{.classes = 2};
  EXPECT_EQ(refusal({.labels = labels}), "nothing");
  for (const int64_t crop : {0, 5000}) EXPECT_THAT(refusal({.crop = crop, .labels = labels}), HasSubstr("crops of"));
  EXPECT_THAT(refusal({.scale = {0, 5}, .labels = labels}), HasSubstr("a scale of 0 x 5"));
  EXPECT_THAT(refusal({.scale = {5, 2'000'000}, .labels = labels}), HasSubstr("a scale of 5 x 2000000"));
  for (const Range ratio : {Range{0, 1}, Range{2, 1}, Range{1, 1000}, Range{NAN, 1}}) {
    EXPECT_THAT(refusal({.scale_ratio = ratio, .labels = labels}), HasSubstr("ratios are above 0"));
  }
  for (const double bound : {0.0, 1.5}) {
    EXPECT_THAT(refusal({.category_bound = bound, .labels = labels}), HasSubstr("most frequent class"));
  }
  EXPECT_THAT(refusal({.flip = 2, .labels = labels}), HasSubstr("flips with a probability of 2"));
  EXPECT_THAT(refusal({}), HasSubstr("0 classes"));
}

}  // namespace
}  // namespace gtsa::data
