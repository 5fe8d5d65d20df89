// finetune, eval and predict classify as their users meet them.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/files.h"
#include "learn/transfer/small_set.h"
#include "program/small_run.h"
#include "support/temporary_folder.h"

namespace gtsa::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class Classify : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = new TemporaryFolder;
    write_small_set(here() / "colours", 8);
    const Ended ended = run_gtsa({finetune("run", {}), here()});
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    said_ = ended.err;
  }
  static void TearDownTestSuite() {
    delete world_;
    world_ = nullptr;
  }

  static const fs::path& here() { return world_->path(); }

  /// Three steps of 8 an epoch, a few seconds at most.
  static std::vector<std::string> finetune(const std::string& out, const std::vector<std::string>& more) {
    return with({"finetune",     "classify",
                 "--data",       "colours",
                 "--out",        out,
                 "--batch",      "8",
                 "--epochs",     "12",
                 "--image-size", "16",
                 "--patch-size", "8",
                 "--lr",         "0.01",
                 "--threads",    "1",
                 "--workers",    "1",
                 "--eval-every", "4e",
                 "--set",        "model.embed_dim=16",
                 "--set",        "model.depth=2",
                 "--set",        "model.num_heads=2"},
                more);
  }

  static Ended gtsa(const std::vector<std::string>& words) { return run_gtsa({words, here()}); }

  static std::string refusal(const std::vector<std::string>& words, int exit_code) {
    const Ended ended = gtsa(words);
    EXPECT_EQ(ended.exit_code, exit_code) << ended.err;
    return ended.err;
  }

  static inline TemporaryFolder* world_ = nullptr;
  static inline std::string said_;
};

TEST_F(Classify, FineTuningLeavesTheLastAndTheBestClassifierAndTheirFigures) {
  EXPECT_THAT(said_, HasSubstr("24 pictures of 3 classes"));
  EXPECT_THAT(said_, HasSubstr("warning: no --weights: the classifier is trained from scratch"));
  EXPECT_THAT(said_, HasSubstr("the classifier is run/classifier_best.safetensors"));
  for (const char* file : {"classifier.safetensors", "classifier_best.safetensors", "checkpoints/best.safetensors",
                           "artefacts/accuracy.json"})
    EXPECT_TRUE(fs::exists(here() / "run" / file)) << file;
  EXPECT_EQ(lines_of(here() / "run/metrics.jsonl").size(), 36U);
  int evaluations = 0;
  for (const auto& event : lines_of(here() / "run/events.jsonl")) {
    if (event.at("event") != "evaluation") continue;
    ++evaluations;
    for (const char* figure : {"eval_top1", "eval_top5", "eval_loss"})
      EXPECT_TRUE(event.at("figures").contains(figure));
  }
  EXPECT_EQ(evaluations, 4) << "before the first step and every four epochs of twelve";
}

