// Every other command than pretrain from outside, and pretrain's probes.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "core/base/files.h"
#include "program/labelled.h"
#include "program/small_run.h"
#include "support/temporary_folder.h"

namespace gtsa::test {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Commands : public ::testing::Test {
 protected:
  Commands() { make_photographs(photographs_, 12); }

  void train(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{"--steps", "2"};
    words.insert(words.end(), more.begin(), more.end());
    const Ended ended = run_gtsa({small_pretrain(photographs_, run_, words)});
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
  }

  static nlohmann::json json_of(const std::vector<std::string>& words) {
    const Ended ended = run_gtsa({words});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return nlohmann::json::parse(ended.out, nullptr, /*allow_exceptions=*/false);
  }

  TemporaryFolder folder_;
  const fs::path photographs_ = folder_ / "photographs";
  const fs::path run_ = folder_ / "run";
};

TEST_F(Commands, CorrespondenceProbeSaysTheSameAsTextAndAsJson) {
  train();
  const std::vector<std::string> words{"probe",  "correspondence",      "--weights", run_.string(),
                                       "--data", photographs_.string(), "--threads", "1"};
  const auto json = json_of(with(words, {"--json"}));
  EXPECT_EQ(json.at("photos"), 12);
  EXPECT_GT(json.at("patches"), 0);
  const Ended ended = run_gtsa({words});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, StartsWith((run_ / "checkpoints").string()));
  for (const char* features : {"encoder", "projector"}) {
    const double share = json.at(features).at("within_one_cell");
    EXPECT_GE(share, 0);
    EXPECT_LE(share, 1);
    EXPECT_THAT(ended.out, HasSubstr(fmt::format("\n  {:<9}  {:.4f}\n", features, share)));
  }
  EXPECT_THAT(ended.out, EndsWith(fmt::format("\n  chance     {:.4f}\n", json.at("chance").get<double>())));
}

TEST_F(Commands, CorrespondenceProbeLeavesOutAndNamesWhatCannotBeRead) {
  train();
  write_atomically(real_files(), photographs_ / "page.jpg", "<html><body>404 Not Found</body></html>");
  const std::vector<std::string> words{"probe",  "correspondence",      "--weights", (run_ / "encoder.safetensors"),
                                       "--data", photographs_.string(), "--threads", "1"};
  const auto json = json_of(with(words, {"--json"}));
  EXPECT_EQ(json.at("photos"), 12);
  ASSERT_EQ(json.at("skipped").size(), 1U);
  EXPECT_FALSE(json.contains("projector")) << "an encoder alone has none";
  const Ended ended = run_gtsa({words});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("warning: " + (photographs_ / "page.jpg").string() + ": not an image"));
  EXPECT_THAT(ended.out, Not(HasSubstr("projector")));
}

TEST_F(Commands, ProbesOfRandomWeightsDependOnTheSeedAlone) {
  const std::vector<std::string> words{"probe",
                                       "correspondence",
                                       "--random-init",
                                       "--model",
                                       "tiny",
                                       "--patch-size",
                                       "8",
                                       "--image-size",
                                       "32",
                                       "--threads",
                                       "1",
                                       "--data",
                                       photographs_,
                                       "--json",
                                       "--seed"};
  const auto one = json_of(with(words, {"1"}));
  EXPECT_EQ(json_of(with(words, {"1"})), one);
  EXPECT_NE(json_of(with(words, {"2"})), one);
}

TEST_F(Commands, SegmentationProbeSaysTheSameAsTextAndAsJson) {
  train();
  make_labelled(folder_ / "labelled", 2, /*grey=*/true);
  const std::vector<std::string> words{
      "probe", "segment", "--weights", run_.string(), "--data", (folder_ / "labelled").string(), "--threads", "1"};
  const auto json = json_of(with(words, {"--json"}));
  EXPECT_EQ(json.at("training_pictures"), 2);
  EXPECT_EQ(json.at("validation_pictures"), 2);
  const Ended ended = run_gtsa({words});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("2 training and 2 validation pictures\n"));
  EXPECT_THAT(ended.out, HasSubstr(fmt::format("\n  mIoU            {:.4f} (", json.at("miou").get<double>())));
  EXPECT_THAT(ended.out,
              HasSubstr(fmt::format("\n  pixel accuracy  {:.4f}\n", json.at("pixel_accuracy").get<double>())));
  EXPECT_THAT(ended.out, HasSubstr("\n  grass "));
  EXPECT_THAT(ended.out, HasSubstr("\n  sky "));
}

