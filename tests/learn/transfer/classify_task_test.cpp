#include "learn/transfer/classify_task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "learn/transfer/classify_run.h"

namespace gtsa::transfer {
namespace {

using test::ClassifyRun;
using test::ClassifyRunOptions;
using ::testing::HasSubstr;

/// Data shared by all tests of this file: 3 x 9 pictures a split, three steps of 8 an epoch and a rest of 3.
class ClassifyTaskTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    data_ = new test::TemporaryFolder;
    test::write_small_set(data_->path(), 9);
  }
  static void TearDownTestSuite() {
    delete data_;
    data_ = nullptr;
  }
  static const std::filesystem::path& data() { return data_->path(); }

 private:
  static inline test::TemporaryFolder* data_ = nullptr;
};

std::vector<float> straight(const std::filesystem::path& data, const ClassifyRunOptions& options) {
  const test::TemporaryFolder folder;
  ClassifyRun run(data, folder / "run", options);
  EXPECT_EQ(run.trainer->run(), train::Outcome::finished);
  return test::all_values(run.task, run.optimizer);
}

const MixingOptions kMixing{.mixup = 0.8, .cutmix = 1};

TEST_F(ClassifyTaskTest, ResumedRunsEndWithTheSameBits) {
  const auto want = straight(data(), {.mixing = kMixing});
  for (const int64_t first : {2, 3, 7}) {  // inside an epoch and at its end, where a rest is discarded
    const test::TemporaryFolder folder;
    ClassifyRun(data(), folder / "run", {.stop_at = first, .mixing = kMixing}).trainer->run();
    ClassifyRun again(data(), folder / "run", {.workers = 3, .mixing = kMixing});
    EXPECT_EQ(again.trainer->progress().step, first);
    again.trainer->run();
    EXPECT_EQ(test::all_values(again.task, again.optimizer), want) << "stopped at " << first;
  }
}

TEST_F(ClassifyTaskTest, MicroBatchesGiveTheWholeBatchsStepWithoutMixing) {
  // Drop path is drawn a sample, so only rounding differs; mixing pairs the pictures of a micro-batch.
  const auto whole = straight(data(), {.stop_at = 3, .micro_batch = 8});
  const auto parts = straight(data(), {.stop_at = 3, .micro_batch = 2});
  ASSERT_EQ(whole.size(), parts.size());
  int far = 0;
  for (size_t i = 0; i < whole.size(); ++i) far += std::abs(whole[i] - parts[i]) > 2e-4F;
  EXPECT_LT(far, static_cast<int>(whole.size() / 100)) << "but for values whose gradient is rounding noise";
  EXPECT_NE(straight(data(), {.stop_at = 3, .micro_batch = 8, .mixing = kMixing}),
            straight(data(), {.stop_at = 3, .micro_batch = 8}));
}

TEST_F(ClassifyTaskTest, LearnsTheColoursAndKeepsTheBest) {
  const test::TemporaryFolder folder;
  ClassifyRun run(data(), folder / "run", {.stop_at = 60, .total_steps = 60, .evaluate_every = 20, .lr = 1e-2});
  run.trainer->run();
  ASSERT_TRUE(run.trainer->progress().best);
  EXPECT_GT(run.trainer->progress().best->figure, 0.8);
  EXPECT_EQ(run.reporter.reports.front().terms.front().first, "class");
  const LoadedClassifier best = load_classifier(run.run.folder());
  EXPECT_THAT(best.source, HasSubstr(kBestClassifierFile));
  EXPECT_THAT(best.classes.names, testing::ElementsAre("blue", "green", "red"));
  const auto ranks = dist::one_rank();
  const Accuracy accuracy =
      measure_accuracy(best.classifier, data::labelled(data::read_class_folders(data(), "val")), {}, *ranks);
  EXPECT_EQ(accuracy.counts.scores().top1, run.trainer->progress().best->figure);
  EXPECT_TRUE(std::filesystem::exists(run.run.folder() / kClassifierFile));
  EXPECT_TRUE(std::filesystem::exists(run.run.best_checkpoint_path()));
  EXPECT_EQ(run.run.read_metrics().size(), 60U);
}

TEST_F(ClassifyTaskTest, FollowsTheFineTuningSchedule) {
  const test::TemporaryFolder folder;
  const ClassifyRun run(data(), folder / "run", {});
  const auto lr = [&](int64_t step) { return run.task.values({step, 9, 3}).lr; };
  EXPECT_EQ(lr(0), 0);
  EXPECT_EQ(lr(1), 1e-3);
  EXPECT_EQ(lr(2), 2e-3);
  EXPECT_LT(lr(8), 2e-4);
  EXPECT_EQ(run.task.values({4, 9, 3}).weight_decay, 0.05);
}

TEST_F(ClassifyTaskTest, RowsFollowLayersAndTensorsWithoutUseStay) {
  const test::TemporaryFolder folder;
  const ClassifyRun run(data(), folder / "run", {});
  const auto rows = run.task.rows();
  EXPECT_DOUBLE_EQ(rows.front().lr_scale, 0.75 * 0.75 * 0.75);
  EXPECT_EQ(rows.back().lr_scale, 1);
}

TEST_F(ClassifyTaskTest, TellsItsConfidenceAfterAForwardPass) {
  const test::TemporaryFolder folder;
  ClassifyRun run(data(), folder / "run", {.stop_at = 1});
  EXPECT_TRUE(run.task.health({}).figures.empty());
  run.trainer->run();
  const auto health = run.task.health({});
  ASSERT_EQ(health.figures.size(), 1U);
  EXPECT_GT(health.figures[0].value, 1.0 / 3);
}

TEST_F(ClassifyTaskTest, RefusesOddMicroBatchesWhenItMixes) {
  const test::TemporaryFolder folder;
  ClassifyRun run(data(), folder / "run", {.stop_at = 1, .micro_batch = 3, .batch = 9, .mixing = kMixing});
  EXPECT_THROW(run.trainer->run(), UsageError);
}

TEST(ClassifyOptions, AreCheckedAllAtOnce) {
  ClassifyOptions options{.network = {.vit = {}, .classes = 3}};
  EXPECT_NO_THROW(options.check());
  options.smoothing = 1;
  options.layer_decay = 0;
  options.schedule.warmup_steps = -1;
  try {
    options.check();
    FAIL() << "it was accepted";
  } catch (const UsageError& error) {
    for (const char* part : {"smoothing of 1", "layer decay of 0", "warm-up of -1"})
      EXPECT_THAT(error.what(), HasSubstr(part));
  }
}

}  // namespace
}  // namespace gtsa::transfer
