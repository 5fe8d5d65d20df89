// gtsa pretrain from outside: what its flags, files and answers promise.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/base/files.h"
#include "program/small_run.h"
#include "support/tar_archive.h"
#include "support/temporary_folder.h"

namespace gtsa::test {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class Pretrain : public ::testing::Test {
 protected:
  Pretrain() { make_photographs(photographs_, 22); }

  nlohmann::json dry_run(std::vector<std::string> flags) const {
    std::vector<std::string> words{"pretrain", "--dry-run", "--json", "--data", photographs_.string()};
    words.insert(words.end(), flags.begin(), flags.end());
    const Ended ended = run_gtsa({words});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_EQ(std::count(ended.out.begin(), ended.out.end(), '\n'), 1) << "one object on one line";
    return nlohmann::json::parse(ended.out, nullptr, /*allow_exceptions=*/false);
  }

  TemporaryFolder folder_;
  const fs::path photographs_ = folder_ / "photographs";
  const fs::path run_ = folder_ / "run";
};

TEST_F(Pretrain, LearnsTheSameWithAnyNumberOfWorkers) {
  const fs::path other = folder_ / "other";
  ASSERT_EQ(run_gtsa({small_pretrain(photographs_, run_, {"--steps", "12"})}).exit_code, 0);
  for (const char* workers : {"2", "7"}) {
    const Ended ended =
        run_gtsa({small_pretrain(photographs_, other, {"--steps", "12", "--workers", workers, "--overwrite"})});
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    expect_same_end(other, run_);
  }
}

TEST_F(Pretrain, OnOtherSeedsLearnsSomethingElse) {
  const fs::path other = folder_ / "other";
  ASSERT_EQ(run_gtsa({small_pretrain(photographs_, run_, {"--steps", "2"})}).exit_code, 0);
  ASSERT_EQ(run_gtsa({small_pretrain(photographs_, other, {"--steps", "2", "--seed", "1"})}).exit_code, 0);
  EXPECT_NE(read_bytes(run_ / "encoder.safetensors"), read_bytes(other / "encoder.safetensors"));
}

TEST_F(Pretrain, WithStepsStopsThereAndGoesOnWhenMoreAreAskedFor) {
  ASSERT_EQ(run_gtsa({small_pretrain(photographs_, run_, {"--steps", "4"})}).exit_code, 0);
  EXPECT_EQ(count_lines(run_ / "metrics.jsonl"), 4);
  ASSERT_EQ(run_gtsa({resume(run_, {"--steps", "7"})}).exit_code, 0);
  EXPECT_EQ(count_lines(run_ / "metrics.jsonl"), 7);
  for (const char* steps : {"7", "5"}) {
    const Ended again = run_gtsa({resume(run_, {"--steps", steps})});
    EXPECT_EQ(again.exit_code, 0);
    EXPECT_THAT(again.err, HasSubstr(fmt::format("has 7 steps done, {} were asked for: nothing to do", steps)));
    EXPECT_EQ(count_lines(run_ / "metrics.jsonl"), 7);
  }
  const Ended beyond = run_gtsa({resume(run_, {"--steps", "1000"})});
  EXPECT_EQ(beyond.exit_code, 0) << beyond.err;
  EXPECT_EQ(count_lines(run_ / "metrics.jsonl"), kSmallSteps) << "the schedules end there";
}

TEST_F(Pretrain, WritesTheMetricsThatToolsReadOn) {
  ASSERT_EQ(run_gtsa({small_pretrain(photographs_, run_, {"--steps", "6"})}).exit_code, 0);
  const auto lines = lines_of(run_ / "metrics.jsonl");
  ASSERT_EQ(lines.size(), 6U);
  for (const auto& line : lines) {
    for (const char* key : {"step", "epoch", "loss", "loss_crop", "loss_correspondence", "loss_rotation", "lr",
                            "weight_decay", "momentum", "images_per_second", "data_wait", "grad_norm"}) {
      ASSERT_TRUE(line.contains(key)) << key;
      EXPECT_TRUE(line.at(key).is_number()) << key;
    }
    EXPECT_FALSE(line.contains("skipped"));
    EXPECT_GE(line.at("data_wait"), 0);
    EXPECT_LE(line.at("data_wait"), 1);
  }
  EXPECT_EQ(lines[4].at("epoch"), 0) << "22 photographs are 5 batches of 4";
  EXPECT_EQ(lines[5].at("epoch"), 1);
  for (const char* file :
       {"config.toml", "log.txt", "events.jsonl", "encoder.safetensors", "events.out.tfevents.0000000000.gtsa"}) {
    EXPECT_TRUE(fs::is_regular_file(run_ / file)) << file;
  }
}

TEST_F(Pretrain, ProbesBeforeTheFirstStepThenEveryFewAndAfterTheLast) {
  ASSERT_EQ(run_gtsa({small_pretrain(photographs_, run_,
                                     {"--steps", "5", "--probe-every", "2", "--probe-data", photographs_.string()})})
                .exit_code,
            0);
  std::map<std::string, std::vector<int64_t>> steps;
  for (const auto& event : lines_of(run_ / "events.jsonl")) {
    if (event.at("event") == "evaluation") steps[event.at("name")].push_back(event.at("step"));
  }
  EXPECT_THAT(steps["correspondence"], ElementsAre(-1, 1, 3, 4));
  EXPECT_THAT(steps["rotation"], ElementsAre(-1, 1, 3, 4));
  EXPECT_TRUE(fs::exists(run_ / "artefacts" / "probe_rotation.json"));
}

TEST_F(Pretrain, CountsBadFilesOverItsWholeLife) {
  for (int i = 0; i < 22; i += 7) fs::resize_file(photographs_ / fmt::format("photo-{:03}.jpg", i), 100);
  // 4 of 22 are bad: all are met in the first epoch of 5 steps, and one more is met by none that goes on from there.
  const std::vector<std::string> lenient{"--steps", "6", "--max-bad-share", "0.2", "--save-every", "1s"};
  ASSERT_EQ(run_gtsa({small_pretrain(photographs_, run_, lenient)}).exit_code, 0);
  fs::resize_file(photographs_ / "photo-001.jpg", 100);
  const Ended ended = run_gtsa({resume(run_, {"--steps", "24"})});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr("5 of 22 files cannot be used"));
}

