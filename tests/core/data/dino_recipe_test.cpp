#include "core/data/dino_recipe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/image/colour.h"
#include "core/image/encode.h"
#include "core/image/normalize.h"
#include "core/image/tone.h"
#include "core/image/turn.h"
#include "pictures.h"
#include "support/temporary_folder.h"

namespace gtsa::data {
namespace {

constexpr Size kPhoto{90, 70};
constexpr int kPlaces = 400;

TEST(DinoViews, AreTwoGlobalAndEightLocalSquares) {
  const auto views = plan_dino_views(kPhoto, {}, 0, 0);
  ASSERT_EQ(views.size(), 10U);
  for (size_t v = 0; v < views.size(); ++v) {
    EXPECT_EQ(views[v].side, v < 2 ? 224 : 96);
    EXPECT_EQ(views[v].filter, image::Filter::bicubic);
    EXPECT_EQ(views[v].turn, Turn::none);
  }
}

TEST(DinoViews, AreAFunctionOfSeedEpochAndPlace) {
  DinoViewOptions options;
  const auto views = plan_dino_views(kPhoto, options, 1, 2);
  EXPECT_EQ(plan_dino_views(kPhoto, options, 1, 2), views);
  EXPECT_NE(plan_dino_views(kPhoto, options, 2, 2), views);
  EXPECT_NE(plan_dino_views(kPhoto, options, 1, 3), views);
  options.seed = 1;
  EXPECT_NE(plan_dino_views(kPhoto, options, 1, 2), views);
}

TEST(DinoViews, AreDistortedAsOftenAsTheOriginals) {
  int flips = 0, jitters = 0, greys = 0;
  std::vector<int> blurs(10), solarized(10);
  for (uint64_t place = 0; place < kPlaces; ++place) {
    const auto views = plan_dino_views(kPhoto, {}, 0, place);
    for (size_t v = 0; v < views.size(); ++v) {
      flips += views[v].flip;
      jitters += views[v].jitter;
      greys += views[v].grayscale;
      blurs[v] += views[v].blur_radius.has_value();
      solarized[v] += views[v].solarize;
      const double share = static_cast<double>(views[v].crop.width * views[v].crop.height) / (90 * 70);
      EXPECT_GT(share, v < 2 ? 0.35 : 0.03);
      EXPECT_LT(share, v < 2 ? 1.01 : 0.45);
    }
  }
  const auto share = [](int count, int of) { return static_cast<double>(count) / of; };
  EXPECT_NEAR(share(flips, 10 * kPlaces), 0.5, 0.03);
  EXPECT_NEAR(share(jitters, 10 * kPlaces), 0.8, 0.03);
  EXPECT_NEAR(share(greys, 10 * kPlaces), 0.2, 0.03);
  EXPECT_EQ(blurs[0], kPlaces);
  EXPECT_NEAR(share(blurs[1], kPlaces), 0.1, 0.05);
  EXPECT_NEAR(share(blurs[5], kPlaces), 0.5, 0.08);
  EXPECT_EQ(solarized[0] + solarized[2] + solarized[9], 0);
  EXPECT_NEAR(share(solarized[1], kPlaces), 0.2, 0.07);
}

TEST(DinoViews, AreMirroredAndSolarizedAsThePlanSays) {
  const image::Image photo = noisy_picture({20, 16}, 0);
  ViewPlan plan{.crop = {0, 0, 16, 16}, .side = 16};
  const image::Image plain = execute(photo, plan);
  plan.flip = true;
  EXPECT_EQ(execute(photo, plan), image::flipped(plain));
  plan.flip = false;
  plan.solarize = true;
  image::Planes solarized(plain);
  image::solarize(solarized, 128);
  EXPECT_EQ(execute(photo, plan), solarized.interleaved());
}

TEST(DinoRecipe, FillsEveryViewOfASlot) {
  const test::TemporaryFolder folder;
  const image::Image photo = noisy_picture({40, 30}, 1);
  image::write_png(real_files(), folder.path() / "a.png", photo);
  const DinoViewOptions options{.crop_sizes = {16, 8}, .num_crops = {2, 3}, .seed = 4};
  const DinoRecipe recipe(options);
  Batch batch;
  for (const BufferSpec& spec : recipe.buffers(2)) batch.buffers.push_back({spec, allocate_on_heap(spec.bytes())});
  batch.keys.resize(2);
  const SampleKey key{.epoch = 1, .place = 7};
  recipe.make(PhotoRef(folder.path() / "a.png"), key, 1, batch);
  const auto plans = plan_dino_views(photo.size(), options, 1, 7);
  for (size_t v = 0; v < plans.size(); ++v) {
    std::vector<float> want(static_cast<size_t>(3 * plans[v].side * plans[v].side));
    execute_into(photo, plans[v], want);
    const bool global = v < 2;
    const float* got = batch[global ? "global" : "local"].as<float>() + ((global ? v : v - 2) * 2 + 1) * want.size();
    EXPECT_TRUE(std::equal(want.begin(), want.end(), got)) << v;
  }
}

TEST(DinoRecipe, RefusesWhatCannotBe) {
  EXPECT_THROW(DinoRecipe({.num_crops = {1, 8}}), UsageError) << "one global view";
  EXPECT_THROW(DinoRecipe({.num_crops = {2, -1}}), UsageError);
  EXPECT_THROW(DinoRecipe({.crop_sizes = {224}}), UsageError);
  EXPECT_THROW(DinoRecipe({.crop_sizes = {224, 0}}), UsageError);
  EXPECT_THROW(DinoRecipe({.area_shares = {{0.4F, 1.2F}, {0.05F, 0.4F}}}), UsageError);
}

}  // namespace
}  // namespace gtsa::data
