// gtsa pretrain --method dino from outside: the baseline has all that GTSA's runs have.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "core/base/files.h"
#include "core/formats/safetensors.h"
#include "program/small_run.h"
#include "support/temporary_folder.h"

namespace gtsa::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// Of the attention in the first block of a run's encoder.
std::vector<float> weights_of(const fs::path& run) {
  const formats::SafetensorsFile file(run / "encoder.safetensors");
  const auto* tensor = file.content().find("blocks.0.attn.qkv.weight");
  EXPECT_NE(tensor, nullptr);
  if (tensor == nullptr) return {};
  std::vector<float> values(tensor->data.size() / sizeof(float));
  std::memcpy(values.data(), tensor->data.data(), tensor->data.size());
  return values;
}

class Dino : public ::testing::Test {
 protected:
  Dino() { make_photographs(photographs_, 12); }

  std::vector<std::string> pretrain(const fs::path& out, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{"pretrain", "--method",  "dino", "--data", photographs_.string(),
                                   "--out",    out.string()};
    for (const char* pair : {"model.embed_dim=16", "model.depth=2", "model.num_heads=2", "dino.out_dim=32",
                             "dino.hidden_dim=16", "dino.bottleneck_dim=8", "schedule.total_steps=24"}) {
      words.insert(words.end(), {std::string("--set"), std::string(pair)});
    }
    words.insert(words.end(), {"--patch-size", "4", "--crop-sizes", "16,8", "--num-crops", "2,2", "--batch", "4",
                               "--save-every", "3s", "--threads", "1", "--workers", "1"});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  std::string refusal(const std::vector<std::string>& more) const {
    const Ended ended = run_gtsa({pretrain(run_, more)});
    EXPECT_EQ(ended.exit_code, 2) << ended.err;
    return ended.err;
  }

  TemporaryFolder folder_;
  const fs::path photographs_ = folder_ / "photographs";
  const fs::path run_ = folder_ / "run";
};

TEST_F(Dino, GoesOnAsIfItHadNeverStopped) {
  const fs::path straight = folder_ / "straight";
  ASSERT_EQ(run_gtsa({pretrain(straight)}).exit_code, 0);
  // A photograph's twelve in batches of four: the last layer wakes up at step 3, so both stops are behind it and
  // before.
  for (const char* steps : {"2", "13"}) {
    ASSERT_EQ(run_gtsa({pretrain(run_, {"--steps", steps, "--overwrite"})}).exit_code, 0);
    const Ended ended = run_gtsa({resume(run_, {"--steps", "24"})});
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    expect_same_end(run_, straight);
  }
}

TEST_F(Dino, WritesItsLossAndTemperatureEveryStep) {
  const Ended ended = run_gtsa({pretrain(run_, {"--steps", "3"})});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("on dino_tiny_cpu;"));
  const auto metrics = lines_of(run_ / "metrics.jsonl");
  ASSERT_EQ(metrics.size(), 3U);
  for (const auto& line : metrics) {
    EXPECT_EQ(line.at("loss"), line.at("loss_dino"));
    EXPECT_EQ(line.at("teacher_temperature"), 0.04);
  }
}

TEST_F(Dino, GivesAnEncoderThatEveryCommandReadsAndRunsStartFrom) {
  ASSERT_EQ(run_gtsa({pretrain(run_, {"--steps", "2"})}).exit_code, 0);
  for (const fs::path& weights : {run_, run_ / "encoder.safetensors"}) {
    const Ended probe = run_gtsa({{"probe", "correspondence", "--weights", weights.string(), "--data",
                                   photographs_.string(), "--threads", "1", "--json"}});
    EXPECT_EQ(probe.exit_code, 0) << probe.err;
  }
  const fs::path next = folder_ / "next";
  const Ended ended = run_gtsa({pretrain(next, {"--steps", "1", "--seed", "5", "--weights", run_.string()})});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  // The first step's learning rate is 0, so the teacher is what it was up to the rounding of its average.
  const auto given = weights_of(run_), kept = weights_of(next);
  ASSERT_EQ(given.size(), kept.size());
  for (size_t i = 0; i < given.size(); ++i) ASSERT_NEAR(given[i], kept[i], 1e-6) << i;
}

TEST_F(Dino, IsProbedLikeGtsaButForTurns) {
  const Ended ended =
      run_gtsa({pretrain(run_, {"--steps", "2", "--probe-every", "2", "--probe-data", photographs_.string()})});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  std::vector<std::string> names;
  for (const auto& event : lines_of(run_ / "events.jsonl")) {
    if (event.at("event") == "evaluation" && event.at("step") == 1) names.push_back(event.at("name"));
  }
  EXPECT_THAT(names, ::testing::Contains("correspondence"));
  EXPECT_THAT(names, ::testing::Not(::testing::Contains("rotation")));
}

TEST_F(Dino, DryRunCountsItsNetworks) {
  const Ended ended = run_gtsa({pretrain(run_, {"--dry-run", "--json"})});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const auto facts = nlohmann::json::parse(ended.out);
  EXPECT_EQ(facts.at("parameters_teacher").get<int64_t>() - facts.at("parameters_trained").get<int64_t>(), 32)
      << "the prototypes' norms rest";
  EXPECT_GT(facts.at("gflop_per_image"), 0);
  EXPECT_GT(facts.at("estimated_memory_mb"), 0);
}

TEST_F(Dino, RefusesOptionsOfTheOtherMethod) {
  EXPECT_THAT(
      refusal({"--set", "loss.rotation=1"}),
      HasSubstr("loss.rotation (--set loss.rotation) is an option of --method gtsa; this run's method is dino"));
  const Ended ended = run_gtsa({small_pretrain(photographs_, run_, {"--set", "dino.teacher_temp=0.07"})});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("is an option of --method dino; this run's method is gtsa"));
}

TEST_F(Dino, ShowsItsFirstViews) {
  ASSERT_EQ(run_gtsa({pretrain(run_, {"--steps", "1"})}).exit_code, 0);
  const auto crops = nlohmann::json::parse(read_text(run_ / "artefacts" / "crops.json"));
  ASSERT_EQ(crops.at("photos").size(), 4U);
  EXPECT_EQ(crops.at("photos")[0].at("views").size(), 4U);
  EXPECT_TRUE(crops.at("photos")[0].at("overlaps").empty());
}

TEST_F(Dino, RefusesOneGlobalView) { EXPECT_THAT(refusal({"--num-crops", "1,2"}), HasSubstr("at least two global")); }

TEST_F(Dino, OnAnotherRecipeTakesItsOwnViews) {
  const Ended ended = run_gtsa({{"pretrain", "--config", "gtsa_tiny_cpu", "--method", "dino", "--data",
                                 photographs_.string(), "--dry-run", "--batch", "4"}});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("method = \"dino\""));
  EXPECT_THAT(ended.out, HasSubstr("global_area = [0.4, 1"));
  EXPECT_THAT(ended.out, HasSubstr("local_area = [0.05, 0.4]"));
}

}  // namespace
}  // namespace gtsa::test
