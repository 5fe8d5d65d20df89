// A save that does not fit: a limit on the size of a file makes every longer write fail, as a full disk does.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program/small_run.h"
#include "support/temporary_folder.h"

namespace gtsa::test {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class DiskFull : public ::testing::Test {
 protected:
  DiskFull() { make_photographs(photographs_, 12); }

  void expect_no_half_files() const {
    for (const auto& entry : fs::recursive_directory_iterator(run_))
      EXPECT_NE(entry.path().extension(), ".partial") << entry;
  }

  TemporaryFolder folder_;
  const fs::path photographs_ = folder_ / "photographs";
  const fs::path run_ = folder_ / "run";
  static constexpr uint64_t kLessThanACheckpoint = 100'000;
};

TEST_F(DiskFull, LeavesThePreviousCheckpointAndTheRunGoesOnLater) {
  const fs::path straight = folder_ / "straight";
  ASSERT_EQ(run_gtsa({small_pretrain(photographs_, straight, {"--set", "run.keep_last=100"})}).exit_code, 0);
  ASSERT_EQ(run_gtsa({small_pretrain(photographs_, run_, {"--steps", "6"})}).exit_code, 0);

  const Ended ended = run_gtsa({.arguments = resume(run_), .largest_file = kLessThanACheckpoint});
  EXPECT_EQ(ended.exit_code, 1) << ended.err;
  EXPECT_THAT(ended.err,
              HasSubstr("gtsa: cannot write to " + (run_ / "checkpoints" / "step-00000009.safetensors").string()));
  EXPECT_THAT(ended.err, EndsWith(": File too large; when that is mended, the same command with --resume goes on from "
                                  "the last checkpoint in " +
                                  run_.string() + "\n"));
  ASSERT_EQ(checkpoints_of(run_).size(), 2U);
  for (const fs::path& checkpoint : checkpoints_of(run_)) {
    expect_same_bytes(checkpoint, straight / "checkpoints" / checkpoint.filename());
  }
  expect_no_half_files();

  const Ended rest = run_gtsa({resume(run_)});
  ASSERT_EQ(rest.exit_code, 0) << rest.err;
  expect_same_end(run_, straight);
}

TEST_F(DiskFull, AtTheFirstSaveLeavesARunThatCanBeResumed) {
  const Ended ended = run_gtsa({.arguments = small_pretrain(photographs_, run_), .largest_file = kLessThanACheckpoint});
  EXPECT_EQ(ended.exit_code, 1) << ended.err;
  EXPECT_TRUE(checkpoints_of(run_).empty());
  expect_no_half_files();
  const Ended rest = run_gtsa({resume(run_, {"--steps", "4"})});
  EXPECT_EQ(rest.exit_code, 0) << rest.err;
  EXPECT_EQ(count_lines(run_ / "metrics.jsonl"), 4);
}

TEST_F(DiskFull, WhenItsConfigurationIsWrittenSaysSo) {
  const Ended ended = run_gtsa({.arguments = small_pretrain(photographs_, run_), .largest_file = 1000});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr("gtsa: cannot write to " + (run_ / "config.toml").string()));
  expect_no_half_files();
  EXPECT_EQ(run_gtsa({small_pretrain(photographs_, run_, {"--steps", "2"})}).exit_code, 0)
      << "nothing is left in the way";
}

}  // namespace
}  // namespace gtsa::test
