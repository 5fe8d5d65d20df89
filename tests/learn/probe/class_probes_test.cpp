// k-NN and the linear layer on folders of pictures in classes.

#include "learn/probe/class_probes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "learn/dist/communicator.h"
#include "learn/probe/colour_classes.h"
#include "support/temporary_folder.h"

namespace gtsa::probe {
namespace {

namespace fs = std::filesystem;
using test::ColourClasses;
using test::ColourNetwork;
using ::testing::HasSubstr;

class ClassProbes : public ::testing::Test {
 protected:
  KnnResult knn(const KnnProbeOptions& options = {}) {
    return probe_knn(real_files(), network_.frozen(), pictures_.root(), options);
  }
  LinearProbeResult linear(int64_t draws, std::optional<fs::path> cache = {}) {
    LinearProbeOptions options;
    options.linear = {.epochs = 20, .warmup_epochs = 2, .batch = 6, .base_lr = 50, .trust = 0};
    options.features.cache = std::move(cache);
    options.draws = draws;
    return probe_linear(real_files(), network_.frozen(), pictures_.root(), options);
  }

  ColourClasses pictures_;  // 18 and 9
  ColourNetwork network_;
};

TEST_F(ClassProbes, NeighboursKnowColours) {
  const KnnResult result = knn({.knn = {.ks = {1, 3, 200}}});
  EXPECT_EQ(result.scores[0].top1, 1);
  EXPECT_EQ(result.scores[1].top5, 1);
  EXPECT_EQ(result.scores[2].top5, 1) << "all 18 vote, for all three classes";
  const auto json = to_json(result);
  EXPECT_EQ(json.at("knn").at("1").at("top1"), 1.0);
  EXPECT_EQ(json.at("classes"), 3);
  EXPECT_EQ(json.at("training_pictures"), 18);
  EXPECT_EQ(json.at("validation_pictures"), 9);
  EXPECT_FALSE(json.contains("skipped"));
}

TEST_F(ClassProbes, PicturesThatCannotBeReadAreLeftOutOfBothSplits) {
  for (const char* split : {"train", "val"}) {
    write_atomically(real_files(), pictures_.path(split, 1, "p0"), "torn");
  }
  const KnnResult result = knn({.knn = {.ks = {1}}});
  EXPECT_EQ(result.probed.training_pictures, 17);
  EXPECT_EQ(result.probed.validation_pictures, 8);
  EXPECT_EQ(result.scores[0].top1, 1) << "labels stay with their pictures";
  EXPECT_EQ(to_json(result).at("skipped").size(), 2U);
}

TEST_F(ClassProbes, AFolderWithoutClassesIsRefused) {
  const test::TemporaryFolder empty;
  EXPECT_THROW(probe_knn(real_files(), network_.frozen(), empty.path(), {}), Error);
  EXPECT_THROW(probe_linear(real_files(), network_.frozen(), empty.path() / "absent", {}), Error);
}

TEST_F(ClassProbes, NeighboursAsAnEvaluatorGiveFiguresAndAnArtefact) {
  const test::TemporaryFolder folder;
  auto run = run::Run::create(real_files(), folder / "run", false);
  const auto evaluator = knn_evaluator([&] { return network_.frozen(); }, pictures_.root(), {.knn = {.ks = {1, 5}}});
  EXPECT_EQ(evaluator->name(), "knn");
  const auto ranks = dist::one_rank();
  const auto figures = evaluator->evaluate({*ranks, &run});
  ASSERT_EQ(figures.size(), 2U);
  EXPECT_EQ(figures[0].name, "probe_knn1_top1");
  EXPECT_EQ(figures[0].value, 1);
  EXPECT_TRUE(fs::exists(folder / "run" / "artefacts" / "probe_knn.json"));
}

TEST_F(ClassProbes, ALayerLearnsColoursFromTheCentreAlone) {
  const LinearProbeResult result = linear(kNoDraws);
  EXPECT_EQ(result.linear.last().top1, 1);
  EXPECT_EQ(network_.seen, 27) << "each picture once";
  const auto json = to_json(result);
  EXPECT_EQ(json.at("epochs").size(), 20U);
  EXPECT_EQ(json.at("last").at("epoch"), 20);
  EXPECT_EQ(json.at("best").at("top1"), 1.0);
}

TEST_F(ClassProbes, EpochsTakeTheDrawsInTurnAndKeepThem) {
  const test::TemporaryFolder cache;
  EXPECT_GE(linear(3, cache.path()).linear.last().top1, 0.9);
  const int64_t seen = network_.seen;
  const auto again = linear(3, cache.path());
  EXPECT_EQ(network_.seen, seen);
  EXPECT_EQ(again.probed.training_pictures, 18);
}

TEST_F(ClassProbes, EveryEpochMayHaveViewsOfItsOwn) {
  const test::TemporaryFolder cache;
  write_atomically(real_files(), pictures_.path("train", 1, "p0"), "torn");
  const auto result = linear(0, cache.path());
  EXPECT_GE(result.linear.last().top1, 0.9);
  EXPECT_EQ(result.probed.training_pictures, 17);
  EXPECT_EQ(result.probed.skipped.size(), 1U) << "told once";
  EXPECT_EQ(std::distance(fs::directory_iterator(cache.path()), {}), 1) << "the validation's alone are kept";
}

}  // namespace
}  // namespace gtsa::probe
