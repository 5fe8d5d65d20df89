#include "core/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/report/assets.h"
#include "core/report/small_run.h"
#include "support/failing_files.h"
#include "support/temporary_folder.h"

namespace gtsa::report {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using test::make_small_run;
using test::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const ReportOptions kOnce{"gtsa test", "now", false};

/// What the page's scripts read.
Json data_of(const std::string& page) {
  constexpr std::string_view kBegin = R"(id="data">)";
  const size_t begin = page.find(kBegin) + kBegin.size();
  return Json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

Json one_run(const fs::path& folder) { return data_of(render_report({&folder, 1}, kOnce).page)["runs"][0]; }

class ReportTest : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
};

TEST_F(ReportTest, HoldsCurvesProbesEventsConfigurationAndArtefacts) {
  make_small_run(folder_ / "first");
  const Json run = one_run(folder_ / "first");
  EXPECT_EQ(run["name"], "first");
  EXPECT_EQ(run["steps"], 400);
  EXPECT_EQ(run["wanted_steps"], 400);
  EXPECT_EQ(run["metrics"]["loss"]["steps"].size(), 400u);
  EXPECT_EQ(run["metrics"]["loss"]["values"][9], nullptr);
  EXPECT_EQ(run["probes"]["probe_segment_miou"]["values"], Json({0.13, 0.18, 0.21}));
  EXPECT_EQ(run["probes"]["probe_segment_miou"]["steps"], Json({-1, 200, 399}));
  EXPECT_TRUE(run["health"].contains("teacher_spread"));
  EXPECT_EQ(run["crops"]["photos"][0]["views"].size(), 6u);
  EXPECT_EQ(run["pictures"]["snapshots"].size(), 2u);
  EXPECT_EQ(run["rotation"]["confusion"][1][3], 40);
  EXPECT_EQ(run["segmentation"]["classes"][4], Json({"never seen", nullptr}));
  EXPECT_THAT(run["notes"], IsEmpty());
}

TEST_F(ReportTest, HoldsWhatFineTunedNetworksScored) {
  make_small_run(folder_ / "run", {.steps = 3, .pictures = false, .fine_tuned = true});
  const Json run = one_run(folder_ / "run");
  EXPECT_THAT(run["notes"], IsEmpty());
  EXPECT_EQ(run["accuracy"]["top1"], 0.71);
  EXPECT_EQ(run["accuracy"]["classes"][3], Json({"species 3", 0.8}));
  EXPECT_EQ(run["accuracy"]["confusion"]["rows"][59], 100);
  EXPECT_EQ(run["semantic"]["classes"][0], Json({"hill", 0.8, 0.9, "#e69f00"}));
  EXPECT_EQ(run["semantic"]["classes"][2], Json({"ball", nullptr, nullptr, "#009e73"}));
  EXPECT_EQ(run["semantic"]["samples"][0]["classes"], Json({0, 1}));
  EXPECT_EQ(run["semantic"]["samples"][0]["prediction"], 2);
}

TEST_F(ReportTest, CarriesTheLicenceOfItsCharts) {
  make_small_run(folder_ / "run", {.steps = 3, .pictures = false});
  const fs::path run = folder_ / "run";
  const std::string page = render_report({&run, 1}, kOnce).page;
  EXPECT_THAT(page, HasSubstr("Permission is hereby granted, free of charge"));
  EXPECT_THAT(page, HasSubstr("Leon Sorokin"));
  EXPECT_THAT(std::string(asset("uPlot.iife.min.js")), Not(HasSubstr("</script")));
}

TEST_F(ReportTest, LeavesTheNameOfAHostileFileAText) {
  make_small_run(folder_ / "run", {.steps = 12, .name_of_a_bad_file = "</script><script>alert(1)</script>"});
  const fs::path run = folder_ / "run";
  const std::string page = render_report({&run, 1}, kOnce).page;
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(data_of(page)["runs"][0]["events"].dump(), HasSubstr("</script><script>alert(1)</script>: truncated"));
}

TEST_F(ReportTest, OfARunThatHasOnlyItsConfigurationIsAPage) {
  fs::create_directories(folder_ / "begun");
  write_atomically(real_files(), folder_ / "begun" / "config.toml", "batch = 4  # --batch\n");
  const Json run = one_run(folder_ / "begun");
  EXPECT_EQ(run["steps"], 0);
  EXPECT_EQ(run["metrics"], Json::object());
  EXPECT_EQ(run["configuration"].size(), 1u);
}

TEST_F(ReportTest, PassesOverATornLastLine) {
  make_small_run(folder_ / "run", {.steps = 20, .pictures = false});
  std::ofstream(folder_ / "run" / "metrics.jsonl", std::ios::app) << R"({"step":20,"lo)";
  EXPECT_EQ(one_run(folder_ / "run")["steps"], 20);
}