TEST_F(Pretrain, EndsWithOneObjectOnStandardOutput) {
  const Ended ended = run_gtsa({small_pretrain(photographs_, run_, {"--steps", "2", "--json"})});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const auto object = nlohmann::json::parse(ended.out);
  EXPECT_EQ(object.at("steps"), 2);
  EXPECT_TRUE(fs::exists(object.at("encoder").get<std::string>()));
}

TEST_F(Pretrain, DryRunTellsTheSizeOfTheOriginalNetwork) {
  const auto facts = dry_run({"--config", "gtsa_coco_small", "--batch", "4"});
  EXPECT_EQ(facts.at("parameters_trained"), 31'504'644);
  EXPECT_NEAR(facts.at("gflop_per_image").get<double>(), 151.6, 0.005 * 151.6);
  EXPECT_EQ(facts.at("photographs"), 22);
  EXPECT_EQ(facts.at("steps_per_epoch"), 5);
  EXPECT_GT(facts.at("estimated_seconds"), 0);
  EXPECT_GT(facts.at("estimated_memory_mb"), 0);
}

TEST_F(Pretrain, DryRunTouchesNothing) {
  const Ended ended = run_gtsa({small_pretrain(photographs_, run_, {"--dry-run"})});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("embed_dim = 16  # --set model.embed_dim\n"));
  EXPECT_FALSE(fs::exists(run_));
}

