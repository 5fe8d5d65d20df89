// finetune segment as its users meet it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/files.h"
#include "program/labelled.h"
#include "program/small_run.h"
#include "support/temporary_folder.h"

namespace gtsa::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

class Segment : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = new TemporaryFolder;
    make_half_and_half(here() / "halves", 8);
    const Ended ended = run_gtsa({finetune("run", {}), here()});
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    said_ = ended.err;
  }
  static void TearDownTestSuite() {
    delete world_;
    world_ = nullptr;
  }

  static const fs::path& here() { return world_->path(); }

  /// Two steps of 4 an epoch, a few seconds at most.
  static Words finetune(const std::string& out, const Words& more) {
    return with({"finetune",     "segment",
                 "--data",       "halves",
                 "--out",        out,
                 "--batch",      "4",
                 "--set",        "schedule.total_steps=40",
                 "--set",        "schedule.warmup_steps=4",
                 "--crop",       "32",
                 "--set",        "data.scale=128,32",
                 "--patch-size", "8",
                 "--lr",         "0.003",
                 "--threads",    "1",
                 "--workers",    "1",
                 "--eval-every", "20s",
                 "--set",        "model.embed_dim=16",
                 "--set",        "model.depth=4",
                 "--set",        "model.num_heads=2",
                 "--set",        "model.neck_width=8",
                 "--set",        "model.head_width=8"},
                more);
  }

  static Ended gtsa(const Words& words) { return run_gtsa({words, here()}); }

  static std::string refusal(const Words& words, int exit_code) {
    const Ended ended = gtsa(words);
    EXPECT_EQ(ended.exit_code, exit_code) << ended.err;
    return ended.err;
  }

  static inline TemporaryFolder* world_ = nullptr;
  static inline std::string said_;
};

TEST_F(Segment, FineTuningLeavesTheLastAndTheBestSegmenterAndTheirFigures) {
  EXPECT_THAT(said_, HasSubstr("halves: 8 pictures with labels of 2 classes"));
  EXPECT_THAT(said_, HasSubstr("warning: no --weights: the segmenter is trained from scratch"));
  EXPECT_THAT(said_, HasSubstr("the segmenter is run/segmenter_best.safetensors"));
  for (const char* file : {"segmenter.safetensors", "segmenter_best.safetensors", "checkpoints/best.safetensors",
                           "artefacts/segmentation.json"})
    EXPECT_TRUE(fs::exists(here() / "run" / file)) << file;
  EXPECT_EQ(lines_of(here() / "run/metrics.jsonl").size(), 40U);
  std::vector<double> miou;
  for (const auto& event : lines_of(here() / "run/events.jsonl")) {
    if (event.at("event") != "evaluation") continue;
    for (const char* figure : {"eval_miou", "eval_mean_accuracy", "eval_pixel_accuracy"})
      EXPECT_TRUE(event.at("figures").contains(figure));
    miou.push_back(event.at("figures").at("eval_miou"));
  }
  ASSERT_EQ(miou.size(), 3U) << "before the first step and every 20 steps";
  EXPECT_GT(miou.back(), 0.8) << "colours are easy";
}

TEST_F(Segment, BatchStatisticsAreOverTheBatchUnlessSaidOtherwise) {
  EXPECT_THAT(read_text(here() / "run/config.toml"), HasSubstr("micro_batch = \"4\""));
  const Words dry = finetune("never", {"--dry-run", "--json"});
  EXPECT_EQ(nlohmann::json::parse(gtsa(with(dry, {"--micro-batch", "auto"})).out).at("micro_batch"), 4);
  EXPECT_EQ(nlohmann::json::parse(gtsa(with(dry, {"--micro-batch", "2"})).out).at("micro_batch"), 2);
  const Ended smaller = gtsa(finetune("parts", {"--micro-batch", "2", "--steps", "1", "--eval-every", "0"}));
  EXPECT_EQ(smaller.exit_code, 0);
  EXPECT_THAT(smaller.err,
              HasSubstr("batch norm takes its statistics over micro-batches of 2, not over the batch of 4"));
  EXPECT_FALSE(fs::exists(here() / "never"));
}

TEST_F(Segment, PicturesAreScaledForTheCrop) {
  const Words words{"finetune", "segment", "--data", "halves", "--out", "never", "--batch", "4", "--dry-run", "--crop"};
  EXPECT_THAT(gtsa(with(words, {"64"})).out, HasSubstr("scale = [256, 64]"));
  EXPECT_THAT(gtsa(with(words, {"64", "--set", "data.scale=100,80"})).out, HasSubstr("scale = [100, 80]"));
  const std::string out = gtsa(with(words, {"64", "--config", "ade20k_semfpn_small"})).out;
  EXPECT_THAT(out, HasSubstr("scale = [256, 64]"));
  EXPECT_THAT(out, HasSubstr("micro_batch = \"4\""));
}