TEST_F(ReportTest, OfAFolderWithoutARunSaysSo) {
  const fs::path nothing = folder_ / "nothing";
  try {
    render_report({&nothing, 1}, kOnce);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("no run in"));
  }
}

TEST_F(ReportTest, NamesRunsByTheirFoldersUnlessTheseAreTheSame) {
  for (const char* name : {"a/run", "b/run", "c"}) make_small_run(folder_ / name, {.steps = 3, .pictures = false});
  const std::vector<fs::path> folders{folder_ / "a/run", folder_ / "b/run/", folder_ / "c"};
  const Json runs = data_of(render_report(folders, kOnce).page)["runs"];
  EXPECT_THAT((std::vector<std::string>{runs[0]["name"], runs[1]["name"], runs[2]["name"]}),
              ElementsAre(folders[0].string(), folders[1].string(), "c"));
}

TEST_F(ReportTest, OfAHundredThousandStepsStaysSmall) {
  make_small_run(folder_ / "run", {.steps = 100'000, .pictures = false});
  const fs::path run = folder_ / "run";
  EXPECT_LT(render_report({&run, 1}, kOnce).page.size(), size_t{2} << 20);
}

TEST_F(ReportTest, ThatFollowsHasItsUpdateBesideItUntilTheEnd) {
  make_small_run(folder_ / "run", {.steps = 12});
  const fs::path run = folder_ / "run", page = folder_ / "page.html";
  write_report(real_files(), {&run, 1}, page, {"gtsa test", "now", true});
  const std::string update = read_text(folder_ / "page.data.js");
  EXPECT_TRUE(update.starts_with("gtsaUpdate({"));
  EXPECT_THAT(update, Not(HasSubstr("data:image")));
  write_report(real_files(), {&run, 1}, page, kOnce);
  EXPECT_FALSE(fs::exists(folder_ / "page.data.js"));
  EXPECT_THAT(read_text(page), HasSubstr("\"follow\":false"));
}

TEST_F(ReportTest, IsWholeOrAbsentWhicheverOperationFails) {
  make_small_run(folder_ / "run", {.steps = 12});
  const fs::path run = folder_ / "run", page = folder_ / "page.html";
  for (int fail_at = 1;; ++fail_at) {
    test::FailingFiles files(fail_at);
    try {
      write_report(files, {&run, 1}, page, {"gtsa test", "now", true});
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(folder_.path().string()));
    }
    if (fs::exists(page)) {
      EXPECT_TRUE(read_text(page).ends_with("</html>\n"));
    }
    if (!files.failed()) break;
    ASSERT_LT(fail_at, 50);
  }
}

TEST_F(ReportTest, KnowsWhetherARunIsStillWritten) {
  make_small_run(folder_ / "run", {.steps = 3, .pictures = false});
  EXPECT_FALSE(is_being_written(folder_ / "run"));
  {
    const run::Run writer = run::Run::open(real_files(), folder_ / "run");
    EXPECT_TRUE(is_being_written(folder_ / "run"));
  }
  EXPECT_FALSE(is_being_written(folder_ / "run"));
  EXPECT_FALSE(is_being_written(folder_ / "nothing"));
}

TEST_F(ReportTest, SeesWhenThereIsSomethingNew) {
  make_small_run(folder_ / "run", {.steps = 3, .pictures = false});
  const std::string before = fingerprint(folder_ / "run");
  EXPECT_EQ(fingerprint(folder_ / "run"), before);
  run::Run run = run::Run::open(real_files(), folder_ / "run");
  run.append_metrics(test::metrics_line(3));
  const std::string after = fingerprint(folder_ / "run");
  EXPECT_NE(after, before);
  test::write_artefact(run, "crops.json", {{"photos", Json::array()}});
  EXPECT_NE(fingerprint(folder_ / "run"), after);
}

}  // namespace
}  // namespace gtsa::report
