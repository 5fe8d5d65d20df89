// Segmentation's transforms against vectors recorded from mmsegmentation on OpenCV. Their pictures are BGR.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "core/data/segment_plan.h"
#include "core/geometry/rescale.h"
#include "core/image/bilinear.h"
#include "core/image/hsv.h"
#include "core/image/normalize.h"
#include "core/image/planes.h"
#include "core/kernels/every_level.h"
#include "support/golden.h"

namespace gtsa::data {
namespace {

using image::Image;
using image::LabelMap;
using image::Planes;
using test::Golden;

std::string numbered(const char* stem, size_t i, const char* name) { return fmt::format("{}{}/{}", stem, i, name); }

Planes planes(const Golden& golden, const std::string& name, bool reversed) {
  const auto shape = golden.shape(name);
  EXPECT_EQ(shape.size(), 3U) << name;
  const auto values = golden.values<uint8_t>(name);
  Planes view(Size{shape.at(1), shape.at(0)});
  for (int c = 0; c < 3; ++c) {
    for (int64_t i = 0; i < view.pixels(); ++i) {
      view.plane(c)[i] = values[static_cast<size_t>(3 * i + (reversed ? 2 - c : c))];
    }
  }
  return view;
}
/// Channels as recorded: H, S, V.
Planes hsv(const Golden& golden, const std::string& name) { return planes(golden, name, false); }
Planes picture(const Golden& golden, const std::string& name) { return planes(golden, name, true); }

LabelMap label_map(const Golden& golden, const std::string& name) {
  const auto shape = golden.shape(name);
  const auto values = golden.values<uint8_t>(name);
  return {shape.at(1), shape.at(0), {values.begin(), values.end()}};
}

/// How many values differ by how much.
struct Differences {
  int64_t values = 0;
  int64_t differing = 0;
  int largest = 0;
};

Differences differences(const Planes& got, const Planes& want) {
  EXPECT_EQ(got.size(), want.size());
  if (got.size() != want.size()) return {1, 1, 255};
  Differences found{.values = 3 * got.pixels()};
  for (int64_t i = 0; i < found.values; ++i) {
    const int difference = std::abs(got.plane(0)[i] - want.plane(0)[i]);
    found.differing += difference > 0;
    found.largest = std::max(found.largest, difference);
  }
  return found;
}

void expect_equal(const Planes& got, const Planes& want, const std::string& what) {
  const Differences found = differences(got, want);
  EXPECT_EQ(found.differing, 0) << what << ": of " << found.values << " values, by up to " << found.largest;
}

/// At most one value in `share` differs, by at most `bound`.
void expect_close(const Planes& got, const Planes& want, int64_t share, int bound, const std::string& what) {
  const Differences found = differences(got, want);
  EXPECT_LE(found.largest, bound) << what;
  EXPECT_LE(found.differing * share, found.values) << what << ": " << found.differing << " differ";
}

TEST(seg_transforms_GoldenTest, ConvertsToHsvExactlyAndBackWithinOne) {
  GTSA_REQUIRE_GOLDEN("seg_transforms");
  const Golden golden("seg_transforms");
  test::at_every_level([&] {
    for (const auto& [rgb, want] :
         {std::pair("photo/image_bgr", "photo/hsv"), std::pair("photo/cube_bgr", "photo/cube_hsv")}) {
      Planes view = picture(golden, rgb);
      image::rgb_to_hsv(view);
      expect_equal(view, hsv(golden, want), want);
    }
    for (const auto& [from, want] :
         {std::pair("photo/hsv", "photo/hsv_back_bgr"), std::pair("photo/cube_hsv_in", "photo/cube_hsv_in_bgr")}) {
      Planes view = hsv(golden, from);
      image::hsv_to_rgb(view);
      expect_close(view, picture(golden, want), 1000, 1, want);
    }
  });
}

TEST(seg_transforms_GoldenTest, DistortsColours) {
  GTSA_REQUIRE_GOLDEN("seg_transforms");
  const Golden golden("seg_transforms");
  test::at_every_level([&] {
    size_t i = 0;
    for (const auto& c : golden.json().at("photo_cases")) {
      image::PhotometricPlan plan{.contrast_first = c.at("mode") == 1};
      if (c.at("brightness") == 1) plan.brightness = c.at("brightness_delta").get<float>();
      if (c.at("contrast") == 1) plan.contrast = c.at("contrast_alpha").get<float>();
      if (c.at("saturation") == 1) plan.saturation = c.at("saturation_alpha").get<float>();
      if (c.at("hue") == 1) plan.hue = c.at("hue_delta").get<int>();
      Planes view = picture(golden, "photo/image_bgr");
      image::distort(view, plan);
      expect_close(view, picture(golden, "photo/out" + std::to_string(i)), 100, plan.contrast ? 2 : 1, c.dump());
      ++i;
    }
  });
}

TEST(seg_transforms_GoldenTest, ResizesPicturesAndLabelsExactly) {
  GTSA_REQUIRE_GOLDEN("seg_transforms");
  const Golden golden("seg_transforms");
  size_t i = 0;
  for (const auto& c : golden.json().at("resizes")) {
    const Image photo = picture(golden, numbered("resize", i, "image")).interleaved();
    const Size scale{c.at("scale").at(0), c.at("scale").at(1)};
    const Size out = geometry::rescaled(photo.size(), scale);
    expect_equal(Planes(image::resized_bilinear(photo, out)), picture(golden, numbered("resize", i, "image_out")),
                 c.dump());
    EXPECT_EQ(image::resized_floor(label_map(golden, numbered("resize", i, "label")), out),
              label_map(golden, numbered("resize", i, "label_out")))
        << c.dump();
    ++i;
  }
}

TEST(seg_transforms_GoldenTest, KeepsTheRatioOfEverySize) {
  GTSA_REQUIRE_GOLDEN("seg_transforms");
  const Golden golden("seg_transforms");
  const auto rows = golden.values<int64_t>("rescale_sizes");
  for (size_t i = 0; i < rows.size(); i += 6) {
    const int64_t* row = rows.data() + i;
    EXPECT_EQ(geometry::rescaled({row[1], row[0]}, {row[2], row[3]}), (Size{row[5], row[4]})) << "row " << i / 6;
  }
}

TEST(seg_transforms_GoldenTest, ReducesZero) {
  GTSA_REQUIRE_GOLDEN("seg_transforms");
  const Golden golden("seg_transforms");
  const auto want = golden.values<int32_t>("reduce_zero/out");
  const auto got = classes_of(label_map(golden, "reduce_zero/stored"), {.classes = 254});
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i] == kIgnored ? 255 : got[i], want[i]) << i;
}

