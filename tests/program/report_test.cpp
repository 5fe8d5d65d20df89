// gtsa report as a process, beside another that writes the run. What the page holds: tests/core/report; how it looks
// and behaves: tests/browser.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <optional>

#include "core/base/files.h"
#include "core/run/run.h"
#include "program/small_run.h"
#include "support/temporary_folder.h"

namespace gtsa::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class ReportCommand : public ::testing::Test {
 protected:
  ReportCommand() : run_(run::Run::create(real_files(), run_folder(), false)) {
    run_->write_config("batch = 4  # --batch\n");
    append(3);
  }
  fs::path run_folder() const { return folder_ / "run"; }
  fs::path page() const { return run_folder() / "report.html"; }
  fs::path update() const { return run_folder() / "report.data.js"; }
  void append(int count) {
    for (int i = 0; i < count; ++i) run_->append_metrics({{"step", steps_++}, {"loss", 0.5}});
  }
  /// Follows the run until the update beside the page tells of every step so far.
  bool shows_all(const Process& process) {
    const std::string wanted = "\"steps\":" + std::to_string(steps_) + ",";
    return process.watch({run_folder()}, [&](const std::string&) {
      return fs::exists(update()) && read_text(update()).find(wanted) != std::string::npos;
    });
  }

  TemporaryFolder folder_;
  std::optional<run::Run> run_;
  int64_t steps_ = 0;
};

TEST_F(ReportCommand, WritesThePageIntoTheRunAndSaysWhere) {
  const Ended ended = run_gtsa({{"report", "run", "--json"}, folder_.path()});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(nlohmann::json::parse(ended.out),
            nlohmann::json::parse(R"({"report": "run/report.html", "runs": ["run"]})"));
  EXPECT_THAT(read_text(page()), HasSubstr("\"steps\":3"));
}

TEST_F(ReportCommand, WritesOverItsOwnPageAlone) {
  for (int time = 0; time < 2; ++time) {
    EXPECT_EQ(run_gtsa({{"report", "run", "--out", "page.html"}, folder_.path()}).exit_code, 0);
  }
  write_atomically(real_files(), folder_ / "notes.html", "precious");
  EXPECT_EQ(run_gtsa({{"report", "run", "--out", "notes.html"}, folder_.path()}).exit_code, 1);
  EXPECT_EQ(read_text(folder_ / "notes.html"), "precious");
}

TEST_F(ReportCommand, SaysWhereItCannotWrite) {
  const Ended ended = run_gtsa({{"report", "run", "--out", "nowhere/report.html"}, folder_.path()});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_EQ(ended.err, "gtsa: cannot write nowhere/report.html.partial: No such file or directory\n");
}

TEST_F(ReportCommand, FollowsARunUntilItsWriterEnds) {
  Process process({{"report", "run", "--follow"}, folder_.path()});
  ASSERT_TRUE(shows_all(process));
  append(5);
  ASSERT_TRUE(shows_all(process));
  run_.reset();
  const Ended ended = process.wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_FALSE(fs::exists(update()));
  EXPECT_THAT(read_text(page()), HasSubstr("\"follow\":false"));
}

TEST_F(ReportCommand, StopsFollowingOnASignalAndLeavesAWholePage) {
  Process process({{"report", "run", "--follow"}, folder_.path()});
  ASSERT_TRUE(shows_all(process));
  process.send(SIGINT);
  const Ended ended = process.wait();
  EXPECT_EQ(ended.exit_code, 130) << ended.err;
  EXPECT_FALSE(fs::exists(update()));
  EXPECT_THAT(read_text(page()), HasSubstr("\"follow\":false"));
}

}  // namespace
}  // namespace gtsa::test
