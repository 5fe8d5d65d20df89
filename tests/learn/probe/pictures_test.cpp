// Pictures of features: colours that follow the features, matches that follow the geometry, files that the index names.

#include "learn/probe/pictures.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/image/encode.h"
#include "support/temporary_folder.h"

namespace gtsa::probe {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSide = 64, kPatch = 8;

/// Mean colour of a patch: red and green tell its place in a coordinate picture.
Frozen mean_colours() {
  Frozen frozen;
  frozen.image_size = kSide;
  frozen.patch_size = kPatch;
  frozen.encode = [](const at::Tensor& images) {
    return at::avg_pool2d(images, {kPatch, kPatch}).flatten(2).transpose(1, 2).contiguous();
  };
  frozen.attend = [](const at::Tensor& images) {
    return at::avg_pool2d(images, {kPatch, kPatch}).flatten(2).narrow(1, 0, 2).contiguous();  // two heads
  };
  return frozen;
}

image::Image coordinate_picture(int64_t width, int64_t height) {
  image::Image picture(width, height);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      picture.row(y)[3 * x] = static_cast<uint8_t>(255 * x / (width - 1));
      picture.row(y)[3 * x + 1] = static_cast<uint8_t>(255 * y / (height - 1));
      picture.row(y)[3 * x + 2] = 0;
    }
  }
  return picture;
}

PictureOptions plain() {
  PictureOptions options;
  options.views.colours.jitter_probability = options.views.colours.grayscale_probability =
      options.views.blur_probability = 0;
  return options;
}

TEST(FeatureMap, KeepsTheShapeInWholePatches) {
  const FeatureMap wide = feature_map(mean_colours(), coordinate_picture(300, 200), plain());
  EXPECT_EQ(wide.grid, (nn::Grid{11, 16}));
  EXPECT_EQ(wide.photo.size(), (Size{16 * kPatch, 11 * kPatch}));
  EXPECT_EQ(wide.features.size(0), 11 * 16);
  const FeatureMap strip = feature_map(mean_colours(), coordinate_picture(10, 2000), plain());
  EXPECT_EQ(strip.grid, (nn::Grid{16, 1})) << "at least one patch each way";
}

TEST(PcaPictures, GiveEqualFeaturesEqualColoursAndDistantOnesDistantColours) {
  FeatureMap map;
  map.grid = {1, 4};
  map.features = at::tensor({0.F, 0.F, 1.F, 5.F, 0.F, 1.F, 0.F, 0.F, 1.F, 9.F, 0.F, 1.F}).view({4, 3});
  const auto pictures = pca_pictures(std::span(&map, 1), 2);
  ASSERT_EQ(pictures.size(), 1U);
  ASSERT_EQ(pictures[0].size(), (Size{8, 2}));
  const uint8_t* row = pictures[0].row(1);
  EXPECT_EQ(row[0], row[3 * 4]) << "the first and third patch are alike";
  const int step = std::abs(row[3 * 2] - row[0]), range = std::abs(row[3 * 6] - row[0]);
  EXPECT_EQ(range, 255) << "the first component runs over the whole range";
  EXPECT_NEAR(step, 255 * 5 / 9, 2);
}

TEST(HeatPicture, IsBrightestWhereTheWeightIsLargest) {
  const image::Image picture = heat_picture(at::tensor({0.1F, 0.4F, 0.2F, 0.F}), {2, 2}, 1);
  const auto brightness = [&](int64_t x, int64_t y) {
    const uint8_t* p = picture.row(y) + 3 * x;
    return p[0] + p[1] + p[2];
  };
  EXPECT_GT(brightness(1, 0), brightness(0, 1));
  EXPECT_GT(brightness(0, 1), brightness(0, 0));
  EXPECT_GT(brightness(0, 0), brightness(1, 1));
}

TEST(MatchViews, HitsWhereFeaturesTellThePlace) {
  // Angles instead of colours, so that the cosine tells places apart.
  Frozen frozen = mean_colours();
  frozen.encode = [](const at::Tensor& images) {
    const at::Tensor colour = at::avg_pool2d(images, {kPatch, kPatch}).flatten(2).transpose(1, 2);
    const at::Tensor x = colour.select(2, 0) * 0.6, y = colour.select(2, 1) * 0.6;
    return at::stack({x.cos(), x.sin(), y.cos(), y.sin()}, 2).contiguous();
  };
  for (int64_t index = 0; index < 6; ++index) {
    const MatchedViews views = match_views(frozen, coordinate_picture(240, 200), index, plain());
    EXPECT_EQ(views.first.size(), (Size{kSide, kSide}));
    EXPECT_LE(views.matches.size(), 24U);
    for (const Match& match : views.matches) {
      EXPECT_TRUE(match.hit) << index << ": " << match.to.x << ' ' << match.truth.x << ' ' << match.to.y << ' '
                             << match.truth.y;
      EXPECT_GT(match.similarity, 0.98);
    }
  }
}

TEST(PictureEvaluator, KeepsWhatWasBeforeTrainingAndTheLatest) {
  const test::TemporaryFolder folder;
  std::vector<fs::path> photos{folder / "broken.png"};
  for (int i = 0; i < 3; ++i) {
    photos.push_back(folder / fmt::format("{}.png", i));
    image::write_png(real_files(), photos.back(), coordinate_picture(120 + 30 * i, 100));
  }
  run::Run run = run::Run::create(real_files(), folder / "run", false);
  const auto ranks = dist::one_rank();
  const auto evaluator = picture_evaluator(mean_colours, photos, plain());
  for (const int64_t step : {run::kBeforeTraining, int64_t{9}, int64_t{19}}) {
    EXPECT_TRUE(evaluator->evaluate({*ranks, &run, step}).empty());
  }
  const auto json = nlohmann::json::parse(read_text(folder / "run" / "artefacts" / "pictures.json"));
  ASSERT_EQ(json.at("snapshots").size(), 2U);
  EXPECT_EQ(json.at("snapshots")[0].at("step"), -1);
  EXPECT_EQ(json.at("snapshots")[1].at("step"), 19);
  EXPECT_EQ(json.at("photos").size(), 3U) << "the broken one is left out";
  for (const auto& snapshot : json.at("snapshots")) {
    ASSERT_EQ(snapshot.at("photos").size(), 3U);
    for (const auto& photo : snapshot.at("photos")) {
      EXPECT_EQ(photo.at("attention").size(), 2U);
      EXPECT_TRUE(fs::exists(folder / "run" / "artefacts" / photo.at("pca").get<std::string>()));
    }
    for (const auto& pair : snapshot.at("correspondences")) {
      EXPECT_TRUE(fs::exists(folder / "run" / "artefacts" / pair.at("first").get<std::string>()));
    }
  }
  EXPECT_THROW(write_pictures(real_files(), folder.path(), "none", mean_colours(), std::span(photos).first(1), plain()),
               Error);
}

}  // namespace
}  // namespace gtsa::probe
