// Image files as they come in life, among good photographs: ../shared/nasty, whose README.md says what is expected of
// each.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/base/files.h"
#include "program/small_run.h"
#include "support/golden.h"
#include "support/temporary_folder.h"

namespace gtsa::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// Largest resident memory of a run that meets the bombs. AddressSanitizer keeps 256 MiB of freed memory and shadows
/// all.
#ifdef __SANITIZE_ADDRESS__
constexpr int64_t kMostBytes = int64_t{1200} << 20;
#else
constexpr int64_t kMostBytes = int64_t{600} << 20;
#endif

class NastyFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto nasty = shared_folder("nasty");
    if (!nasty) GTEST_SKIP() << "no folder ../shared/nasty";
    expected_ = nlohmann::json::parse(read_text(*nasty / "expected.json")).at("files");
    // A whole number of batches of 4, so that one epoch meets every file.
    const auto good = static_cast<int>(120 + (4 - expected_.size() % 4) % 4);
    make_photographs(photographs_, good);
    for (const auto& entry : fs::directory_iterator(*nasty / "files")) {
      fs::create_symlink(entry.path(), photographs_ / entry.path().filename());
    }
    steps_ = static_cast<int64_t>(good + expected_.size()) / 4;
  }

  TemporaryFolder folder_;
  const fs::path photographs_ = folder_ / "photographs";
  const fs::path run_ = folder_ / "run";
  nlohmann::json expected_;
  int64_t steps_ = 0;
};

TEST_F(NastyFiles, AreEachNamedOnceWithTheReasonAndTrainingGoesOn) {
  const Ended ended = run_gtsa({small_pretrain(
      photographs_, run_,
      {"--set", fmt::format("schedule.total_steps={}", steps_), "--max-bad-share", "0.5", "--save-every", "1e"})});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_LT(ended.peak_bytes, kMostBytes);
  EXPECT_EQ(count_lines(run_ / "metrics.jsonl"), steps_);
  std::map<std::string, int> named;
  for (const auto& event : lines_of(run_ / "events.jsonl")) {
    if (event.at("event") != "bad_file") continue;
    const std::string name = fs::path(event.at("file").get<std::string>()).filename();
    ++named[name];
    EXPECT_THAT(event.at("reason").get<std::string>(), HasSubstr(name));
    EXPECT_GT(event.at("reason").get<std::string>().size(), event.at("file").get<std::string>().size() + 5)
        << "a reason besides the name";
  }
  for (const auto& [name, times] : named) EXPECT_EQ(times, 1) << name;
  for (const auto& file : expected_) {
    const std::string name = file.at("file");
    const std::string expect = file.contains("or_error") ? "either" : file.at("expect");
    if (expect != "either") {
      EXPECT_EQ(named.count(name), expect == "error" ? 1U : 0U) << name;
    }
  }
}

TEST_F(NastyFiles, BeyondTheShareThatIsAllowedStopTheRunWithTheList) {
  const Ended ended = run_gtsa({small_pretrain(photographs_, run_)});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr("more than the share of 0.01 that --max-bad-share allows: "));
  EXPECT_THAT(ended.err, HasSubstr(photographs_.string()));
}

}  // namespace
}  // namespace gtsa::test