TEST_F(Classify, EvaluationSaysTheSameAsTextJsonCsvAndPicture) {
  const std::vector<std::string> words{"eval", "classify", "--weights", "run", "--data", "colours"};
  const Ended ended = gtsa(with(words, {"--json", "--predictions", "val.csv", "--confusion", "val.png"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const auto json = nlohmann::json::parse(ended.out);
  EXPECT_EQ(json.at("images"), 24);
  EXPECT_GT(json.at("top1"), 0.8) << "colours are easy";
  EXPECT_EQ(json.at("top5"), 1);
  EXPECT_EQ(json.at("per_class_accuracy").size(), 3U);
  const auto lines = split_lines(read_text(here() / "val.csv"));
  ASSERT_EQ(lines.size(), 25U);
  EXPECT_EQ(lines[0], "file,class,predicted,probability,right,rank");
  EXPECT_THAT(lines[1], HasSubstr("val/blue/0.png,blue,"));
  const auto right = std::count_if(lines.begin(), lines.end(), [](const auto& line) { return line.ends_with(",1"); });
  EXPECT_DOUBLE_EQ(json.at("top1"), static_cast<double>(right) / 24);
  EXPECT_GT(fs::file_size(here() / "val.png"), 100U);
  const Ended text = gtsa(words);
  EXPECT_THAT(text.out, HasSubstr("24 pictures of colours (val)"));
  EXPECT_THAT(text.out, HasSubstr(fmt::format("top-1                        {:.4f}", json.at("top1").get<double>())));
  const Ended train = gtsa(with(words, {"--split", "train", "--micro-batch", "5"}));
  EXPECT_THAT(train.out, HasSubstr("24 pictures of colours (train)"));
}

TEST_F(Classify, PredictionComesInThreeForms) {
  const std::vector<std::string> words{"predict",           "classify", "--weights", "run", "colours/val/red/1.png",
                                       "colours/val/green", "--top",    "2"};
  const auto table = split_lines(gtsa(words).out);
  ASSERT_EQ(table.size(), 9U);
  EXPECT_THAT(table[0], ::testing::StartsWith("colours/val/red/1.png   red 0."));
  const auto objects = split_lines(gtsa(with(words, {"--format", "jsonl"})).out);
  ASSERT_EQ(objects.size(), 9U);
  const auto first = nlohmann::json::parse(objects[0]);
  EXPECT_EQ(first.at("classes").size(), 2U);
  EXPECT_EQ(first.at("classes")[0].at("class"), "red");
  EXPECT_EQ(first.at("classes")[0].at("category_id"), 2);
  const auto csv = split_lines(gtsa(with(words, {"--format", "csv"})).out);
  ASSERT_EQ(csv.size(), 1U + 2 * 9);
  EXPECT_EQ(csv[0], "file,rank,class,category_id,probability");
  EXPECT_THAT(csv[1], ::testing::StartsWith("colours/val/red/1.png,1,red,2,0."));
}

TEST_F(Classify, PredictionGoesOnAfterAPictureThatCannotBeRead) {
  write_atomically(real_files(), here() / "page.jpg", "<html></html>");
  const Ended ended =
      gtsa({"predict", "classify", "--weights", "run", "page.jpg", "colours/val/red/1.png", "--format", "jsonl"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_EQ(split_lines(ended.out).size(), 1U);
  EXPECT_THAT(ended.err, HasSubstr("gtsa: 1 of 2 pictures could not be read, the first: page.jpg: not an image"));
}

TEST_F(Classify, ResumingEndsAsAStraightRun) {
  ASSERT_EQ(gtsa(with(finetune("halves", {}), {"--steps", "17"})).exit_code, 0);
  const Ended ended = gtsa({"finetune", "classify", "--out", "halves", "--resume", "--workers", "2"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  expect_same_bytes(here() / "halves/classifier.safetensors", here() / "run/classifier.safetensors");
  expect_same_bytes(here() / "halves/classifier_best.safetensors", here() / "run/classifier_best.safetensors");
}

TEST_F(Classify, StartsFromAnEncoderWithItsSizes) {
  // A run's classifier is an encoder, too.
  const Ended ended = gtsa({"finetune",  "classify", "--data", "colours",  "--out",       "second",       "--weights",
                            "run",       "--batch",  "8",      "--epochs", "1",           "--image-size", "24",
                            "--threads", "1",        "--head", "cls",      "--head-init", "tiny"});
  // The original's head keeps the final norm's tensors, so the encoder is whole.
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.err, Not(HasSubstr("from scratch")));
  EXPECT_THAT(read_text(here() / "second/config.toml"), HasSubstr("embed_dim = 16"));
  const auto first = lines_of(here() / "second/metrics.jsonl").front();
  EXPECT_NEAR(first.at("loss").get<double>(), 1.0986, 2e-3) << "a small head begins at ln 3";
}

TEST_F(Classify, ABadStepCanBeRunAgain) {
  const Ended ended = gtsa(finetune("bad", {"--lr", "1e30"}));
  EXPECT_EQ(ended.exit_code, 1) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("gtsa replay bad runs the step again"));
  const Ended again = gtsa({"replay", "bad"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("  loss class"));
  EXPECT_THAT(again.out, HasSubstr("colours/train/"));
}

TEST_F(Classify, DryRunCountsAndTouchesNothing) {
  const Ended ended = gtsa(with(finetune("never", {}), {"--dry-run", "--json"}));
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const auto json = nlohmann::json::parse(ended.out);
  EXPECT_EQ(json.at("steps"), 36);
  EXPECT_GT(json.at("parameters_trained"), 1000);
  EXPECT_FALSE(fs::exists(here() / "never"));
}

TEST_F(Classify, WrongUsageIsNamedAndChangesNothing) {
  EXPECT_THAT(refusal({"finetune"}, 2), HasSubstr("gtsa finetune wants a command: classify"));
  EXPECT_THAT(refusal({"finetune", "classify", "--out", "no"}, 2), HasSubstr("--data is missing"));
  EXPECT_THAT(refusal(with(finetune("no", {}), {"--data", "run"}), 2), HasSubstr("--data: one folder"));
  EXPECT_THAT(refusal(with(finetune("no", {}), {"--head", "mean"}), 2),
              HasSubstr("model.head = mean (--head): must be one of original, global_pool, cls"));
  EXPECT_THAT(refusal(with(finetune("no", {}), {"--mixup", "1", "--micro-batch", "1"}), 2), HasSubstr("1 is odd"));
  EXPECT_THAT(refusal(with(finetune("no", {}), {"--eval-every", "5m"}), 2), HasSubstr("epochs or steps are wanted"));
  EXPECT_THAT(refusal(with(finetune("no", {}), {"--set", "augment.crop_area=0.5"}), 2),
              HasSubstr("augment.crop_area: a least and a largest value"));
  EXPECT_THAT(refusal(with(finetune("no", {}), {"--set", "mix.cutmix_minmax=0.5"}), 2),
              HasSubstr("mix.cutmix_minmax: a least and a largest share"));
  EXPECT_THAT(refusal({"eval", "classify", "--data", "colours"}, 2), HasSubstr("--weights is missing"));
  EXPECT_THAT(refusal({"eval", "classify", "--weights", "run"}, 2), HasSubstr("--data: one folder"));
  EXPECT_THAT(refusal({"predict", "classify", "colours"}, 2), HasSubstr("--weights is missing"));
  EXPECT_FALSE(fs::exists(here() / "no"));
}

TEST_F(Classify, DataThatDoesNotFitIsNamed) {
  write_small_set(here() / "fewer", 2);
  for (const char* split : {"train", "val"}) fs::remove_all(here() / "fewer" / split / "red");
  EXPECT_THAT(refusal({"eval", "classify", "--weights", "run", "--data", "fewer"}, 1),
              HasSubstr("tells 3 classes apart, fewer has 2"));
  for (const char* split : {"train", "val"})
    fs::rename(here() / "fewer" / split / "green", here() / "fewer" / split / "x");
  for (const char* split : {"train", "val"}) fs::remove_all(here() / "fewer" / split / "x");
  EXPECT_THAT(refusal({"finetune", "classify", "--data", "fewer", "--out", "no"}, 1), HasSubstr("class"));
  EXPECT_THAT(refusal({"eval", "classify", "--weights", "colours", "--data", "colours"}, 1),
              HasSubstr("has neither classifier_best.safetensors nor classifier.safetensors"));
  EXPECT_THAT(refusal(finetune("no", {"--weights", "run", "--model", "tiny"}), 1),
              HasSubstr("is of another architecture"));
  EXPECT_FALSE(fs::exists(here() / "no"));
}

}  // namespace
}  // namespace gtsa::test
