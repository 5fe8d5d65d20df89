#include "learn/transfer/segment_task.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/data/ade20k.h"
#include "core/data/loader.h"
#include "learn/train/optimizer.h"
#include "learn/train/toy_task.h"
#include "learn/train/trainer.h"
#include "learn/transfer/small_segments.h"
#include "support/golden_torch.h"

namespace gtsa::transfer {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kCrop = 32, kPictures = 9;

struct RunOptions {
  int64_t stop_at = 6;
  int64_t total_steps = 6;
  int64_t micro_batch = 4;
  int64_t batch = 4;
  int workers = 1;
  double lr = 1e-3;
};

SegmentTaskOptions small_task(const RunOptions& options) {
  return {
      .network =
          {.vit = {.image_size = kCrop, .patch_size = 8, .embed_dim = 16, .depth = 2, .num_heads = 2, .drop_path = 0.2},
           .taps = default_taps(2),
           .neck_width = 16,
           .head_width = 8,
           .classes = 3},
      .schedule = {.lr = options.lr, .warmup_steps = 2}};
}

/// One process of fine-tuning: what the command sets up, without a command line.
class SegmentRun {
 public:
  SegmentRun(const std::filesystem::path& data, const std::filesystem::path& folder, const RunOptions& options)
      : split(data::read_ade20k(data, "training")),
        task(small_task(options), {.names = split.classes, .palette = {}}, recipe(split), 1),
        run(open_or_create(folder)),
        optimizer(task.trained(), nullptr, task.rows(), {.clip = 0}) {
    train::Progress progress;
    if (const auto checkpoints = run.list_checkpoints(); !checkpoints.empty()) {
      progress = train::load_state(checkpoints.front().path, task, optimizer).progress;
      run.cut_back_to(progress.step - 1);
    }
    const data::EpochSampler sampler(std::ssize(split.files), options.batch, 0);
    const int64_t parts = options.batch / options.micro_batch;
    trainer = std::make_unique<train::Trainer>(
        train::TrainerParts{.task = task,
                            .optimizer = optimizer,
                            .ranks = *ranks,
                            .run = run,
                            .files = real_files(),
                            .reporter = reporter,
                            .evaluators = {},
                            .make_loader =
                                [this, sampler, parts, options](int64_t step) {
                                  return std::make_unique<data::Loader>(
                                      pictures(), sampler.in_parts(parts), task.recipe(),
                                      data::LoaderOptions{.workers = options.workers, .first_iteration = step * parts});
                                },
                            .clock = steady_clock()},
        train::TrainerOptions{.total_steps = options.total_steps,
                              .stop_at = options.stop_at,
                              .steps_per_epoch = sampler.iterations_per_epoch(),
                              .batch = options.batch,
                              .micro_batch = options.micro_batch,
                              .save_every = {.amount = 1000, .unit = train::Interval::Unit::steps},
                              .health_every = 2},
        train::Conditions{.seed = 1}, progress);
  }

  static data::SegmentRecipe recipe(const data::Ade20kSplit& split) {
    std::vector<std::filesystem::path> annotations;
    for (const data::LabelledFile& file : split.files) annotations.push_back(file.annotation);
    data::SegmentOptions options;
    options.crop = kCrop;
    options.scale = {128, 32};
    options.labels = {.classes = 3};
    options.photometric = false;
    options.seed = 1;
    return {annotations, options};
  }
  std::vector<std::filesystem::path> pictures() const {
    std::vector<std::filesystem::path> files;
    for (const data::LabelledFile& file : split.files) files.push_back(file.image);
    return files;
  }
  static run::Run open_or_create(const std::filesystem::path& folder) {
    if (run::Run::exists(folder)) return run::Run::open(real_files(), folder);
    run::Run run = run::Run::create(real_files(), folder, false);
    run.write_config("# a small set");
    return run;
  }

  data::Ade20kSplit split;
  SegmentTask task;
  run::Run run;
  train::AdamW optimizer;
  test::SilentReporter reporter;
  std::unique_ptr<dist::Communicator> ranks = dist::one_rank();
  std::unique_ptr<train::Trainer> trainer;
};

/// Data shared by all tests of this file: two steps of 4 an epoch and a rest of one.
class SegmentTaskTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    data_ = new test::TemporaryFolder;
    test::write_small_segments(data_->path(), kPictures);
  }
  static void TearDownTestSuite() {
    delete data_;
    data_ = nullptr;
  }
  static const std::filesystem::path& data() { return data_->path(); }

 private:
  static inline test::TemporaryFolder* data_ = nullptr;
};

std::vector<at::Tensor> statistics_of(SegmentTask& task) {
  std::vector<at::Tensor> statistics;
  task.segmenter().walk_buffers([&](const std::string&, at::Tensor& tensor) { statistics.push_back(tensor.clone()); });
  return statistics;
}

TEST_F(SegmentTaskTest, ResumedRunsEndWithTheSameBits) {
  const test::TemporaryFolder whole;
  SegmentRun straight(data(), whole / "run", {});
  EXPECT_EQ(straight.trainer->run(), train::Outcome::finished);
  const auto want = test::all_values(straight.task, straight.optimizer);
  for (const int64_t first : {1, 4}) {
    const test::TemporaryFolder folder;
    SegmentRun(data(), folder / "run", {.stop_at = first}).trainer->run();
    SegmentRun again(data(), folder / "run", {.workers = 3});
    EXPECT_EQ(again.trainer->progress().step, first);
    again.trainer->run();
    EXPECT_EQ(test::all_values(again.task, again.optimizer), want) << "stopped at " << first;
  }
}