TEST_F(Pretrain, TakesEachValueFromTheLastLayerThatGivesIt) {
  write_atomically(real_files(), folder_ / "mine.toml",
                   "batch = 5\nepochs = 3\n[model]\nname = \"tiny\"\ndepth = 5\npatch_size = 16\n[optim]\nlr = "
                   "0.25\n[run]\nseed = 7\n");
  const Ended ended = run_gtsa({{"pretrain", "--config",          "mine.toml", "--data",     "photographs", "--out",
                                 "run",      "--crop-sizes",      "32,16",     "--dry-run",  "--set",       "batch=6",
                                 "--set",    "optim.lr=0.5",      "--set",     "run.seed=8", "--seed",      "9",
                                 "--set",    "model.embed_dim=48"},
                                folder_.path()});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  for (const char* line : {"\nseed = 9  # --seed\n", "\nlr = 0.5  # --set optim.lr\n", "\nbatch = 6  # --set batch\n",
                           "\nepochs = 3  # mine.toml:2\n", "\ntotal_steps = 0  # ", "\ndepth = 5  # mine.toml:5\n",
                           "\nembed_dim = 48  # --set model.embed_dim\n", "\nnum_heads = 3  # mine.toml:4\n",
                           "\nmin_lr = 1e-06  # default\n", "\ncrop_sizes = [32, 16]  # --crop-sizes\n"}) {
    EXPECT_THAT("\n" + ended.out, HasSubstr(line));
  }
}

TEST_F(Pretrain, TakesTheLengthOfTheLaterLayer) {
  const auto in_epochs = dry_run({"--config", "gtsa_tiny_cpu", "--batch", "4", "--epochs", "3"});
  EXPECT_EQ(in_epochs.at("steps"), 15) << "a flag replaces the recipe's total_steps";
  const auto in_steps = dry_run({"--config", "gtsa_coco_small", "--batch", "4", "--set", "schedule.total_steps=9"});
  EXPECT_EQ(in_steps.at("steps"), 9) << "and the other way round";
}

TEST_F(Pretrain, ConfigurationOfARunMakesTheSameRunAgain) {
  const fs::path other = folder_ / "other";
  ASSERT_EQ(run_gtsa({small_pretrain(photographs_, run_, {"--steps", "4"})}).exit_code, 0);
  const Ended ended =
      run_gtsa({{"pretrain", "--config", (run_ / "config.toml").string(), "--out", other.string(), "--steps", "4"}});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  expect_same_end(other, run_);
}

TEST_F(Pretrain, FromWeightsIsResumedFromThemWhenItWasKilledBeforeItsFirstCheckpoint) {
  const fs::path begun = folder_ / "begun", straight = folder_ / "straight";
  ASSERT_EQ(run_gtsa({small_pretrain(photographs_, begun, {"--steps", "2"})}).exit_code, 0);
  const std::vector<std::string> more{"--weights", begun.string(), "--steps", "3", "--seed", "5"};
  ASSERT_EQ(run_gtsa({small_pretrain(photographs_, straight, more)}).exit_code, 0);
  // What a kill before the first save leaves.
  fs::create_directories(run_);
  fs::copy_file(straight / "config.toml", run_ / "config.toml");
  const Ended ended = run_gtsa({resume(run_, {"--steps", "3"})});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  expect_same_end(run_, straight);
}

TEST_F(Pretrain, ReadsFoldersListsAndSeveralOfThem) {
  make_photographs(folder_ / "more", 3, 1);
  write_atomically(real_files(), folder_ / "list.txt", "photographs/photo-000.jpg\nphotographs/photo-001.jpg\n");
  const Ended ended = run_gtsa(
      {{"pretrain", "--dry-run", "--json", "--batch", "4", "--data", "more", "--data", "list.txt"}, folder_.path()});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(nlohmann::json::parse(ended.out).at("photographs"), 5);
  EXPECT_THAT(ended.err, HasSubstr("list.txt: 2 photographs\n"));
}

class PretrainOnShards : public Pretrain {
 protected:
  PretrainOnShards() {
    make_photographs(folder_ / "more", 15, 1);
    fs::create_directories(shards_);
    write_atomically(real_files(), shards_ / "a.tar", tar_of_folder(photographs_));
    write_atomically(real_files(), shards_ / "b.tar", tar_of_folder(folder_ / "more"));
  }

  const fs::path shards_ = folder_ / "shards";
};

