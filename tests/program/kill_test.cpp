// Kills and signals at random moments: a resumed run is the uninterrupted one, bit for bit.
//
// GTSA_TEST_KILLS, GTSA_TEST_SIGNALS: how many (20 and 5; `slow` has 200 and 50). GTSA_TEST_SEED: another series of
// moments.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <map>
#include <string>

#include "core/base/clock.h"
#include "core/base/rng.h"
#include "core/formats/safetensors.h"
#include "program/small_run.h"
#include "support/temporary_folder.h"

namespace gtsa::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

int64_t number_from_environment(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::atoll(text) : otherwise;
}

/// Photographs and the undisturbed run, which keeps all its checkpoints; made once.
class Straight {
 public:
  static const Straight& instance() {
    static const Straight straight;
    return straight;
  }
  fs::path photographs() const { return folder_ / "photographs"; }
  fs::path run() const { return folder_ / "straight"; }
  double seconds() const { return seconds_; }

 private:
  Straight() {
    make_photographs(photographs(), 22);
    const Clock clock = steady_clock();
    const double begin = clock();
    const Ended ended = run_gtsa({small_pretrain(photographs(), run(), {"--set", "run.keep_last=1000"})});
    seconds_ = clock() - begin;
    if (ended.exit_code != 0) throw std::runtime_error("the undisturbed run failed: " + ended.err);
  }
  TemporaryFolder folder_;
  double seconds_ = 0;
};

class Killing : public ::testing::Test {
 protected:
  Killing()
      : moments_(
            {.seed = static_cast<uint64_t>(number_from_environment("GTSA_TEST_SEED", 1)), .purpose = Purpose::test}) {
    // Empty folders of a run are no run; they are there from the start so that they can be watched.
    start_anew();
  }

  void start_anew() {
    fs::remove_all(run_);
    fs::create_directories(run_ / "checkpoints");
  }

  /// A new run or the rest of it: --resume with a full command does either.
  Command command(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = small_pretrain(Straight::instance().photographs(), run_, {"--resume"});
    words.insert(words.end(), more.begin(), more.end());
    return {words};
  }

  /// Kills at a random time of the run. False if it ended before.
  bool kill_at_any_time(Process& process) {
    const double moment = static_cast<double>(moments_.uniform()) * Straight::instance().seconds();
    if (process.ends_within(moment)) return false;
    process.send(SIGKILL);
    return true;
  }

  /// Kills while a file is being saved: within two milliseconds after one is begun.
  bool kill_while_saving(Process& process) {
    auto begun = 1 + moments_.below(12);
    const auto enough = [&](const std::string& name) { return name.ends_with(".partial") && --begun == 0; };
    if (!process.watch({run_, run_ / "checkpoints"}, enough)) return false;
    process.ends_within(0.002 * static_cast<double>(moments_.uniform()));
    process.send(SIGKILL);
    return true;
  }

  /// What lies under its own name is whole and is what the undisturbed run had at that step.
  void expect_whole_files() const {
    for (const fs::path& checkpoint : checkpoints_of(run_)) {
      expect_same_bytes(checkpoint, Straight::instance().run() / "checkpoints" / checkpoint.filename());
    }
    if (fs::exists(run_ / "encoder.safetensors")) {
      EXPECT_NO_THROW(formats::SafetensorsFile(run_ / "encoder.safetensors"));
    }
  }

  void finish_and_compare() {
    const Ended ended = run_gtsa(command());
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    expect_same_end(run_, Straight::instance().run());
    for (const auto& entry : fs::recursive_directory_iterator(run_))
      EXPECT_NE(entry.path().extension(), ".partial") << entry;
  }

  /// Waits until this many steps have their line.
  bool reaches(const Process& process, int64_t steps) const {
    return process.watch({run_}, [&](const std::string&) { return count_lines(run_ / "metrics.jsonl") >= steps; });
  }

  TemporaryFolder folder_;
  const fs::path run_ = folder_ / "run";
  Rng moments_;
};

TEST_F(Killing, AtAnyMomentLosesNothingThatWasSaved) {
  const int64_t wanted = number_from_environment("GTSA_TEST_KILLS", 20);
  std::map<int64_t, int64_t> resumed_from;  // newest checkpoint at the kill -> how often
  for (int64_t kills = 0; kills < wanted && !HasFailure();) {
    Process process(command());
    const bool killed = kills % 2 == 0 ? kill_at_any_time(process) : kill_while_saving(process);
    const Ended ended = process.wait();
    if (killed && ended.signal == SIGKILL) {
      ++kills;
      ++resumed_from[static_cast<int64_t>(checkpoints_of(run_).size())];
      expect_whole_files();
      continue;
    }
    // It was faster than the kill: that run must be right too, and the next one begins.
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    expect_same_end(run_, Straight::instance().run());
    start_anew();
  }
  finish_and_compare();
  RecordProperty("kills_before_the_first_checkpoint", static_cast<int>(resumed_from[0]));
  EXPECT_GT(resumed_from.size(), 1U) << "some kills came before the first checkpoint and some later";
}