TEST_F(Commands, ProbesDuringTrainingGoToEventsFilesAndPeopleAndChangeNothing) {
  make_labelled(folder_ / "labelled", 2, /*grey=*/true);
  const fs::path straight = folder_ / "straight";
  ASSERT_EQ(run_gtsa({small_pretrain(photographs_, straight, {"--steps", "6"})}).exit_code, 0);
  const Ended ended = run_gtsa({small_pretrain(
      photographs_, run_,
      {"--steps", "6", "--probe-every", "3", "--probe-data", photographs_, "--probe-data", folder_ / "labelled"})});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  expect_same_end(run_, straight);
  std::map<std::string, int> evaluations;
  for (const auto& event : lines_of(run_ / "events.jsonl")) {
    if (event.at("event") != "evaluation") continue;
    ++evaluations[event.at("name")];
    for (const auto& [name, value] : event.at("figures").items()) {
      EXPECT_THAT(name, StartsWith("probe_"));
      EXPECT_TRUE(value.is_number()) << name;
    }
  }
  for (const char* name : {"correspondence", "segment"}) {
    EXPECT_GE(evaluations[name], 2) << name;
    EXPECT_TRUE(fs::exists(run_ / "artefacts" / fmt::format("probe_{}.json", name)));
    EXPECT_THAT(ended.err, HasSubstr(fmt::format("\n{} after step 6: probe_", name)));
  }
}

TEST_F(Commands, OneLabelledFolderServesBothProbesOfTraining) {
  make_labelled(folder_ / "labelled", 2, /*grey=*/true);
  train({"--probe-every", "2", "--probe-data", folder_ / "labelled"});
  EXPECT_TRUE(fs::exists(run_ / "artefacts" / "probe_correspondence.json"));
  EXPECT_TRUE(fs::exists(run_ / "artefacts" / "probe_segment.json"));
}

/// A run whose third step and the next two overflow: weights of 1e30.
class Replay : public Commands {
 protected:
  Replay() {
    const Ended ended = run_gtsa({small_pretrain(photographs_, run_, {"--lr", "1e30"})});
    EXPECT_EQ(ended.exit_code, 1);
    EXPECT_THAT(ended.err, HasSubstr("gtsa: 3 steps in a row were not finite, the last because "));
    EXPECT_THAT(ended.err, HasSubstr("gtsa replay " + run_.string()));
  }
};

TEST_F(Replay, GivesTheReasonAndThePhotographsOfTheNewestBadStep) {
  const auto json = json_of({"replay", run_.string(), "--json"});
  EXPECT_EQ(json.at("step"), 4);
  EXPECT_EQ(json.at("reason"), json.at("saved_reason")) << "the same step fails in the same way";
  EXPECT_TRUE(json.at("loss_crop").is_null()) << "JSON knows no NaN";
  ASSERT_EQ(json.at("files").size(), 4U);
  const Ended ended = run_gtsa({{"replay", run_.string()}});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_EQ(ended.err, "") << "the same photographs, threads and libraries";
  const std::string reason = json.at("reason");
  EXPECT_THAT(ended.out, StartsWith("step 4, skipped because " + reason + "\n"));
  EXPECT_THAT(ended.out, HasSubstr("\nagain: " + reason + "\n"));
  for (const std::string file : json.at("files")) EXPECT_THAT(ended.out, HasSubstr("\n  " + file + "\n"));
}

TEST_F(Replay, TakesTheStepThatIsAskedForAndNamesTheNewestIfThereIsNone) {
  EXPECT_EQ(json_of({"replay", run_.string(), "--step", "2", "--json"}).at("step"), 2);
  const Ended ended = run_gtsa({{"replay", run_.string(), "--step", "99"}});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_EQ(ended.err, fmt::format("gtsa: {} has no bad step 99; the newest is step-00000004\n", run_.string()));
}