TEST_F(SegmentTaskTest, LearnsTheColoursAndKeepsWhatItLearned) {
  const test::TemporaryFolder folder;
  SegmentRun run(data(), folder / "run", {.stop_at = 150, .total_steps = 150, .lr = 4e-3});
  run.trainer->run();
  const auto& reports = run.reporter.reports;
  EXPECT_EQ(reports.front().terms.front().first, "segment");
  EXPECT_LT(reports.back().loss, 0.5 * reports.front().loss);
  const auto health = run.task.health({});
  ASSERT_EQ(health.figures.size(), 1U);
  EXPECT_EQ(health.figures[0].name, "train_pixel_accuracy");
  EXPECT_GT(health.figures[0].value, 0.7);
  const LoadedSegmenter loaded = load_segmenter(run.run.folder());
  EXPECT_THAT(loaded.classes.names, testing::ElementsAre("red", "green", "blue"));
  run.task.export_best(real_files(), run.run);
  EXPECT_THAT(load_segmenter(run.run.folder()).source, HasSubstr(kBestSegmenterFile));
  EXPECT_EQ(run.task.metadata().at("method"), "segment");
}

TEST_F(SegmentTaskTest, FoldsRunningStatisticsInWhenAStepIsTakenAndForgetsThemElse) {
  const test::TemporaryFolder folder;
  SegmentRun run(data(), folder / "run", {});
  const auto before = statistics_of(run.task);
  const auto loader = std::make_unique<data::Loader>(run.pictures(), data::EpochSampler(kPictures, 4, 0),
                                                     run.task.recipe(), data::LoaderOptions{});
  const train::DeviceBatch batch(loader->next());
  const auto forward = [&] {
    const train::Context context{.seed = 1, .position = {0, 6, 2}, .first_sample = 0};
    run.task.losses(batch, context, [](std::span<const train::Term>) {});
  };
  const auto differs = [](const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
    double most = 0;
    for (size_t i = 0; i < a.size(); ++i) most = std::max(most, test::max_difference(a[i], b[i]));
    return most;
  };
  forward();
  run.task.discard();
  run.task.commit();
  EXPECT_EQ(differs(statistics_of(run.task), before), 0);
  forward();
  EXPECT_EQ(differs(statistics_of(run.task), before), 0) << "pending";
  run.task.commit();
  const auto once = statistics_of(run.task);
  EXPECT_GT(differs(once, before), 0);
  // Two micro-batches alike: each moves the statistics a tenth of what is left.
  forward();
  forward();
  run.task.commit();
  for (size_t i = 0; i < once.size(); ++i) {
    const at::Tensor target = before[i] + (once[i] - before[i]) / 0.1;
    EXPECT_LE(test::max_difference(statistics_of(run.task)[i], target + (before[i] - target) * 0.729), 1e-5);
  }
}

TEST_F(SegmentTaskTest, MeanOverLabelledPixelsIsTheOriginalsTimesTheirShare) {
  const test::TemporaryFolder folder;
  SegmentRun run(data(), folder / "run", {});
  SegmentTaskOptions valid = small_task({});
  valid.valid_mean = true;
  SegmentTask other(valid, run.task.classes(), SegmentRun::recipe(run.split), 1);
  const auto loader = std::make_unique<data::Loader>(run.pictures(), data::EpochSampler(kPictures, 4, 0),
                                                     run.task.recipe(), data::LoaderOptions{});
  const train::DeviceBatch batch(loader->next());
  const auto loss_of = [&](SegmentTask& task) {
    double value = 0;
    task.losses(batch, {.seed = 1, .position = {0, 6, 2}, .first_sample = 0},
                [&](std::span<const train::Term> terms) { value = terms[0].value.item<double>(); });
    return value;
  };
  EXPECT_GT(loss_of(other), loss_of(run.task)) << "frames and padding have no class";
}

TEST_F(SegmentTaskTest, FollowsThePolynomialScheduleAfterItsWarmup) {
  const test::TemporaryFolder folder;
  const SegmentRun run(data(), folder / "run", {});
  const auto values = [&](int64_t step) { return run.task.values({step, 6, 2}); };
  EXPECT_NEAR(values(0).lr, 1e-9, 1e-15);
  EXPECT_NEAR(values(2).lr, 1e-3 * 4 / 6, 1e-12);
  EXPECT_EQ(values(3).weight_decay, 0.01);
}

TEST_F(SegmentTaskTest, WarnsOfRunningStatisticsThatAreNotFinite) {
  const test::TemporaryFolder folder;
  SegmentRun run(data(), folder / "run", {});
  EXPECT_TRUE(run.task.health({}).warnings.empty());
  EXPECT_TRUE(run.task.health({}).figures.empty()) << "nothing has been seen yet";
  run.task.segmenter().head.levels[3][1].bn.running_var.fill_(std::numeric_limits<float>::infinity());
  const auto health = run.task.health({});
  ASSERT_EQ(health.warnings.size(), 1U);
  EXPECT_EQ(health.warnings[0].name, "running_statistics");
  EXPECT_THAT(health.warnings[0].text, HasSubstr("decode_head.scale_heads.3.2.bn.running_var is not finite"));
}

TEST(SegmentTaskOptions, AreCheckedAllAtOnce) {
  SegmentTaskOptions options = small_task({});
  EXPECT_NO_THROW(options.check());
  options.schedule.warmup_steps = -1;
  options.schedule.warmup_ratio = 2;
  options.schedule.power = 0;
  try {
    options.check();
    FAIL() << "it was accepted";
  } catch (const UsageError& error) {
    for (const char* part : {"warm-up of -1", "warm-up from 2", "power of 0"})
      EXPECT_THAT(error.what(), HasSubstr(part));
  }
}

}  // namespace
}  // namespace gtsa::transfer
