// gtsa demo as its first user meets it: scenes, run, table and report, in about the time that was asked for.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/files.h"
#include "program/small_run.h"
#include "support/temporary_folder.h"

namespace gtsa::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr double kDeadline = 900;

TEST(Demo, LearnsFromScenesAndReports) {
  const TemporaryFolder folder;
  const std::vector<std::string> words{"demo", "--out", "first", "--minutes", "2", "--json"};
  const Ended ended = Process({words, folder.path()}).wait(kDeadline);
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const auto json = nlohmann::json::parse(ended.out);
  EXPECT_TRUE(fs::exists(folder / "first" / "scenes" / "classes.txt"));
  EXPECT_THAT(read_text(folder / "first" / "report.html"), HasSubstr("data:image/png;base64,"));
  for (const char* probe : {"probe_rotation_accuracy", "probe_correspondence_projector", "probe_segment_miou"}) {
    EXPECT_GT(json.at("before").at(probe), 0) << probe;
    EXPECT_GT(json.at("after").at(probe), 0) << probe;
  }
  EXPECT_GT(json.at("after").at("probe_rotation_accuracy"), json.at("before").at("probe_rotation_accuracy"));
  const Ended again = run_gtsa({words, folder.path()});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.err, HasSubstr("first holds an earlier demo; --overwrite replaces it"));
}

TEST(Demo, LearnsFromPhotographsAndKeepsSomeBack) {
  const TemporaryFolder folder;
  make_photographs(folder / "photographs", 100);
  const Ended ended =
      Process({{"demo", "--out", "mine", "--minutes", "0.1", "--images", "photographs"}, folder.path()}).wait(kDeadline);
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(count_lines(folder / "mine" / "training.txt"), 80);
  EXPECT_EQ(count_lines(folder / "mine" / "held_out.txt"), 20);
  EXPECT_THAT(ended.out, HasSubstr("turn of a view told"));
}

}  // namespace
}  // namespace gtsa::test