/// The draws of one recorded pipeline, in the original's order.
class RecordedDraws {
 public:
  explicit RecordedDraws(const nlohmann::json& draws) : draws_(draws) {}
  double next(const char* call) {
    const auto& draw = draws_.at(at_++);
    EXPECT_EQ(draw.at("call"), call);
    return draw.at("value").get<double>();
  }
  bool all_used() const { return at_ == draws_.size(); }

 private:
  const nlohmann::json& draws_;
  size_t at_ = 0;
};

/// The plan that the recorded draws make, without distortion. The labels hold classes 0 .. 254 and 255, ignored.
SegmentPlan recorded_plan(const nlohmann::json& c, const LabelMap& labels, const LabelRule& rule) {
  RecordedDraws draws(c.at("draws"));
  const double ratio = 0.5 + 1.5 * draws.next("random_sample");
  const auto side = [&](size_t i) { return static_cast<int64_t>(c.at("base_scale").at(i).get<double>() * ratio); };
  SegmentPlan plan{.resized = geometry::rescaled(labels.size(), {side(0), side(1)})};
  constexpr double kBound = 0.75;
  plan.crop = draw_mixed_crop(
      plan.resized, c.at("crop").at(0).get<int64_t>(),
      [&](int64_t n) {
        const auto offset = static_cast<int64_t>(draws.next("randint"));
        EXPECT_LT(offset, n);
        return offset;
      },
      [&](const Rect& crop) { return is_mixed(class_counts(labels, rule, plan.resized, crop), kBound); });
  plan.flip = draws.next("rand") < 0.5;
  EXPECT_TRUE(draws.all_used());
  EXPECT_EQ(plan.flip, c.at("flip").get<bool>());
  return plan;
}

TEST(seg_transforms_GoldenTest, MakesTheWholeSample) {
  GTSA_REQUIRE_GOLDEN("seg_transforms");
  const Golden golden("seg_transforms");
  const LabelRule rule{.classes = 255, .reduce_zero = false};
  size_t i = 0;
  for (const auto& c : golden.json().at("pipelines")) {
    SCOPED_TRACE(i);
    const Image photo = picture(golden, numbered("pipe", i, "image")).interleaved();
    const LabelMap labels = label_map(golden, numbered("pipe", i, "label"));
    const SegmentPlan plan = recorded_plan(c, labels, rule);
    expect_equal(Planes(image::resized_bilinear(photo, plan.resized)), picture(golden, numbered("pipe", i, "resized")),
                 "resized");
    Planes view;
    image::resize_bilinear(photo, plan.resized, plan.crop, false, view);
    expect_equal(view, picture(golden, numbered("pipe", i, "cropped")), "cropped");
    image::resize_bilinear(photo, plan.resized, plan.crop, plan.flip, view);
    expect_equal(view, picture(golden, numbered("pipe", i, "flipped")), "flipped");

    const auto side = c.at("crop").at(0).get<int64_t>();
    std::vector<float> chw(static_cast<size_t>(3 * side * side));
    execute_into(photo, plan, side, chw);
    const auto want = golden.values<float>(numbered("pipe", i, "image_out"));
    ASSERT_EQ(chw.size(), want.size());
    float largest = 0, difference = 0;
    for (size_t k = 0; k < want.size(); ++k) {
      largest = std::max(largest, std::abs(want[k]));
      difference = std::max(difference, std::abs(want[k] - chw[k]));
    }
    EXPECT_LE(difference, 1e-6F * largest);

    std::vector<int32_t> classes(static_cast<size_t>(side * side));
    execute_into(labels, rule, plan, side, classes);
    std::replace(classes.begin(), classes.end(), kIgnored, int32_t{255});
    EXPECT_EQ(classes, golden.values<int32_t>(numbered("pipe", i, "label_out")));
    ++i;
  }
}

}  // namespace
}  // namespace gtsa::data
