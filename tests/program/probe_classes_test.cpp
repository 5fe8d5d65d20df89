// gtsa features, probe knn and probe linear as processes.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/files.h"
#include "core/formats/npy.h"
#include "core/formats/safetensors.h"
#include "program/process.h"
#include "program/small_run.h"
#include "support/temporary_folder.h"

namespace gtsa::test {
namespace {

namespace fs = std::filesystem;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Words = std::vector<std::string>;

class ProbeClasses : public ::testing::Test {
 protected:
  ProbeClasses() {
    uint64_t seed = 0;
    for (const char* split : {"train", "val"}) {
      for (const char* name : {"cat", "dog"}) make_photographs(data_ / split / name, 4, ++seed);
    }
  }

  /// A command on the pictures with a tiny random network.
  Words words(const Words& command, const Words& more = {}) const {
    Words all = command;
    for (const std::string& word : Words{"--random-init", "--model", "tiny", "--patch-size", "8", "--image-size", "16",
                                         "--threads", "1", "--cache", cache_, "--data", data_}) {
      all.push_back(word);
    }
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  static Ended run(const Words& words) {
    Ended ended = run_gtsa({words});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return ended;
  }
  static nlohmann::json json_of(const Ended& ended) {
    return nlohmann::json::parse(ended.out, nullptr, /*allow_exceptions=*/false);
  }
  static void expect_refused(const Words& words, int exit_code, const std::string& message) {
    const Ended ended = run_gtsa({words});
    EXPECT_EQ(ended.exit_code, exit_code);
    EXPECT_THAT(ended.err, HasSubstr("gtsa: " + message));
  }

  TemporaryFolder folder_;
  const fs::path data_ = folder_ / "data";
  const fs::path cache_ = folder_ / "cache";
};

TEST_F(ProbeClasses, NeighboursSayTheSameAsTextAndAsJson) {
  const Ended first = run(words({"probe", "knn"}, {"--k", "1,3,10", "--json"}));
  const auto json = json_of(first);
  EXPECT_THAT(first.err, HasSubstr("warning: k = 10: the bank has 8 pictures, all of them vote"));
  EXPECT_EQ(json.at("training_pictures"), 8);
  EXPECT_EQ(json.at("classes"), 2);
  const Ended text = run(words({"probe", "knn"}, {"--k", "1,3,10"}));
  EXPECT_THAT(text.err, HasSubstr("features of 8 pictures were made before: " + cache_.string()));
  EXPECT_THAT(text.out, StartsWith("random weights, seed 0\n"));
  for (const char* k : {"1", "3", "10"}) {
    EXPECT_THAT(text.out,
                HasSubstr(fmt::format("{:>8} {:8.4f} {:8.4f}\n", k, json.at("knn").at(k).at("top1").get<double>(),
                                      json.at("knn").at(k).at("top5").get<double>())));
  }
}

TEST_F(ProbeClasses, ALinearLayerTrainsIsToldAndSaved) {
  const Words command = words({"probe", "linear"}, {"--epochs", "9", "--batch", "4", "--augment", "2"});
  Words with_json = command;
  for (const std::string& word : {std::string("--json"), std::string("--out"), (folder_ / "head.safetensors").string()})
    with_json.push_back(word);
  const Ended first = run(with_json);
  const auto json = json_of(first);
  EXPECT_EQ(json.at("epochs").size(), 9U);
  EXPECT_THAT(first.err, HasSubstr("epoch   9  loss "));
  const formats::SafetensorsFile head(folder_ / "head.safetensors");
  EXPECT_EQ(head.content().find("head.1.weight")->shape, (std::vector<int64_t>{2, 192}));
  EXPECT_NE(head.content().find("head.0.running_mean"), nullptr);
  EXPECT_EQ(head.content().metadata.at("classes"), R"(["cat","dog"])");
  const Ended text = run(command);
  EXPECT_THAT(text.out,
              HasSubstr(fmt::format("{:>8} {:8} {:8.4f}", "last", 9, json.at("last").at("top1").get<double>())));
}

TEST_F(ProbeClasses, ALinearLayerTakesARecipeOrAFileAndFlagsOverIt) {
  const auto by_recipe =
      json_of(run(words({"probe", "linear"}, {"--config", "linprobe_tiny_cpu", "--epochs", "3", "--json"})));
  EXPECT_EQ(by_recipe.at("epochs").size(), 3U);
  EXPECT_DOUBLE_EQ(by_recipe.at("epochs").at(0).at("lr").get<double>(), 3.0 * 8 / 256)
      << "3 for 256 pictures, and there are 8";
  const fs::path file = folder_ / "mine.toml";
  write_atomically(real_files(), file, "epochs = 4\naugment = \"none\"\n");
  EXPECT_EQ(json_of(run(words({"probe", "linear"}, {"--config", file, "--json"}))).at("epochs").size(), 4U);
  write_atomically(real_files(), file, "epoch = 4\n");
  expect_refused(words({"probe", "linear"}, {"--config", file}), 2,
                 "unknown key epoch (" + file.string() + ":1); did you mean epochs?");
  expect_refused(words({"probe", "linear"}, {"--config", "inat19_small"}), 2,
                 "--config inat19_small: that recipe is for another command; this one has no augment.erasing "
                 "(inat19_small.toml:");
  expect_refused(words({"probe", "linear"}, {"--config", "linprob"}), 2, "--config linprob: no such file or recipe");
}

TEST_F(ProbeClasses, DinosProtocolHasItsOwnLayerAndLengths) {
  const Ended ended = run(words({"probe", "linear"}, {"--protocol", "dino", "--augment", "none", "--json", "--out",
                                                      (folder_ / "head.safetensors").string()}));
  EXPECT_EQ(json_of(ended).at("epochs").size(), 100U);
  EXPECT_THAT(ended.err, HasSubstr("DINO's protocol takes --pool last4"));
  const formats::SafetensorsFile head(folder_ / "head.safetensors");
  EXPECT_NE(head.content().find("linear.bias"), nullptr);
}

TEST_F(ProbeClasses, FeaturesAreWrittenWithLabelsAndNames) {
  const fs::path out = folder_ / "features.safetensors";
  write_atomically(real_files(), data_ / "train" / "cat" / "torn.jpg", "torn");
  const Ended ended = run(words({"features"}, {"--out", out, "--json"}));
  EXPECT_EQ(json_of(ended).at("pictures"), 8);
  EXPECT_EQ(json_of(ended).at("skipped").size(), 1U);
  EXPECT_THAT(ended.err, HasSubstr("warning: left out: "));
  const formats::SafetensorsFile file(out);
  EXPECT_EQ(file.content().find("features")->shape, (std::vector<int64_t>{8, 192}));
  const auto labels = file.content().find("labels")->data;
  EXPECT_EQ(reinterpret_cast<const int64_t*>(labels.data())[7], 1);
  EXPECT_THAT(file.content().metadata.at("names"), StartsWith((data_ / "train" / "cat" / "photo-000.jpg").string()));
}

TEST_F(ProbeClasses, FeaturesOfPhotographsAreWrittenAsAnArray) {
  const fs::path out = folder_ / "features.npy";
  const Ended ended =
      run({"features", "--random-init", "--model", "tiny", "--patch-size", "8", "--image-size", "16", "--threads", "1",
           "--no-cache", "--data", data_ / "val", "--pool", "cls+mean", "--out", out});
  EXPECT_EQ(ended.out, "");
  const formats::NpyFile file(out);
  EXPECT_EQ(file.array().shape, (std::vector<int64_t>{8, 384}));
  EXPECT_THAT(read_text(folder_ / "features.txt"), HasSubstr("photo-003.jpg\n"));
  EXPECT_FALSE(fs::exists(cache_));
}

TEST_F(ProbeClasses, SplitsOfClassesAreChosen) {
  run(words({"features"}, {"--split", "val", "--out", folder_ / "val.npy"}));
  EXPECT_THAT(read_text(folder_ / "val.txt"), HasSubstr("/val/cat/"));
  EXPECT_THAT(read_text(folder_ / "val.txt"), Not(HasSubstr("/train/")));
}

TEST_F(ProbeClasses, MistakesAreNamed) {
  const std::string out = folder_ / "out.npy";
  expect_refused(words({"probe", "knn"}, {"--k", "0"}), 2, "0 neighbours are too few");
  expect_refused(words({"probe", "knn"}, {"--no-cache"}), 2, "choose one: --cache");
  expect_refused({"probe", "knn", "--random-init"}, 2, "--data is missing: name a folder of pictures in classes");
  expect_refused({"probe", "knn", "--data", data_}, 2, "choose one: --weights W or --random-init");
  expect_refused(words({"probe", "linear"}, {"--augment", "some"}), 2, "--augment some: none, or a number of views");
  expect_refused(words({"probe", "linear"}, {"--epochs", "5", "--warmup-epochs", "5"}), 2, "5 epochs of warm-up");
  expect_refused(words({"probe", "linear"}, {"--out", "head.pt"}), 2, "--out head.pt: the layer is written as");
  expect_refused(words({"features"}, {"--out", "x.csv"}), 2, "--out x.csv: features are written as");
  expect_refused(words({"features"}), 2, "--out is missing");
  expect_refused({"features", "--out", out, "--random-init"}, 2, "--data is missing");
  expect_refused({"features", "--out", out, "--random-init", "--data", data_ / "val", "--split", "val"}, 2,
                 "--split val belongs to a folder of pictures in classes");
  fs::remove_all(data_ / "train" / "dog");
  fs::remove_all(data_ / "val" / "dog");
  const Ended one = run_gtsa({words({"probe", "knn"})});
  EXPECT_EQ(one.exit_code, 1);
  EXPECT_THAT(one.err, ContainsRegex("gtsa: .*class"));
}

TEST_F(ProbeClasses, NeighboursAreAskedDuringTraining) {
  make_photographs(folder_ / "photographs", 12);
  const fs::path out = folder_ / "run";
  const Ended ended = run_gtsa(
      {small_pretrain(folder_ / "photographs", out, {"--steps", "2", "--probe-every", "2", "--probe-data", data_})});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_TRUE(fs::exists(out / "artefacts" / "probe_knn.json"));
  EXPECT_THAT(ended.err, HasSubstr("knn after step 2: probe_knn10_top1"));
  // GTSA trains no class token: its pictures are told apart by the mean of their patches.
  const auto during = nlohmann::json::parse(read_text(out / "artefacts" / "probe_knn.json"));
  const Ended after = run_gtsa({{"probe", "knn", "--weights", out, "--data", data_, "--pool", "mean", "--json"}});
  ASSERT_EQ(after.exit_code, 0) << after.err;
  EXPECT_EQ(during["knn"]["10"]["top5"], nlohmann::json::parse(after.out)["knn"]["10"]["top5"]);
  EXPECT_EQ(during["knn"]["10"]["top1"], nlohmann::json::parse(after.out)["knn"]["10"]["top1"]);
}

}  // namespace
}  // namespace gtsa::test
