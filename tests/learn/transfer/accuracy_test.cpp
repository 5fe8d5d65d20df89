#include "learn/transfer/accuracy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/error.h"
#include "core/base/signals.h"
#include "learn/transfer/confusion_picture.h"
#include "learn/transfer/fake_ranks.h"
#include "learn/transfer/small_set.h"

namespace gtsa::transfer {
namespace {

struct Network {
  Classifier classifier;
  nn::Flat flat;
  Network()
      : classifier(
            make_classifier({.vit = {.image_size = 16, .patch_size = 8, .embed_dim = 16, .depth = 1, .num_heads = 2},
                             .head = HeadKind::cls,
                             .classes = 3})),
        flat(nn::bind(classifier, false)) {
    init(classifier, 3);
  }
};

class AccuracyTest : public ::testing::Test {
 protected:
  AccuracyTest() {
    test::write_small_set(data.path(), 7);
    split = data::labelled(data::read_class_folders(data.path(), "val"));
  }
  Accuracy measure(const InferenceOptions& options, const OnLogits& on_logits = {}) {
    return measure_accuracy(network.classifier, split, options, *ranks, on_logits);
  }
  test::TemporaryFolder data;
  Network network;
  data::LabelledPhotographs split{std::vector<std::filesystem::path>{}, {}};
  std::unique_ptr<dist::Communicator> ranks = dist::one_rank();
};

TEST_F(AccuracyTest, CountsEveryPictureOnceWhateverTheBatch) {
  const Accuracy whole = measure({.batch = 21});
  EXPECT_EQ(whole.counts.images(), 21);
  for (const int64_t batch : {1, 4, 64}) {
    std::vector<int64_t> seen;
    const Accuracy parts =
        measure({.batch = batch, .workers = 2}, [&](int64_t file, std::span<const float>) { seen.push_back(file); });
    EXPECT_EQ(parts.counts.images(), 21) << batch;
    EXPECT_EQ(parts.counts.scores().top1, whole.counts.scores().top1) << batch;
    EXPECT_NEAR(parts.counts.scores().loss, whole.counts.scores().loss, 1e-6) << batch;
    ASSERT_EQ(seen.size(), 21U);
    for (size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], static_cast<int64_t>(i)) << "in the split's order";
  }
}

TEST_F(AccuracyTest, LeavesOutPicturesThatCannotBeReadAndNamesThem) {
  const auto bad = data / "val/green/3.png";
  write_atomically(real_files(), bad, "no picture");
  const Accuracy accuracy = measure({.batch = 4, .max_bad_share = 0.1});
  EXPECT_EQ(accuracy.counts.images(), 20);
  ASSERT_EQ(accuracy.skipped.size(), 1U);
  EXPECT_THAT(accuracy.skipped[0], testing::HasSubstr("green/3.png"));
  EXPECT_EQ(to_json(accuracy, {{"a", "b", "c"}, {0, 1, 2}}).at("skipped").size(), 1U);
  EXPECT_THROW(measure({.max_bad_share = 0}), Error);
}

TEST_F(AccuracyTest, RanksShareThePicturesAndGetTheSums) {
  const Accuracy whole = measure({});
  std::set<int64_t> seen;
  test::FakeRanks first(0, 2), second(1, 2);
  const OnLogits note = [&](int64_t file, std::span<const float>) {
    EXPECT_TRUE(seen.insert(file).second) << "picture " << file << " was counted twice";
  };
  measure_accuracy(network.classifier, split, {.batch = 4}, first, note);
  second.others = first.sent;
  const Accuracy sum = measure_accuracy(network.classifier, split, {.batch = 4}, second, note);
  EXPECT_EQ(seen.size(), 21U) << "an odd number of pictures on two ranks";
  EXPECT_EQ(sum.counts.images(), 21);
  EXPECT_EQ(sum.counts.scores().top1, whole.counts.scores().top1);
}

TEST_F(AccuracyTest, EvaluatorGivesFiguresAndAnArtefact) {
  const ClassNames classes{{"blue", "green", "red"}, {0, 1, 2}};
  const auto evaluator = accuracy_evaluator(network.classifier, classes, split, {});
  run::Run run = run::Run::create(real_files(), data / "run", false);
  const auto figures = evaluator->evaluate({*ranks, &run, 12});
  EXPECT_EQ(evaluator->name(), "accuracy");
  ASSERT_EQ(figures.size(), 3U);
  EXPECT_EQ(figures[0].name, "eval_top1");
  EXPECT_EQ(figures[1].value, 1) << "top-5 of three classes";
  const MappedFile file(run.artefact_path("accuracy.json"));
  const auto json =
      nlohmann::json::parse(std::string_view(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()));
  EXPECT_EQ(json.at("step"), 12);
  EXPECT_EQ(json.at("top1"), figures[0].value);
  EXPECT_EQ(json.at("classes").at(2), "red");
  int64_t counted = 0;
  for (const auto& cell : json.at("confusion")) counted += cell.at(2).get<int64_t>();
  EXPECT_EQ(counted, 21);
  EXPECT_FALSE(json.contains("skipped"));
}

TEST_F(AccuracyTest, StopsBetweenBatchesOnAllRanksIfOneIsStopped) {
  int64_t seen = 0;
  const OnLogits note = [&](int64_t, std::span<const float>) { ++seen; };
  test::FakeRanks first(0, 2), second(1, 2);
  const Accuracy part =
      measure_accuracy(network.classifier, split, {.batch = 4, .stop = [&] { return seen >= 8; }}, first, note);
  EXPECT_TRUE(part.stopped);
  EXPECT_EQ(seen, 8);
  second.others = first.sent;
  EXPECT_TRUE(measure_accuracy(network.classifier, split, {.batch = 4}, second).stopped);
}

TEST_F(AccuracyTest, EvaluatorEndsAtAStopSignalWithoutFiguresAndArtefact) {
  {
    const StopSignals signals;
    std::raise(SIGTERM);
    run::Run run = run::Run::create(real_files(), data / "run", false);
    const auto evaluator =
        accuracy_evaluator(network.classifier, {{"blue", "green", "red"}, {0, 1, 2}}, split, {.batch = 4});
    EXPECT_TRUE(evaluator->evaluate({*ranks, &run, 12}).empty());
    EXPECT_FALSE(std::filesystem::exists(run.artefact_path("accuracy.json")));
  }
  const StopSignals forgotten;
}

TEST_F(AccuracyTest, ClassesWithoutPicturesAreNull) {
  Accuracy accuracy{metrics::ClassificationMeter(2), {}};
  accuracy.counts.add(std::vector<float>{1, 0}, 0);
  const auto json = to_json(accuracy, {{"a", "b"}, {0, 1}});
  EXPECT_EQ(json.at("per_class_accuracy").at(0), 1);
  EXPECT_TRUE(json.at("per_class_accuracy").at(1).is_null());
}

TEST(ConfusionPicture, ShowsSharesOfRows) {
  metrics::ConfusionMatrix confusion(4);
  confusion.add(0, 0, 3);
  confusion.add(1, 2, 2);
  const image::Image picture = confusion_picture(confusion);
  EXPECT_EQ(picture.size(), (Size{640, 640}));
  const auto green = [&](int64_t row, int64_t column) {
    return picture.row(160 * row + 80)[3 * (160 * column + 80) + 1];
  };
  EXPECT_GT(green(0, 0), 200);
  EXPECT_LT(green(0, 1), 20);
  EXPECT_GT(green(1, 2), 200);
  EXPECT_EQ(green(3, 0), 128) << "a class without pictures";
  EXPECT_EQ(confusion_picture(metrics::ConfusionMatrix(1000)).width(), 1000);
}

}  // namespace
}  // namespace gtsa::transfer
