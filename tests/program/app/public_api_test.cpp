// libgtsa as a program of others meets it: training and features without LibTorch in sight.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/image/encode.h"
#include "gtsa/gtsa.h"
#include "program/small_run.h"
#include "support/temporary_folder.h"

namespace gtsa {
namespace {

namespace fs = std::filesystem;

class PublicApi : public ::testing::Test {
 protected:
  PublicApi() { test::make_photographs(photographs_, 8); }

  /// Four steps of the network that small runs train.
  PretrainSettings settings() const {
    return {.out = run_,
            .data = {photographs_},
            .settings = {"batch=4", "schedule.total_steps=4", "model.embed_dim=16", "model.depth=2",
                         "model.num_heads=2", "model.projector_dim=16", "model.predictor_dim=16", "model.out_dim=16",
                         "model.rotation_hidden=16", "model.rotation_bottleneck=8", "model.patch_size=4",
                         "data.crop_sizes=16,8", "data.num_crops=2,2", "run.threads=1", "data.workers=1"}};
  }

  test::TemporaryFolder folder_;
  const fs::path photographs_ = folder_ / "photographs";
  const fs::path run_ = folder_ / "run";
};

TEST_F(PublicApi, TrainsToTheEndAndGoesOnFromThere) {
  EXPECT_TRUE(pretrain(settings()));
  EXPECT_EQ(test::count_lines(run_ / "metrics.jsonl"), 4);
  EXPECT_TRUE(pretrain({.out = run_, .recipe = "", .resume = true}));
  EXPECT_EQ(test::count_lines(run_ / "metrics.jsonl"), 4) << "nothing was left to do";
  EXPECT_THROW(pretrain(settings()), std::runtime_error) << "a run is never written over";
}

TEST_F(PublicApi, GivesOneRowOfFeaturesAPatch) {
  ASSERT_TRUE(pretrain(settings()));
  Encoder encoder(run_);
  EXPECT_EQ(encoder.patch_size(), 4);
  EXPECT_EQ(encoder.channels(), 16);
  const fs::path photograph = photographs_ / "photo-000.jpg";  // 48 x 40 pixels
  const Features features = encoder.features(photograph, 20);
  EXPECT_EQ(features.rows, 5);
  EXPECT_EQ(features.columns, 6);
  EXPECT_EQ(features.channels, 16);
  ASSERT_EQ(features.values.size(), 5U * 6 * 16);
  for (const float value : features.values) EXPECT_TRUE(std::isfinite(value));
  const Features usual = encoder.features(photograph);
  EXPECT_EQ(usual.rows, 4) << "the shorter side of the views it was trained on is 16";
  EXPECT_EQ(usual.columns, 4) << "19 pixels hold four patches of 4";
}

TEST_F(PublicApi, GivesTheSameFeaturesFromARunItsEncoderFileAndAMovedEncoder) {
  ASSERT_TRUE(pretrain(settings()));
  const fs::path photograph = photographs_ / "photo-001.jpg";
  Encoder encoder(run_);
  const std::vector<float> values = encoder.features(photograph).values;
  EXPECT_EQ(Encoder(run_ / "encoder.safetensors").features(photograph).values, values);
  Encoder moved(std::move(encoder));
  EXPECT_EQ(moved.features(photograph).values, values);
  Encoder other(run_ / "encoder.safetensors");
  other = std::move(moved);
  EXPECT_EQ(other.features(photograph).values, values);
}

TEST_F(PublicApi, NeverMakesAPictureSmallerThanAPatch) {
  ASSERT_TRUE(pretrain(settings()));
  const Features features = Encoder(run_).features(photographs_ / "photo-000.jpg", 1);
  EXPECT_EQ(features.rows, 1);
  EXPECT_EQ(features.columns, 1);
}

TEST_F(PublicApi, NamesWhatCannotBeRead) {
  EXPECT_THROW(Encoder(folder_ / "nowhere.safetensors"), std::runtime_error);
  ASSERT_TRUE(pretrain(settings()));
  const Encoder encoder(run_);
  try {
    encoder.features(folder_ / "nowhere.jpg");
    FAIL() << "a missing picture was read";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("nowhere.jpg"));
  }
}

TEST(PublicApiVersion, IsAVersion) { EXPECT_THAT(version(), ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+")); }

}  // namespace
}  // namespace gtsa
