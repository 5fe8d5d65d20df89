#include "core/data/view_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "pictures.h"
#include "support/golden.h"

namespace gtsa::data {
namespace {

ViewPlan recorded_plan(const nlohmann::json& view) {
  ViewPlan plan;
  plan.crop = {view.at("left"), view.at("top"), view.at("width"), view.at("height")};
  plan.side = view.at("size");
  if (const auto& jitter = view.at("jitter"); !jitter.is_null()) {
    plan.jitter = true;
    for (size_t i = 0; i < plan.order.size(); ++i)
      plan.order[i] = static_cast<Jitter>(jitter.at("order").at(i).get<int>());
    plan.brightness = jitter.at("brightness");
    plan.contrast = jitter.at("contrast");
    plan.saturation = jitter.at("saturation");
    plan.hue = jitter.at("hue");
  }
  plan.grayscale = view.at("grayscale");
  if (!view.at("blur_radius").is_null()) plan.blur_radius = view.at("blur_radius").get<float>();
  plan.turn = static_cast<Turn>(view.at("degrees").get<int>() / 90);
  return plan;
}

image::Image recorded_picture(const test::Golden& golden, const std::string& name) {
  const auto shape = golden.shape(name);  // [height, width, 3]
  const auto pixels = golden.values<uint8_t>(name);
  return make_picture({shape.at(1), shape.at(0)}, [&](int64_t x, int64_t y) {
    const size_t i = static_cast<size_t>(3 * (y * shape[1] + x));
    return std::array<uint8_t, 3>{pixels[i], pixels[i + 1], pixels[i + 2]};
  });
}

TEST(view_pipeline_GoldenTest, MakesTheRecordedViews) {
  GTSA_REQUIRE_GOLDEN("view_pipeline");
  const test::Golden golden("view_pipeline");
  const auto tolerance = golden.json().at("max_abs_diff").get<float>();
  const auto mean = golden.json().at("mean").get<std::vector<double>>();
  const auto deviation = golden.json().at("std").get<std::vector<double>>();
  for (const auto& recorded : golden.json().at("views")) {
    const auto name = recorded.at("out").get<std::string>();
    const image::Image photo = recorded_picture(golden, "in/" + std::to_string(recorded.at("image").get<int>()));
    const ViewPlan plan = recorded_plan(recorded);
    const auto want = golden.values<float>(name);
    std::vector<float> got(want.size());
    execute_into(photo, plan, got);
    const image::Image pixels = execute(photo, plan);
    const auto plane = static_cast<size_t>(plan.side * plan.side);
    ASSERT_EQ(want.size(), 3 * plane) << name;
    float worst = 0;
    int64_t wrong_pixels = 0;
    for (size_t i = 0; i < want.size(); ++i) {
      worst = std::max(worst, std::abs(got[i] - want[i]));
      const size_t c = i / plane;
      const auto at = static_cast<int64_t>(i % plane);
      const auto before = std::lround((want[i] * deviation[c] + mean[c]) * 255);
      wrong_pixels += pixels.row(at / plan.side)[3 * (at % plan.side) + static_cast<int64_t>(c)] != before ? 1 : 0;
    }
    EXPECT_LE(worst, tolerance) << name;
    EXPECT_EQ(wrong_pixels, 0) << name << ", before normalisation";
  }
}

TEST(view_pipeline_GoldenTest, GivesTheRecordedBoxes) {
  GTSA_REQUIRE_GOLDEN("view_pipeline");
  const test::Golden golden("view_pipeline");
  std::map<int, MultiCropPlan> plans;
  for (const auto& view : golden.json().at("views"))
    plans[view.at("image").get<int>()].views.push_back(recorded_plan(view));
  for (auto& [photo, plan] : plans) {
    plan.global_views = golden.json().at("num_crops").at(0).get<int64_t>();
    set_boxes(plan);
    const auto corners = [](const std::vector<Box>& boxes) {
      std::vector<float> result;
      for (const Box& b : boxes) result.insert(result.end(), {b.x1, b.y1, b.x2, b.y2});
      return result;
    };
    EXPECT_EQ(corners(plan.global_boxes), golden.values<float>("gc/" + std::to_string(photo)));
    EXPECT_EQ(corners(plan.all_boxes), golden.values<float>("all/" + std::to_string(photo)));
  }
}

TEST(MultiCrop, IsAPureFunctionOfItsKey) {
  const ViewOptions options;
  const auto views = [&](uint64_t seed, uint64_t epoch, uint64_t place) {
    return plan_views({640, 480}, options, seed, epoch, place).views;
  };
  EXPECT_EQ(views(1, 2, 3), views(1, 2, 3));
  EXPECT_NE(views(1, 2, 3), views(1, 2, 4));
  EXPECT_NE(views(1, 2, 3), views(1, 3, 3));
  EXPECT_NE(views(1, 2, 3), views(2, 2, 3));
}

TEST(MultiCrop, KeepsCropsWhenOtherProbabilitiesChange) {
  ViewOptions plain;
  plain.colours.jitter_probability = 0;
  plain.blur_probability = 0;
  const auto with = plan_views({640, 480}, ViewOptions{}, 1, 0, 0);
  const auto without = plan_views({640, 480}, plain, 1, 0, 0);
  for (size_t v = 0; v < with.views.size(); ++v) {
    EXPECT_EQ(with.views[v].crop, without.views[v].crop);
    EXPECT_EQ(with.views[v].turn, without.views[v].turn);
    EXPECT_EQ(with.views[v].brightness, without.views[v].brightness) << "draws do not move";
  }
}

TEST(MultiCrop, DrawsEveryStepAsOftenAsItsProbabilitySays) {
  int jitter = 0, grey = 0, blur = 0, views = 0;
  std::array<int, 4> turns{};
  std::array<int, 4> first{};
  for (uint64_t place = 0; place < 1000; ++place) {
    for (const ViewPlan& view : plan_views({200, 150}, ViewOptions{}, 0, 0, place).views) {
      ++views;
      jitter += view.jitter ? 1 : 0;
      grey += view.grayscale ? 1 : 0;
      blur += view.blur_radius ? 1 : 0;
      ++turns[static_cast<size_t>(view.turn)];
      ++first[static_cast<size_t>(view.order[0])];
      EXPECT_TRUE(view.brightness >= 0.2F && view.brightness < 1.8F && view.contrast >= 0.2F && view.contrast < 1.8F);
      EXPECT_TRUE(view.saturation >= 0.2F && view.saturation < 1.8F && view.hue >= -0.2F && view.hue < 0.2F);
      EXPECT_TRUE(!view.blur_radius || (*view.blur_radius >= 0.1F && *view.blur_radius < 2.0F));
    }
  }
  // 10,000 views: five standard deviations are 0.02 to 0.025.
  const auto share = [&](int count) { return static_cast<double>(count) / views; };
  EXPECT_NEAR(share(jitter), 0.8, 0.02);
  EXPECT_NEAR(share(grey), 0.2, 0.02);
  EXPECT_NEAR(share(blur), 0.2, 0.02);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(share(turns[i]), 0.25, 0.022) << "turn " << i;
    EXPECT_NEAR(share(first[i]), 0.25, 0.022) << "step " << i << " comes first";
  }
}

TEST(MultiCrop, KeepsTheOverlapRule) {
  const ViewOptions options;
  int64_t candidates = 0;
  for (uint64_t place = 0; place < 200; ++place) {
    const MultiCropPlan plan = plan_views({640, 480}, options, 0, 0, place);
    EXPECT_FALSE(plan.capped);
    candidates += plan.candidates;
    for (size_t v = 1; v < plan.views.size(); ++v) {
      for (size_t q = 0; q < std::min<size_t>(v, 2); ++q) {
        EXPECT_GT(geometry::area(geometry::intersection(plan.views[v].crop, plan.views[q].crop)), v == 1 ? 6144 : 3072);
      }
    }
  }
  // Section 1.2 of the method: 10.4 candidates a picture on average.
  EXPECT_NEAR(static_cast<double>(candidates) / 200, 10.4, 0.4);
}

TEST(MultiCrop, EndsOnPhotographsOfAnyShapeWithBoxesThatHaveAnArea) {
  for (const Size photo : {Size{10, 650}, Size{10, 700}, Size{700, 10}, Size{1, 100}, Size{100, 1}, Size{1, 1},
                           Size{2, 1}, Size{1000, 20}, Size{1000, 30}, Size{4000, 3}, Size{1, 500}}) {
    for (uint64_t place = 0; place < 20; ++place) {
      const MultiCropPlan plan = plan_views(photo, ViewOptions{}, 0, 0, place);
      EXPECT_LE(plan.candidates, 1000);
      for (const auto* boxes : {&plan.global_boxes, &plan.all_boxes}) {
        for (const Box& box : *boxes)
          EXPECT_TRUE(box.x2 > box.x1 && box.y2 > box.y1) << photo.width << " x " << photo.height;
      }
    }
  }
}

TEST(MultiCrop, StopsDrawingWhereNoTwoGlobalCropsCanOverlapEnough) {
  // Both global crops are the same 10 x 13 centre crop: never more than 2% of the photograph.
  const MultiCropPlan plan = plan_views({10, 650}, ViewOptions{}, 0, 0, 0);
  EXPECT_TRUE(plan.capped);
  EXPECT_EQ(plan.candidates, 1000);
  for (const ViewPlan& view : plan.views) EXPECT_EQ(view.crop, plan.views[0].crop);
  EXPECT_FALSE(plan_views({1000, 20}, ViewOptions{}, 0, 0, 0).capped) << "this one ends by itself";
}

TEST(MultiCrop, WorksForAnyNumberOfViews) {
  const auto plan_of = [](std::vector<int64_t> sizes, std::vector<int64_t> numbers) {
    return plan_views({300, 200}, ViewOptions{.crop_sizes = std::move(sizes), .num_crops = std::move(numbers)}, 0, 0,
                      0);
  };
  EXPECT_EQ(plan_of({64}, {1}).all_boxes.size(), 1U);
  EXPECT_EQ(plan_of({64, 64}, {3, 2}).global_boxes.size(), 15U);
  EXPECT_EQ(plan_of({64, 32}, {2, 0}).views.size(), 2U);
}

TEST(MultiCrop, RefusesOptionsThatCannotBe) {
  const auto check = [](auto change) {
    ViewOptions options;
    change(options);
    options.check();
  };
  EXPECT_NO_THROW(check([](ViewOptions&) {}));
  EXPECT_THROW(check([](ViewOptions& o) { o.num_crops = {0, 8}; }), UsageError);
  EXPECT_THROW(check([](ViewOptions& o) { o.num_crops = {2}; }), UsageError);
  EXPECT_THROW(check([](ViewOptions& o) { o.crop_sizes = {224, 0}; }), UsageError);
  EXPECT_THROW(check([](ViewOptions& o) { o.area_shares[1] = {0.5F, 0.2F}; }), UsageError);
  EXPECT_THROW(check([](ViewOptions& o) { o.blur_probability = 1.2F; }), UsageError);
  EXPECT_THROW(check([](ViewOptions& o) { o.max_candidates = 0; }), UsageError);
}

TEST(ViewPlan, ExecutesToTheSamePixelsInBothForms) {
  const image::Image photo = noisy_picture({90, 70}, 1);
  const auto plan = plan_views(photo.size(), ViewOptions{.crop_sizes = {40, 24}, .num_crops = {2, 3}}, 0, 0, 0);
  constexpr std::array<double, 3> kMean{0.485, 0.456, 0.406};
  constexpr std::array<double, 3> kDeviation{0.229, 0.224, 0.225};
  for (const ViewPlan& view : plan.views) {
    const image::Image pixels = execute(photo, view);
    std::vector<float> chw(static_cast<size_t>(3 * view.side * view.side));
    execute_into(photo, view, chw);
    for (int64_t y = 0; y < view.side; ++y) {
      for (int64_t x = 0; x < view.side; ++x) {
        for (size_t c = 0; c < 3; ++c) {
          const double want = (pixels.row(y)[3 * x + static_cast<int64_t>(c)] / 255.0 - kMean[c]) / kDeviation[c];
          ASSERT_NEAR(chw[c * static_cast<size_t>(view.side * view.side) + static_cast<size_t>(y * view.side + x)],
                      want, 1e-5);
        }
      }
    }
  }
}

/// Mean of a channel between two corners of a view, whole pixels only.
double mean_within(const image::Image& view, const Box& box, int64_t channel) {
  double sum = 0;
  int count = 0;
  for (auto y = static_cast<int64_t>(std::ceil(box.y1)); y + 1 <= static_cast<int64_t>(box.y2); ++y) {
    for (auto x = static_cast<int64_t>(std::ceil(box.x1)); x + 1 <= static_cast<int64_t>(box.x2); ++x) {
      sum += view.row(y)[3 * x + channel];
      ++count;
    }
  }
  return sum / count;
}

TEST(ViewPlan, TurnsAndCropsThePictureAndItsBoxesAlike) {
  // Every pixel says where it came from: red is its column, green its row. What two views show inside their boxes of
  // one overlap must be the overlap, whatever way each is turned; a box turned the wrong way is tens of pixels off.
  const image::Image photo = make_picture({250, 200}, [](int64_t x, int64_t y) {
    return std::array<uint8_t, 3>{static_cast<uint8_t>(x), static_cast<uint8_t>(y), 0};
  });
  ViewOptions options{.crop_sizes = {112, 48}, .num_crops = {2, 6}};
  options.colours.jitter_probability = options.colours.grayscale_probability = options.blur_probability = 0;
  for (uint64_t place = 0; place < 20; ++place) {
    const MultiCropPlan plan = plan_views(photo.size(), options, 4, 0, place);
    for (size_t v = 0; v < plan.views.size(); ++v) {
      const image::Image view = execute(photo, plan.views[v]);
      for (size_t q = 0; q < 2; ++q) {
        const Rect overlap = geometry::intersection(plan.views[q].crop, plan.views[v].crop);
        const Box box = plan.all_boxes[v * 2 + q];
        if (box.x2 - box.x1 < 6 || box.y2 - box.y1 < 6) continue;  // too few whole pixels to speak of a centre
        // Whole pixels of the box: its centre may be half a view pixel off, and a colour half a level.
        const double slack =
            1.0 + 0.6 * static_cast<double>(std::max(plan.views[v].crop.width, plan.views[v].crop.height)) /
                      static_cast<double>(plan.views[v].side);
        EXPECT_NEAR(mean_within(view, box, 0),
                    static_cast<double>(overlap.left) + static_cast<double>(overlap.width) / 2 - 0.5, slack)
            << "place " << place << ", views " << q << " and " << v;
        EXPECT_NEAR(mean_within(view, box, 1),
                    static_cast<double>(overlap.top) + static_cast<double>(overlap.height) / 2 - 0.5, slack)
            << "place " << place << ", views " << q << " and " << v;
      }
    }
  }
}

}  // namespace
}  // namespace gtsa::data