TEST_F(Segment, ResumingEndsAsAStraightRun) {
  ASSERT_EQ(gtsa(with(finetune("two", {}), {"--steps", "23"})).exit_code, 0);
  const Ended ended = gtsa({"finetune", "segment", "--out", "two", "--resume", "--workers", "2"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  expect_same_bytes(here() / "two/segmenter.safetensors", here() / "run/segmenter.safetensors");
  expect_same_bytes(here() / "two/segmenter_best.safetensors", here() / "run/segmenter_best.safetensors");
}

TEST_F(Segment, ABadStepCanBeRunAgain) {
  const Ended ended = gtsa(finetune("bad", {"--lr", "1e30"}));
  EXPECT_EQ(ended.exit_code, 1) << ended.err;
  const Ended again = gtsa({"replay", "bad"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("  loss segment"));
  EXPECT_THAT(again.out, HasSubstr("halves/images/training/"));
}

TEST_F(Segment, StartsFromAnEncoderWithItsSizes) {
  make_photographs(here() / "photographs", 8);
  ASSERT_EQ(gtsa(small_pretrain("photographs", "encoder", {"--steps", "2"})).exit_code, 0);
  const Ended ended =
      gtsa({"finetune",  "segment", "--data",       "halves", "--out",  "second", "--weights", "encoder",
            "--batch",   "4",       "--steps",      "1",      "--crop", "32",     "--set",     "data.scale=128,32",
            "--threads", "1",       "--eval-every", "0"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.err, ::testing::Not(HasSubstr("from scratch")));
  EXPECT_THAT(read_text(here() / "second/config.toml"), HasSubstr("embed_dim = 16"));
}

TEST_F(Segment, WrongUsageAndDataAreNamedAndChangeNothing) {
  EXPECT_THAT(refusal({"finetune", "segment", "--out", "no"}, 2), HasSubstr("--data is missing"));
  EXPECT_THAT(refusal(finetune("no", {"--data", "run"}), 2), HasSubstr("--data: one folder"));
  EXPECT_THAT(refusal(finetune("no", {"--set", "data.scale=128"}), 2), HasSubstr("data.scale: a width and a height"));
  EXPECT_THAT(refusal(finetune("no", {"--set", "augment.scale_ratio=1"}), 2),
              HasSubstr("augment.scale_ratio: a least"));
  EXPECT_THAT(refusal(finetune("no", {"--set", "schedule.warmup_steps=41"}), 2), HasSubstr("goes beyond the run's 40"));
  EXPECT_THAT(refusal(finetune("no", {"--set", "data.exif=true"}), 2), HasSubstr("as they are stored"));
  EXPECT_THAT(refusal(finetune("no", {"--crop", "8", "--batch", "1"}), 2), HasSubstr("batch norm needs two patches"));
  fs::create_directories(here() / "empty");
  EXPECT_THAT(refusal({"finetune", "segment", "--data", "empty", "--out", "no"}, 1), HasSubstr("empty"));
  make_half_and_half(here() / "lacking", 4);
  fs::remove(here() / "lacking/annotations/training/2.png");
  EXPECT_THAT(refusal({"finetune", "segment", "--data", "lacking", "--out", "no", "--batch", "4"}, 1),
              HasSubstr("lacking/annotations/training/2.png"));
  EXPECT_FALSE(fs::exists(here() / "no"));
}

TEST_F(Segment, TheDataSetsColoursGoWithTheSegmenter) {
  make_half_and_half(here() / "coloured", 4);
  write_atomically(real_files(), here() / "coloured/classes.txt", "dark\t#102030\nbright\t#ffee00\n");
  Words words = finetune("painted", {"--steps", "1"});
  std::replace(words.begin(), words.end(), std::string("halves"), std::string("coloured"));
  const Ended ended = gtsa(words);
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const auto json = nlohmann::json::parse(read_text(here() / "painted/artefacts/segmentation.json"));
  EXPECT_EQ(json.at("palette"), nlohmann::json::parse("[[16, 32, 48], [255, 238, 0]]"));
  EXPECT_THAT(read_text(here() / "painted/segmenter.safetensors"), HasSubstr("[[16,32,48],[255,238,0]]"));
}

TEST_F(Segment, LabelsThatDoNotFitAreNamed) {
  make_labelled(here() / "beyond", 7, true);
  EXPECT_THAT(refusal({"finetune", "segment", "--data", "beyond", "--out", "out", "--batch", "2", "--threads", "1"}, 1),
              HasSubstr("label 7"));
}

}  // namespace
}  // namespace gtsa::test
