#include "learn/train/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/error.h"
#include "core/base/signals.h"
#include "core/formats/safetensors.h"
#include "learn/train/toy_task.h"
#include "support/failing_files.h"

namespace gtsa::train {
namespace {

using test::Fault;
using test::ToyRun;
using ::testing::ElementsAre;

std::vector<float> straight(const test::ToyOptions& options, Fault fault = {}) {
  const test::TemporaryFolder folder;
  ToyRun toy(folder / "run", options, std::move(fault));
  EXPECT_EQ(toy.trainer->run(), Outcome::finished);
  return test::all_values(toy.task, toy.optimizer);
}

TEST(Trainer, ResumedRunsEndWithTheSameBits) {
  const auto want = straight({});
  for (const int64_t first : {3, 5, 7}) {  // 5 iterations an epoch: inside one and at its end
    const test::TemporaryFolder folder;
    {
      ToyRun toy(folder / "run", {.stop_at = first});
      toy.trainer->run();
    }
    ToyRun toy(folder / "run", {.workers = 3});
    EXPECT_EQ(toy.trainer->progress().step, first);
    toy.trainer->run();
    EXPECT_EQ(test::all_values(toy.task, toy.optimizer), want) << "stopped at " << first;
    const auto lines = toy.run.read_metrics();
    ASSERT_EQ(lines.size(), 12U);
    for (size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(lines[i].at("step"), i);
  }
}

TEST(Trainer, MicroBatchesGiveTheWholeBatchsStep) {
  const auto whole = straight({});
  const auto parts = straight({.micro_batch = 1});
  ASSERT_EQ(whole.size(), parts.size());
  for (size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(whole[i], parts[i], 1e-5);
}

TEST(Trainer, ABadStepChangesNothingAndIsKept) {
  for (const auto place : {Fault::Place::loss, Fault::Place::gradient, Fault::Place::input}) {
    for (const double value : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
      const test::TemporaryFolder folder;
      std::vector<float> before;
      {
        ToyRun toy(folder / "run", {.stop_at = 4});
        toy.trainer->run();
        before = test::all_values(toy.task, toy.optimizer);
      }
      ToyRun toy(folder / "run", {.stop_at = 5}, {place, value, {4}});
      EXPECT_EQ(toy.trainer->run(), Outcome::finished);
      EXPECT_EQ(test::all_values(toy.task, toy.optimizer), before)
          << "place " << static_cast<int>(place) << " value " << value;
      EXPECT_EQ(toy.task.discards, 1);
      EXPECT_EQ(toy.trainer->progress().skipped, 1);
      const auto line = toy.run.read_metrics().back();
      EXPECT_EQ(line.at("skipped"), true);
      EXPECT_EQ(line.at("step"), 4);
      // The state and the samples are there to run it again.
      test::ToyTask again;
      AdamW optimizer(again.trained(), again.averaged(), again.rows(), {.clip = 0.5});
      const auto state = load_state(toy.run.bad_step_path(4), again, optimizer);
      EXPECT_EQ(state.progress.step, 4);
      EXPECT_EQ(nlohmann::json::parse(state.metadata.at("samples")).size(), static_cast<size_t>(ToyRun::kBatch));
      EXPECT_FALSE(state.metadata.at("reason").empty());
    }
  }
}

TEST(Trainer, ThreeBadStepsInARowStopItAndNothingIsSavedOver) {
  const test::TemporaryFolder folder;
  ToyRun toy(folder / "run", {.save_every = "1s"},
             {Fault::Place::loss, std::numeric_limits<double>::infinity(), {6, 7, 8, 9}});
  try {
    toy.trainer->run();
    FAIL() << "it went on";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("loss square is inf"), std::string::npos) << error.what();
  }
  EXPECT_EQ(toy.run.list_checkpoints().front().step, 6);
  EXPECT_EQ(toy.run.read_metrics().size(), 9U);
}

TEST(Trainer, TwoBadStepsInARowAreNoReasonToStop) {
  const test::TemporaryFolder folder;
  ToyRun toy(folder / "run", {}, {Fault::Place::loss, std::numeric_limits<double>::infinity(), {2, 3, 5, 6}});
  EXPECT_EQ(toy.trainer->run(), Outcome::finished);
  EXPECT_EQ(toy.trainer->progress().skipped, 4);
}

TEST(Trainer, StopsAtTheFirstBadStepIfAsked) {
  const test::TemporaryFolder folder;
  ToyRun toy(folder / "run", {.stop_on_non_finite = true}, {Fault::Place::gradient, 0, {2}});
  EXPECT_THROW(toy.trainer->run(), Error);
  EXPECT_EQ(toy.run.list_checkpoints().front().step, 2) << "the state before it is good";
}

/// A trainer of 20 steps, stopped at 12, that the test's own reporter and evaluators watch.
Trainer watched_trainer(ToyRun& toy, Reporter& reporter, std::vector<Evaluator*> evaluators = {},
                        std::string best_figure = "", int64_t evaluate_every = 3) {
  const auto make_loader = [&toy](int64_t) {
    return std::make_unique<data::Loader>(std::vector<std::filesystem::path>(ToyRun::kFiles, "none"),
                                          data::EpochSampler(ToyRun::kFiles, ToyRun::kBatch, 0), toy.task.recipe(),
                                          data::LoaderOptions{});
  };
  return Trainer({.task = toy.task,
                  .optimizer = toy.optimizer,
                  .ranks = *toy.ranks,
                  .run = toy.run,
                  .files = real_files(),
                  .reporter = reporter,
                  .evaluators = std::move(evaluators),
                  .make_loader = make_loader,
                  .clock = steady_clock()},
                 {.total_steps = 20,
                  .stop_at = 12,
                  .steps_per_epoch = 5,
                  .batch = 4,
                  .micro_batch = 4,
                  .evaluate_every = evaluate_every,
                  .best_figure = std::move(best_figure)},
                 Conditions{}, Progress{});
}

TEST(Trainer, ASignalSavesAndLeaves) {
  const test::TemporaryFolder folder;
  class Raiser final : public Reporter {
   public:
    void step(const StepReport& report, int64_t) override {
      if (report.position.step == 6) ::raise(SIGTERM);
    }
    void figures(const Position&, const std::string&, const std::vector<Figure>&) override {}
  };
  const StopSignals signals;
  ToyRun toy(folder / "run", {});
  Raiser raiser;
  EXPECT_EQ(watched_trainer(toy, raiser).run(), Outcome::interrupted);
  EXPECT_EQ(toy.run.list_checkpoints().front().step, 7);
}

TEST(Trainer, ASignalDuringAProbeSkipsTheOthersAndSaves) {
  const test::TemporaryFolder folder;
  class Probe final : public Evaluator {
   public:
    explicit Probe(int64_t raises_at) : raises_at_(raises_at) {}
    std::string name() const override { return "probe"; }
    std::vector<Figure> evaluate(const Occasion& occasion) override {
      asked_at.push_back(occasion.step);
      if (occasion.step == raises_at_) ::raise(SIGTERM);
      return {{"probe", 1.0}};
    }
    std::vector<int64_t> asked_at;

   private:
    int64_t raises_at_;
  };
  const StopSignals signals;
  ToyRun toy(folder / "run", {});
  test::SilentReporter reporter;
  constexpr int64_t kNever = -2;
  Probe first(5), second(kNever);
  EXPECT_EQ(watched_trainer(toy, reporter, {&first, &second}).run(), Outcome::interrupted);
  EXPECT_THAT(first.asked_at, ElementsAre(run::kBeforeTraining, 2, 5));
  EXPECT_THAT(second.asked_at, ElementsAre(run::kBeforeTraining, 2));
  EXPECT_EQ(toy.run.list_checkpoints().front().step, 6);
}

/// Gives the figures of a list, one an evaluation.
class Recorded final : public Evaluator {
 public:
  explicit Recorded(std::vector<double> figures) : figures_(std::move(figures)) {}
  std::string name() const override { return "recorded"; }
  std::vector<Figure> evaluate(const Occasion&) override { return {{"eval_top1", figures_.at(next_++)}}; }

 private:
  std::vector<double> figures_;
  size_t next_ = 0;
};

TEST(Trainer, KeepsTheStateThatAnEvaluationFoundBest) {
  const test::TemporaryFolder folder;
  const StopSignals signals;  // none: another test's is forgotten
  ToyRun toy(folder / "run", {});
  test::SilentReporter reporter;
  // Before the first step, then after steps 3, 6, 9 and 12.
  Recorded evaluator({0.9, 0.25, 0.5, 0.5, std::numeric_limits<double>::quiet_NaN()});
  Trainer trainer = watched_trainer(toy, reporter, {&evaluator}, "eval_top1");
  EXPECT_EQ(trainer.run(), Outcome::finished);
  ASSERT_TRUE(trainer.progress().best);
  EXPECT_EQ(trainer.progress().best->figure, 0.5);
  EXPECT_EQ(trainer.progress().best->step, 6) << "of equals the first";
  EXPECT_EQ(toy.task.best_exports, 2);
  test::ToyTask again;
  AdamW optimizer(again.trained(), again.averaged(), again.rows(), {.clip = 0.5});
  EXPECT_EQ(load_state(toy.run.best_checkpoint_path(), again, optimizer).progress.step, 6);
  for (const auto& checkpoint : toy.run.list_checkpoints())
    EXPECT_NE(checkpoint.path, toy.run.best_checkpoint_path()) << "the best state is no step's checkpoint";
  const auto last = load_state(toy.run.list_checkpoints().front().path, again, optimizer);
  ASSERT_TRUE(last.progress.best) << "whoever resumes knows of it";
  EXPECT_EQ(last.progress.best->figure, 0.5);
  EXPECT_EQ(last.progress.best->step, 6);
}

TEST(Trainer, AnEvaluationThatFailsAfterTheLastStepLosesNoStep) {
  const test::TemporaryFolder folder;
  class Failing final : public Evaluator {
   public:
    std::string name() const override { return "failing"; }
    std::vector<Figure> evaluate(const Occasion& occasion) override {
      if (occasion.step == 11) throw Error("val/1.jpg is gone");
      return {};
    }
  };
  const StopSignals signals;
  ToyRun toy(folder / "run", {});
  test::SilentReporter reporter;
  Failing failing;
  EXPECT_THROW(watched_trainer(toy, reporter, {&failing}, "", 5).run(), Error);
  EXPECT_EQ(toy.run.list_checkpoints().front().step, 12);
}

TEST(TrainState, IsOldOrNewWhicheverOperationFails) {
  const test::TemporaryFolder folder;
  ToyRun toy(folder / "run", {.stop_at = 3});
  toy.trainer->run();
  const auto path = folder / "state.safetensors";
  const auto want = test::all_values(toy.task, toy.optimizer);
  bool passed = false;
  for (int n = 1; !passed; ++n) {
    ASSERT_LT(n, 500);
    save_state(real_files(), path, toy.task, toy.optimizer, {.step = 3}, {});
    test::FailingFiles files(n);
    try {
      save_state(files, path, toy.task, toy.optimizer, {.step = 4}, {});
      passed = !files.failed();
    } catch (const Error&) {
      EXPECT_TRUE(files.failed());
    }
    test::ToyTask again;
    AdamW optimizer(again.trained(), again.averaged(), again.rows(), {.clip = 0.5});
    const auto state = load_state(path, again, optimizer);
    EXPECT_TRUE(state.progress.step == 3 || state.progress.step == 4);
    EXPECT_EQ(test::all_values(again, optimizer), want);
  }
}

TEST(TrainState, OfAnotherNetworkIsRefusedByName) {
  const test::TemporaryFolder folder;
  ToyRun toy(folder / "run", {.stop_at = 1});
  toy.trainer->run();
  const auto path = folder / "other.safetensors";
  write_atomically(real_files(), path, "not a train state");
  EXPECT_THROW(load_state(path, toy.task, toy.optimizer), Error);
}

TEST(TrainState, OfAnotherVersionOrWithoutItsNumbersIsRefusedByName) {
  const test::TemporaryFolder folder;
  ToyRun toy(folder / "run", {.stop_at = 1});
  toy.trainer->run();
  const auto path = folder / "state.safetensors";
  save_state(real_files(), path, toy.task, toy.optimizer, {.step = 1}, {});
  const formats::SafetensorsFile good(path);
  const auto refusal = [&](const std::string& key, const std::optional<std::string>& value) -> std::string {
    auto metadata = good.content().metadata;
    if (value) {
      metadata[key] = *value;
    } else {
      metadata.erase(key);
    }
    formats::write_safetensors(real_files(), folder / "changed.safetensors", good.content().tensors, metadata);
    try {
      load_state(folder / "changed.safetensors", toy.task, toy.optimizer);
    } catch (const Error& error) {
      return std::string(error.what()).substr((folder / "changed.safetensors").string().size());
    }
    return "loaded";
  };
  const auto before = test::all_values(toy.task, toy.optimizer);
  EXPECT_EQ(refusal("step", "1"), "loaded");
  EXPECT_EQ(refusal("step", std::nullopt), " is no train state: its metadata has no step");
  for (const char* bad : {"", "-1", "1.5", "99999999999999999999"})
    EXPECT_EQ(refusal("skipped", bad), fmt::format(": metadata skipped is {}, a whole number is wanted", bad));
  EXPECT_EQ(refusal("best", "much"), ": metadata best is much, a number is wanted");
  EXPECT_EQ(refusal("format", "gtsa train state 9"), " is of another version of gtsa: gtsa train state 9");
  EXPECT_EQ(test::all_values(toy.task, toy.optimizer), before) << "a refusal changes nothing";
}

TEST(Conditions, DifferencesAreNamed) {
  const Conditions a{.seed = 1, .threads = 2, .blas = "OpenBLAS"}, b{.seed = 1, .threads = 4, .blas = "OpenBLAS"};
  EXPECT_EQ(a.difference(b), "threads 2 instead of 4");
  EXPECT_EQ(a.difference(a), "");
}

}  // namespace
}  // namespace gtsa::train
