// gtsa data synth and gtsa data check as processes: a synthetic set is fit for every task, and faults are told.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/files.h"
#include "program/small_run.h"
#include "support/temporary_folder.h"

namespace gtsa::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Data : public ::testing::Test {
 protected:
  Ended run(std::vector<std::string> words) const {
    words.insert(words.begin(), "data");
    return run_gtsa({words, folder_.path()});
  }
  nlohmann::json json_of(std::vector<std::string> words, int exit_code) const {
    words.push_back("--json");
    const Ended ended = run(words);
    EXPECT_EQ(ended.exit_code, exit_code) << ended.err;
    return nlohmann::json::parse(ended.out, nullptr, /*allow_exceptions=*/false);
  }
  void render(int images) const {
    const Ended ended = run({"synth", "--out", "set", "--images", std::to_string(images), "--size", "96x64"});
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
  }

  TemporaryFolder folder_;
};

TEST_F(Data, SynthTellsWhatItWrote) {
  const auto json = json_of({"synth", "--out", "set", "--images", "20", "--size", "96x64"}, 0);
  EXPECT_EQ(json.at("training"), 16);
  EXPECT_EQ(json.at("validation"), 4);
  int64_t scenes = 0;
  for (const auto& [type, count] : json.at("scene_types").items()) scenes += count.get<int64_t>();
  EXPECT_EQ(scenes, 20);
  const Ended again = run({"synth", "--out", "set", "--images", "10", "--size", "96x64", "--overwrite"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("10 scenes of 96x64 pixels in set"));
  EXPECT_THAT(again.out, HasSubstr("8 for training, 2 for validation"));
}

TEST_F(Data, SynthDrawsAContactSheet) {
  const auto json = json_of({"synth", "--contact-sheet", "sheet.jpg", "--size", "64x48"}, 0);
  EXPECT_EQ(json.at("scenes"), 24);
  EXPECT_GT(fs::file_size(folder_ / "sheet.jpg"), 1000U);
}

TEST_F(Data, CheckFindsASyntheticSetFitForEveryTask) {
  render(40);
  for (const char* task : {"pretrain", "classify", "segment", "detect"}) {
    const auto json = json_of({"check", "set", "--task", task}, 0);
    EXPECT_EQ(json.at("task"), task);
    EXPECT_TRUE(json.at("errors").empty()) << json.at("errors");
    const Ended ended = run({"check", "set", "--task", task});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr(std::string("fit for ") + task));
    EXPECT_THAT(ended.out, HasSubstr("width, min / median / max"));
  }
}

TEST_F(Data, CheckNamesWhatIsWrong) {
  render(20);
  fs::path first;
  for (const auto& entry : fs::directory_iterator(folder_ / "set" / "images" / "training")) first = entry.path();
  fs::resize_file(first, 100);
  const Ended ended = run({"check", "set", "--task", "segment"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.out, HasSubstr("error: "));
  EXPECT_THAT(ended.out, HasSubstr(first.filename().string()));
  EXPECT_THAT(ended.out, HasSubstr("not fit for segment: "));
  const auto json = json_of({"check", "set", "--task", "segment"}, 1);
  ASSERT_FALSE(json.at("errors").empty());
  EXPECT_THAT(json.at("errors").dump(), HasSubstr(first.filename().string()));
}

}  // namespace
}  // namespace gtsa::test