TEST_F(Replay, SaysWhenThePhotographsAreOthersThanThen) {
  make_photographs(photographs_, 13);
  const Ended ended = run_gtsa({{"replay", run_.string()}});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("warning: not the same step: photographs 13 "));
}

/// Linux takes any bytes as a name, JSON and TOML do not.
TEST_F(Commands, TakeNamesThatAreNotUtf8) {
  const fs::path run = folder_ / "run \xE9", out = folder_ / "out \xE9", photo = photographs_ / "\xFF.jpg";
  fs::rename(photographs_ / "photo-000.jpg", photo);
  EXPECT_TRUE(json_of({small_pretrain(photographs_, run, {"--dry-run", "--json"})}).is_object());
  const Ended ended = run_gtsa({small_pretrain(photographs_, run, {"--lr", "1e30", "--json"})});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr("3 steps in a row were not finite"));
  EXPECT_EQ(json_of({"replay", run.string(), "--json"}).at("step"), 4);
  EXPECT_EQ(json_of(small_pretrain(photographs_, run, {"--steps", "1", "--overwrite", "--json"})).at("steps"), 1);
  EXPECT_EQ(json_of({"probe", "correspondence", "--weights", run.string(), "--data", photographs_.string(), "--json"})
                .at("photos"),
            12);
  EXPECT_TRUE(
      json_of({"visualize", "crops", "--images", photo.string(), "--out", out.string(), "--json"}).contains("page"));
}

TEST_F(Commands, RefuseAtOnceAPathThatConfigTomlCannotHold) {
  const fs::path photographs = folder_ / "photographs \xE9";
  fs::rename(photographs_, photographs);
  const Ended ended = run_gtsa({small_pretrain(photographs, run_)});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("not UTF-8, and the run's config.toml cannot hold it"));
  EXPECT_FALSE(fs::exists(run_));
}

TEST(Program, KeepsThePageOfItsOptionsTrue) {
  const Ended ended = run_gtsa({{"options"}});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out, read_text(GTSA_OPTIONS_PAGE)) << "write it anew: gtsa options > docs/options.md";
}

TEST(Program, EveryRecipeIsOfOneCommand) {
  const std::string page = run_gtsa({{"options"}}).out;
  std::istringstream last_line(page.substr(page.rfind("Recipes:") + 8));
  int recipes = 0;
  for (std::string name; last_line >> name; ++recipes) {
    name = name.substr(1, name.size() - 2);  // `name`
    int commands = 0;
    for (const std::vector<std::string>& command : {std::vector<std::string>{"pretrain", "--dry-run"},
                                                    {"finetune", "classify", "--dry-run"},
                                                    {"finetune", "segment", "--dry-run"},
                                                    {"probe", "linear"}}) {
      std::vector<std::string> words = command;
      words.insert(words.end(), {"--config", name});
      const Ended ended = run_gtsa({words});
      EXPECT_EQ(ended.exit_code, 2);
      // What is said once all keys are known and their values make sense.
      commands += ended.err.find("--data is missing") != std::string::npos ? 1 : 0;
    }
    EXPECT_EQ(commands, 1) << name;
  }
  EXPECT_GT(recipes, 10);
}

TEST(Program, WithoutACommandShowsItsHelp) {
  const Ended ended = run_gtsa({{}});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  for (const char* command : {"pretrain", "probe", "replay", "options"}) EXPECT_THAT(ended.out, HasSubstr(command));
  EXPECT_EQ(ended.out, run_gtsa({{"--help"}}).out);
}

TEST(Program, SaysWithVerboseAtLeastWhatItSaysWithout) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"replay", "nowhere"}, {"probe", "segment", "--random-init"}}) {
    const Ended plain = run_gtsa({words});
    std::vector<std::string> verbose = words;
    verbose.push_back("--verbose");
    const Ended ended = run_gtsa({verbose});
    EXPECT_NE(plain.exit_code, 0);
    EXPECT_EQ(ended.exit_code, plain.exit_code);
    EXPECT_THAT(ended.err, StartsWith(plain.err.substr(0, plain.err.size() - 1)));
  }
}

}  // namespace
}  // namespace gtsa::test
