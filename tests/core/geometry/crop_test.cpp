#include "core/geometry/crop.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "core/base/rng.h"
#include "support/golden.h"

namespace gtsa::geometry {
namespace {

Box box_at(const std::vector<float>& corners, size_t index) {
  const float* c = corners.data() + 4 * index;
  return {c[0], c[1], c[2], c[3]};
}

Rect rect_of(const Box& box) {
  const auto whole = [](float x) { return static_cast<int64_t>(x); };
  return {whole(box.x1), whole(box.y1), whole(box.x2 - box.x1), whole(box.y2 - box.y1)};
}

std::string text(const Box& b) { return fmt::format("({}, {}, {}, {})", b.x1, b.y1, b.x2, b.y2); }

/// Recorded draws of one sampler run; offsets are not recorded.
struct RecordedDraws {
  const double* next;
  float area_share() { return static_cast<float>(*next++); }
  float log_aspect() { return static_cast<float>(*next++); }
  static int64_t below(int64_t) { return 0; }
};

TEST(multicrop_geometry_GoldenTest, ChoosesTheRecordedCropOfEveryDraw) {
  GTSA_REQUIRE_GOLDEN("multicrop_geometry");
  const test::Golden golden("multicrop_geometry");
  const auto photos = golden.values<int64_t>("rrc/image_wh");
  const auto draws = golden.values<double>("rrc/draws");
  const auto want = golden.values<int64_t>("rrc/top_left_h_w");
  const auto tries = golden.values<int64_t>("rrc/tries");
  const auto tries_recorded = static_cast<size_t>(golden.shape("rrc/draws").at(1));
  ASSERT_EQ(tries_recorded, static_cast<size_t>(kCropTries));
  for (size_t i = 0; i < tries.size(); ++i) {
    RecordedDraws recorded{draws.data() + i * 2 * tries_recorded};
    const auto got = random_resized_crop(Size{photos[2 * i], photos[2 * i + 1]}, recorded);
    EXPECT_EQ(got.tries, tries[i]) << "run " << i;
    EXPECT_EQ(got.crop.height, want[4 * i + 2]) << "run " << i;
    EXPECT_EQ(got.crop.width, want[4 * i + 3]) << "run " << i;
    if (tries[i] != 0) continue;
    EXPECT_EQ(got.crop.top, want[4 * i]) << "run " << i;
    EXPECT_EQ(got.crop.left, want[4 * i + 1]) << "run " << i;
  }
}

TEST(multicrop_geometry_GoldenTest, AcceptsAndRejectsEveryCandidateAsRecorded) {
  GTSA_REQUIRE_GOLDEN("multicrop_geometry");
  const test::Golden golden("multicrop_geometry");
  const auto globals = golden.json().at("num_crops").at(0).get<int64_t>();
  const auto share = golden.json().at("min_intersection").get<double>();
  const auto photos = golden.values<int64_t>("image_wh");
  const auto cases = golden.values<int64_t>("cand/case");
  const auto views = golden.values<int64_t>("cand/view");
  const auto rects = golden.values<int64_t>("cand/top_left_h_w");
  const auto accepted = golden.values<int64_t>("cand/accepted");
  std::vector<Rect> existing;
  for (size_t i = 0; i < cases.size(); ++i) {
    if (i == 0 || cases[i] != cases[i - 1]) existing.clear();
    const auto photo = static_cast<size_t>(cases[i]);
    const Rect candidate{rects[4 * i + 1], rects[4 * i], rects[4 * i + 3], rects[4 * i + 2]};
    const bool global = views[i] < globals;
    const int64_t threshold = overlap_threshold({photos[2 * photo], photos[2 * photo + 1]}, share, global);
    const bool accept = overlaps_enough(candidate, existing, threshold);
    EXPECT_EQ(accept, accepted[i] != 0) << "candidate " << i << " of picture " << cases[i] << ", view " << views[i];
    if (accepted[i] != 0 && global) existing.push_back(candidate);
  }
}

TEST(multicrop_geometry_GoldenTest, GivesTheRecordedOverlapBoxesBitForBit) {
  GTSA_REQUIRE_GOLDEN("multicrop_geometry");
  const test::Golden golden("multicrop_geometry");
  const auto sizes = golden.json().at("size_crops").get<std::vector<int64_t>>();
  const auto shape = golden.shape("gc");  // [N, G, V, 4]
  const auto globals = static_cast<size_t>(shape.at(1));
  const auto views = static_cast<size_t>(shape.at(2));
  const auto crops = golden.values<float>("crop_boxes");
  const auto angles = golden.values<int64_t>("angles");
  const auto in_globals = golden.values<float>("gc");
  const auto in_views = golden.values<float>("all");
  for (size_t n = 0; n < static_cast<size_t>(shape.at(0)); ++n) {
    std::vector<ViewFrame> frames;
    for (size_t v = 0; v < views; ++v) {
      frames.push_back({rect_of(box_at(crops, n * views + v)), sizes[v < globals ? 0 : 1],
                        static_cast<Turn>(angles[n * views + v] / 90)});
      ASSERT_EQ(box_of(frames.back().crop_in_photo), box_at(crops, n * views + v));
    }
    const OverlapBoxes got = overlap_boxes(frames, static_cast<int64_t>(globals));
    for (size_t i = 0; i < globals * views; ++i) {
      const Box want_global = box_at(in_globals, n * globals * views + i);
      const Box want_view = box_at(in_views, n * globals * views + i);
      ASSERT_EQ(got.in_globals[i], want_global) << "picture " << n << ", pair " << i << ": " << text(got.in_globals[i]);
      ASSERT_EQ(got.in_views[i], want_view) << "picture " << n << ", pair " << i << ": " << text(got.in_views[i]);
    }
  }
}

/// Draws from a stream over the whole range, and as many tries as it is asked for.
struct StreamDraws {
  Rng rng;
  float low, high;
  float area_share() { return rng.uniform(low, high); }
  float log_aspect() { return rng.uniform(std::log(0.75F), std::log(4.0F / 3.0F)); }
  int64_t below(int64_t n) { return rng.below(static_cast<uint32_t>(n)); }
};

TEST(RandomResizedCrop, LiesInsideThePhotographWhateverItsShape) {
  for (const Size photo :
       {Size{1, 1}, Size{1, 100}, Size{100, 1}, Size{10, 650}, Size{3, 4000}, Size{640, 480}, Size{2, 3}}) {
    StreamDraws draws{Rng({.seed = 1, .sample = static_cast<uint64_t>(photo.width)}), 0.1F, 1.0F};
    for (int i = 0; i < 200; ++i) {
      const Rect crop = random_resized_crop(photo, draws).crop;
      EXPECT_GE(crop.left, 0);
      EXPECT_GE(crop.top, 0);
      EXPECT_GE(crop.width, 1);
      EXPECT_GE(crop.height, 1);
      EXPECT_LE(crop.left + crop.width, photo.width);
      EXPECT_LE(crop.top + crop.height, photo.height);
    }
  }
}

TEST(RandomResizedCrop, TakesSharesAndAspectsWithinTheirRanges) {
  StreamDraws draws{Rng({.seed = 2}), 0.3F, 1.0F};
  const Size photo{640, 480};
  for (int i = 0; i < 1000; ++i) {
    const Rect crop = random_resized_crop(photo, draws).crop;
    const double share = static_cast<double>(area(crop)) / (640.0 * 480.0);
    const double aspect = static_cast<double>(crop.width) / static_cast<double>(crop.height);
    EXPECT_GT(share, 0.295);
    EXPECT_LE(share, 1.0);
    EXPECT_GT(aspect, 0.74);
    EXPECT_LT(aspect, 1.35);
  }
}

TEST(RandomResizedCrop, FallsBackToTheCentreOfALongPhotograph) {
  EXPECT_EQ(fallback_crop({1000, 30}), (Rect{480, 0, 40, 30}));
  EXPECT_EQ(fallback_crop({30, 1000}), (Rect{0, 480, 30, 40}));
  EXPECT_EQ(fallback_crop({400, 300}), (Rect{0, 0, 400, 300}));
}

TEST(OverlapRule, NeedsStrictlyMoreThanTheThresholdWithEveryGlobalCrop) {
  const std::vector<Rect> globals{{0, 0, 10, 10}, {5, 0, 10, 10}};
  EXPECT_TRUE(overlaps_enough({5, 0, 5, 5}, globals, 24));
  EXPECT_FALSE(overlaps_enough({5, 0, 5, 5}, globals, 25));
  EXPECT_FALSE(overlaps_enough({0, 0, 5, 5}, globals, 0)) << "shares nothing with the second";
  EXPECT_TRUE(overlaps_enough({0, 0, 1, 1}, {}, 1000)) << "the first view is never checked";
}

TEST(OverlapRule, TruncatesTheShareBeforeItDoublesIt) {
  EXPECT_EQ(overlap_threshold({15, 10}, 0.01, false), 1);
  EXPECT_EQ(overlap_threshold({15, 10}, 0.01, true), 2);
  EXPECT_EQ(overlap_threshold({9, 11}, 0.01, true), 0);
}

TEST(OverlapBoxes, FollowAPointThroughEveryTurn) {
  // A point of the photograph, as a box without extent, lands where turning the view's pixels puts it.
  const Rect crop{20, 10, 40, 80};
  const Box point{30, 30, 30, 30};  // a quarter of the way in x and in y
  const auto in_view = [&](Turn turn) { return box_in_view(point, {crop, 100, turn}); };
  EXPECT_EQ(in_view(Turn::none), (Box{25, 25, 25, 25}));
  EXPECT_EQ(in_view(Turn::quarter), (Box{25, 75, 25, 75})) << "anticlockwise: the upper left goes to the lower left";
  EXPECT_EQ(in_view(Turn::half), (Box{75, 75, 75, 75}));
  EXPECT_EQ(in_view(Turn::three_quarters), (Box{75, 25, 75, 25}));
}

TEST(OverlapBoxes, TurnedFourTimesAreTheSame) {
  const Box box{3, 7, 20, 30};
  Box now = box;
  for (int i = 0; i < 4; ++i) now = turned(now, Turn::quarter, 64);
  EXPECT_EQ(now, box);
  EXPECT_EQ(turned(turned(box, Turn::quarter, 64), Turn::quarter, 64), turned(box, Turn::half, 64));
  EXPECT_EQ(turned(turned(box, Turn::half, 64), Turn::quarter, 64), turned(box, Turn::three_quarters, 64));
}

TEST(OverlapBoxes, OfAGlobalViewWithItselfAreTheWholeView) {
  const std::vector<ViewFrame> views{{{5, 6, 70, 50}, 224, Turn::quarter}, {{30, 20, 40, 40}, 224, Turn::half}};
  const OverlapBoxes boxes = overlap_boxes(views, 2);
  EXPECT_EQ(boxes.in_globals[0], (Box{0, 0, 224, 224}));
  EXPECT_EQ(boxes.in_views[3], (Box{0, 0, 224, 224}));
}

}  // namespace
}  // namespace gtsa::geometry