TEST_F(PretrainOnShards, LearnsTheSameWithAnyNumberOfWorkersAndAfterAResume) {
  const fs::path other = folder_ / "other";
  const std::vector<std::string> buffered{"--steps", "20", "--set", "data.shuffle_buffer=6"};
  const Ended ended = run_gtsa({small_pretrain(shards_, run_, buffered)});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("shards: 37 photographs in 2 shards\n"));
  ASSERT_EQ(
      run_gtsa({small_pretrain(shards_, other, {"--steps", "13", "--workers", "5", "--set", "data.shuffle_buffer=6"})})
          .exit_code,
      0);
  const Ended resumed = run_gtsa({resume(other, {"--steps", "20", "--workers", "2"})});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  expect_same_end(other, run_);
  const Ended mixed = run_gtsa({resume(other, {"--set", "data.shuffle_buffer=7"})});
  EXPECT_EQ(mixed.exit_code, 2) << "another buffer is another order";
}

TEST_F(PretrainOnShards, NamesBadMembersAndCountsThemOverItsWholeLife) {
  std::string shard = read_text(shards_ / "a.tar");
  const auto spoil = [&](const std::string& name) { shard.replace(shard.find(name) + 512, 100, 100, 'x'); };
  spoil("photo-003.jpg");
  write_atomically(real_files(), shards_ / "a.tar", shard);
  // One of 37 is bad; ten steps meet all of them.
  ASSERT_EQ(run_gtsa({small_pretrain(shards_, run_, {"--steps", "10", "--max-bad-share", "0.03"})}).exit_code, 0);
  std::vector<std::string> bad;
  for (const auto& event : lines_of(run_ / "events.jsonl")) {
    if (event.at("event") == "bad_file") bad.push_back(event.at("file"));
  }
  EXPECT_THAT(bad, ElementsAre((fs::absolute(shards_) / "a.tar:photo-003.jpg").string()));
  spoil("photo-020.jpg");
  write_atomically(real_files(), shards_ / "a.tar", shard);
  const Ended ended = run_gtsa({resume(run_, {"--steps", "24"})});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr("2 of 37 files cannot be used"));
  EXPECT_THAT(ended.err, HasSubstr("a.tar:photo-020.jpg: not an image"));
}

TEST_F(PretrainOnShards, RefusesAShardThatIsCut) {
  const std::string shard = read_text(shards_ / "b.tar");
  // In the header of the second photograph, which follows the first one's blocks.
  const size_t second = shard.find("photo-001.jpg");
  write_atomically(real_files(), shards_ / "b.tar", shard.substr(0, second + 100));
  const Ended ended = run_gtsa({small_pretrain(shards_, run_)});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr(fmt::format("{}: the archive ends inside a header, {} bytes long (byte {})",
                                               (fs::absolute(shards_) / "b.tar").string(), second + 100, second)));
  EXPECT_FALSE(fs::exists(run_));
}

TEST_F(Pretrain, WithoutARecipeSaysWhichOneItTook) {
  const Ended ended = run_gtsa({{"pretrain", "--dry-run", "--batch", "4", "--data", photographs_.string()}});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.out, HasSubstr("# gtsa_tiny_cpu"));
}

TEST(Program, ShowsExamplesWithHelp) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"pretrain"}, {"probe", "correspondence"}, {"probe", "segment"}, {"replay"}}) {
    std::vector<std::string> asked = words;
    asked.push_back("--help");
    const Ended ended = run_gtsa({asked});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("Examples:\n  gtsa " + words.front()));
    EXPECT_EQ(ended.err, "");
  }
}

TEST(Program, NamesWhatItRunsOn) {
  const Ended ended = run_gtsa({{"--version"}});
  EXPECT_EQ(ended.exit_code, 0);
  for (const char* part : {"gtsa ", "\nLibTorch ", "\nBLAS ", "\nSIMD ", "\ndevices cpu"})
    EXPECT_THAT(ended.out, HasSubstr(part));
}

}  // namespace
}  // namespace gtsa::test
