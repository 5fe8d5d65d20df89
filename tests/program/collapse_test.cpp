// A learning rate a hundred times too high ruins the reference run; the program must say so while it happens.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>

#include "program/small_run.h"
#include "support/golden.h"
#include "support/temporary_folder.h"

namespace gtsa::test {
namespace {

TEST(Collapse, IsWarnedOfByNameBeforeStep200) {
  const auto data = shared_folder("data");
  if (!data) GTEST_SKIP() << "no folder ../shared/data";
  const TemporaryFolder folder;
  const std::filesystem::path run = folder / "run";
  std::filesystem::create_directory(run);  // so that it can be watched from the start
  Process process({{"pretrain", "--config", "gtsa_reference", "--lr", "5e-2", "--steps", "200", "--save-every", "60m",
                    "--data", (*data / "scenes-unlabeled" / "train").string(), "--out", run.string()}});
  const auto is_warning = [](const nlohmann::json& event) {
    return event.at("event") == "warning" && event.at("name") == "collapse";
  };
  const bool warned = process.watch(
      {run},
      [&](const std::string& name) {
        if (name != "events.jsonl") return false;
        const auto events = lines_of(run / name);
        return std::any_of(events.begin(), events.end(), is_warning);
      },
      /*deadline_seconds=*/3000);
  EXPECT_TRUE(warned) << "200 steps without a warning";
  EXPECT_LT(count_lines(run / "metrics.jsonl"), 200);
  process.send(SIGINT);
  const Ended ended = process.wait();
  EXPECT_EQ(ended.exit_code, 130) << ended.err;
  EXPECT_THAT(ended.err, ::testing::HasSubstr("warning: collapse at step "));
}

}  // namespace
}  // namespace gtsa::test