TEST_F(Killing, BySignalSavesAndSaysHowToGoOn) {
  const int64_t wanted = number_from_environment("GTSA_TEST_SIGNALS", 5);
  int64_t done = 0;
  for (int64_t signals = 0; signals < wanted && !HasFailure();) {
    Process process(command());
    const int signal = signals % 2 == 0 ? SIGTERM : SIGINT;
    const int64_t at = done + 1 + moments_.below(8);
    if (reaches(process, at)) process.send(signal);
    const Ended ended = process.wait();
    if (ended.err.find("\ndone: ") != std::string::npos) {  // the run was over before the signal came
      expect_same_end(run_, Straight::instance().run());
      start_anew();
      done = 0;
      continue;
    }
    ++signals;
    ASSERT_EQ(ended.exit_code, 130) << ended.err;
    done = count_lines(run_ / "metrics.jsonl");
    EXPECT_GE(done, at);
    EXPECT_THAT(ended.err,
                HasSubstr(fmt::format("stopped after {} steps; go on with: gtsa pretrain --resume --out {}\n", done,
                                      run_.string())));
    ASSERT_FALSE(checkpoints_of(run_).empty());
    EXPECT_EQ(checkpoints_of(run_).back().filename(), fmt::format("step-{:08}.safetensors", done));
  }
  finish_and_compare();
}

TEST_F(Killing, ByASecondSignalLeavesAtOnce) {
  Process process(command());
  ASSERT_TRUE(reaches(process, 2));
  process.send(SIGINT);
  process.send(SIGTERM);
  const Ended ended = process.wait();
  EXPECT_EQ(ended.exit_code, 130) << ended.err;
  EXPECT_THAT(ended.err, Not(HasSubstr("go on with")));
  finish_and_compare();
}

TEST_F(Killing, BySignalBeforeTheFirstStepIsAnInterruptionToo) {
  Process process(command());
  ASSERT_TRUE(process.watch({run_}, [](const std::string& name) { return name == "config.toml"; }));
  process.send(SIGTERM);
  const Ended ended = process.wait();
  EXPECT_EQ(ended.exit_code, 130) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("go on with: gtsa pretrain --resume"));
  finish_and_compare();
}

TEST_F(Killing, IsUndoneByResumeAloneWithAnyNumberOfWorkers) {
  for (const char* workers : {"1", "2", "7"}) {
    start_anew();
    ASSERT_EQ(run_gtsa(command({"--steps", "20"})).exit_code, 0);
    ASSERT_EQ(checkpoints_of(run_).back().filename(), "step-00000020.safetensors") << "in the middle of an epoch";
    const Ended ended = run_gtsa({resume(run_, {"--workers", workers})});
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_THAT(ended.err, Not(HasSubstr("warning: not bit-exact")));
    expect_same_end(run_, Straight::instance().run());
  }
}

TEST_F(Killing, OfARunWithTwoThreadsIsUndoneBitForBitToo) {
  const fs::path straight = folder_ / "straight";
  ASSERT_EQ(run_gtsa({small_pretrain(Straight::instance().photographs(), straight, {"--threads", "2", "--steps", "8"})})
                .exit_code,
            0);
  ASSERT_EQ(run_gtsa(command({"--threads", "2", "--steps", "5"})).exit_code, 0);
  const Ended ended = run_gtsa({resume(run_, {"--steps", "8"})});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  expect_same_end(run_, straight);
}

TEST_F(Killing, AndResumingWithOtherThreadsSaysThatBitsMayDiffer) {
  ASSERT_EQ(run_gtsa(command({"--steps", "4"})).exit_code, 0);
  const Ended ended = run_gtsa({resume(run_, {"--threads", "2", "--steps", "6"})});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("warning: not bit-exact with the run so far: threads 2 instead of 1\n"));
}

TEST_F(Killing, NothingAtAllTheSameCommandGivesTheSameBitsTwice) {
  ASSERT_EQ(run_gtsa(command()).exit_code, 0);
  expect_same_end(run_, Straight::instance().run());
}

}  // namespace
}  // namespace gtsa::test
