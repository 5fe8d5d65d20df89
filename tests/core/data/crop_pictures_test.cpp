// Samples as pictures: what the page of a run shows is what the run really takes.

#include "core/data/crop_pictures.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/image/encode.h"
#include "support/temporary_folder.h"

namespace gtsa::data {
namespace {

namespace fs = std::filesystem;

image::Image gradient(int64_t width, int64_t height) {
  image::Image picture(width, height);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      picture.row(y)[3 * x] = static_cast<uint8_t>(255 * x / width);
      picture.row(y)[3 * x + 1] = static_cast<uint8_t>(255 * y / height);
      picture.row(y)[3 * x + 2] = 90;
    }
  }
  return picture;
}

ViewOptions small_views() {
  ViewOptions views;
  views.crop_sizes = {32, 16};
  views.num_crops = {2, 3};
  return views;
}

TEST(CropPictures, TellTheViewsOfTheSampleAtItsPlace) {
  const test::TemporaryFolder folder;
  const image::Image photo = gradient(200, 100);
  image::write_png(real_files(), folder / "a.png", photo);
  const std::vector<PlannedSample> samples{{folder / "a.png", 2, 7}};
  const auto json = write_crop_pictures(real_files(), folder.path(), "crops", samples, small_views(), 5, {});
  const MultiCropPlan plan = plan_views(photo.size(), small_views(), 5, 2, 7);
  ASSERT_EQ(json.at("photos").size(), 1U);
  const auto& views = json.at("photos")[0].at("views");
  ASSERT_EQ(views.size(), 5U);
  for (size_t v = 0; v < 5; ++v) {
    EXPECT_EQ(views[v].at("turn"), static_cast<int>(plan.views[v].turn));
    EXPECT_EQ(views[v].at("kind"), v < 2 ? "global" : "local");
    EXPECT_DOUBLE_EQ(views[v].at("box_in_photo")[0].get<double>(), static_cast<double>(plan.views[v].crop.left));
    const auto picture = image::read_image(folder / views[v].at("picture").get<std::string>());
    EXPECT_EQ(picture.size(), (Size{plan.views[v].side, plan.views[v].side}));
  }
  const auto& overlaps = json.at("photos")[0].at("overlaps");
  ASSERT_EQ(overlaps.size(), 7U) << "global with global once, each of the two with three local ones";
  for (const auto& overlap : overlaps) {
    const auto q = overlap.at("first").get<size_t>(), v = overlap.at("second").get<size_t>();
    const Rect a = plan.views[q].crop, b = plan.views[v].crop;
    EXPECT_DOUBLE_EQ(overlap.at("box_in_photo")[0].get<double>(), static_cast<double>(std::max(a.left, b.left)));
    EXPECT_NEAR(overlap.at("box_in_second")[2].get<double>(), plan.all_boxes[v * 2 + q].x2, 0.051);
    EXPECT_NEAR(overlap.at("box_in_first")[3].get<double>(), plan.global_boxes[q * 5 + v].y2, 0.051);
  }
}

TEST(CropPictures, OfViewsWithoutBoxesShowNoOverlapsButMirroring) {
  const test::TemporaryFolder folder;
  image::write_png(real_files(), folder / "a.png", gradient(60, 50));
  const std::vector<PlannedSample> samples{{folder / "a.png", 1, 3}};
  const auto json = write_crop_pictures(
      real_files(), folder.path(), "crops", samples,
      [](Size photo, uint64_t epoch, uint64_t place) {
        EXPECT_EQ(photo, (Size{60, 50}));
        EXPECT_EQ(epoch + place, 4U);
        return MultiCropPlan{
            .views = {{.crop = {0, 0, 20, 20}, .side = 8}, {.crop = {9, 9, 9, 9}, .side = 8, .flip = true}},
            .global_views = 2};
      },
      {});
  const auto& photo = json.at("photos")[0];
  EXPECT_TRUE(photo.at("overlaps").empty());
  EXPECT_EQ(photo.at("views")[0].at("flipped"), false);
  EXPECT_EQ(photo.at("views")[1].at("flipped"), true);
}

TEST(CropPictures, ShrinkLargePhotographsAndTheirBoxesAlike) {
  const test::TemporaryFolder folder;
  image::write_png(real_files(), folder / "large.png", gradient(1280, 960));
  const std::vector<PlannedSample> samples{{folder / "large.png", 0, 0}};
  const auto json = write_crop_pictures(real_files(), folder.path(), "crops", samples, small_views(), 0, {});
  const auto& shown = json.at("photos")[0];
  EXPECT_EQ(shown.at("width"), 640);
  EXPECT_EQ(shown.at("height"), 480);
  const Rect crop = plan_views({1280, 960}, small_views(), 0, 0, 0).views[1].crop;
  EXPECT_NEAR(shown.at("views")[1].at("box_in_photo")[2].get<double>(), static_cast<double>(crop.left + crop.width) / 2,
              0.051);
}

TEST(CropPictures, LeaveOutWhatCannotBeRead) {
  const test::TemporaryFolder folder;
  image::write_png(real_files(), folder / "good.png", gradient(64, 64));
  const std::vector<PlannedSample> samples{{folder / "missing.jpg", 0, 0}, {folder / "good.png", 0, 1}};
  const auto json = write_crop_pictures(real_files(), folder.path(), "crops", samples, small_views(), 0, {});
  ASSERT_EQ(json.at("photos").size(), 1U);
  EXPECT_EQ(json.at("photos")[0].at("picture"), "crops/1.jpg");
}

}  // namespace
}  // namespace gtsa::data
