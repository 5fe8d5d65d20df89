// gtsa bench as a process: what it prints, not how fast this machine is.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "program/process.h"
#include "program/small_run.h"
#include "support/temporary_folder.h"

namespace gtsa::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

nlohmann::json json_of(const std::vector<std::string>& words) {
  const Ended ended = run_gtsa({words});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  return nlohmann::json::parse(ended.out, nullptr, /*allow_exceptions=*/false);
}

void expect_positive(const nlohmann::json& json, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    ASSERT_TRUE(json.contains(key)) << key;
    EXPECT_GT(json.at(key).get<double>(), 0) << key;
  }
}

const std::vector<std::string> kStep{"bench",        "step", "--model",     "tiny", "--patch-size", "8",
                                     "--crop-sizes", "16,8", "--num-crops", "2,1",  "--batch",      "2",
                                     "--steps",      "2",    "--threads",   "1"};

TEST(Bench, StepTellsRatesWorkAndItsParts) {
  auto words = kStep;
  words.emplace_back("--json");
  const auto json = json_of(words);
  expect_positive(json, {"images_per_second", "gemm_gflops", "gflop_per_image", "utilisation", "peak_rss_mb",
                         "optimiser_over_streaming"});
  EXPECT_NEAR(json.at("utilisation").get<double>(),
              json.at("gflop_per_image").get<double>() * json.at("images_per_second").get<double>() /
                  json.at("gemm_gflops").get<double>(),
              1e-9);
  expect_positive(json.at("phases"), {"teacher", "student", "losses", "backward", "optimiser"});
  double parts = 0;
  for (const auto& [name, seconds] : json.at("phases").items()) parts += seconds.get<double>();
  EXPECT_LE(parts, 1.5 * 2 / json.at("images_per_second").get<double>()) << "parts of a step, batch 2";
}

TEST(Bench, StepPrintsATable) {
  auto words = kStep;
  words.emplace_back("--checkpointing");
  const Ended ended = run_gtsa({words});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, ContainsRegex("rate +[0-9.]+ images/s"));
  EXPECT_THAT(ended.out, ContainsRegex("backward +[0-9.]+ +[0-9.]+%"));
}

TEST(Bench, FeaturesTellsRatesAndWork) {
  const auto json = json_of({"bench", "features", "--model", "tiny", "--patch-size", "8", "--image-size", "32",
                             "--batch", "2", "--steps", "3", "--threads", "1", "--json"});
  expect_positive(json, {"images_per_second", "gemm_gflops", "gflop_per_image", "utilisation", "peak_rss_mb"});
  EXPECT_FALSE(json.contains("phases"));
}

TEST(Bench, DataTellsTheRatesOfInputAndOfDecoding) {
  const TemporaryFolder folder;
  make_photographs(folder / "photographs", 8);
  const std::vector<std::string> words{"bench",     "data", "--data",    (folder / "photographs").string(),
                                       "--threads", "1",    "--seconds", "0.5"};
  auto with_json = words;
  with_json.emplace_back("--json");
  const auto json = json_of(with_json);
  expect_positive(json, {"images_per_second", "decode_images_per_second", "mean_megapixels", "images", "peak_rss_mb"});
  EXPECT_NEAR(json.at("mean_megapixels").get<double>(), 48 * 40 * 1e-6, 1e-9);
  const Ended table = run_gtsa({words});
  EXPECT_THAT(table.out, ContainsRegex("decoding alone +[0-9.]+ images/s"));
}

TEST(Bench, DataMakesAClassifiersViewsToo) {
  const TemporaryFolder folder;
  make_photographs(folder / "photographs", 8);
  for (const char* recipe : {"classify", "evaluate"}) {
    const Ended table = run_gtsa({{"bench", "data", "--data", (folder / "photographs").string(), "--threads", "1",
                                   "--seconds", "0.2", "--recipe", recipe}});
    EXPECT_THAT(table.out, ContainsRegex("input, " + std::string(recipe) + " +[0-9.]+ images/s"));
  }
}

TEST(Bench, NeighboursTellRatesAndWork) {
  const std::vector<std::string> words{"bench", "knn", "--train", "300", "--test",    "40",
                                       "--dim", "16",  "--k",     "5",   "--threads", "1"};
  auto with_json = words;
  with_json.emplace_back("--json");
  expect_positive(json_of(with_json), {"images_per_second", "seconds", "gemm_gflops", "utilisation", "peak_rss_mb"});
  EXPECT_THAT(run_gtsa({words}).out, ContainsRegex("utilisation +[0-9.]+"));
}

TEST(Bench, MoreNeighboursThanTheBankHasAreRefused) {
  const Ended ended = run_gtsa({{"bench", "knn", "--train", "3", "--k", "5"}});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("--k 5: the bank has 3"));
}

TEST(Bench, DataWithoutPhotographsSaysWhatToName) {
  const Ended ended = run_gtsa({{"bench", "data"}});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("--data is missing"));
}

TEST(Bench, DataStopsAtAFileThatCannotBeDecoded) {
  const TemporaryFolder folder;
  make_photographs(folder / "photographs", 8);
  std::filesystem::resize_file(folder / "photographs" / "photo-003.jpg", 300);
  const Ended ended =
      run_gtsa({{"bench", "data", "--data", (folder / "photographs").string(), "--threads", "2", "--seconds", "0.2"}});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr("photo-003.jpg"));
}

}  // namespace
}  // namespace gtsa::test
