#include "core/metrics/segmentation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "support/golden.h"

namespace gtsa::metrics {
namespace {

using Labels = std::vector<int64_t>;
constexpr int64_t kIgnore = 255;

void expect_near(const std::vector<double>& got, const std::vector<double>& want, const char* what) {
  ASSERT_EQ(got.size(), want.size()) << what;
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(std::isnan(got[i]), std::isnan(want[i])) << what << " of class " << i;
    if (std::isnan(want[i])) continue;
    EXPECT_NEAR(got[i], want[i], 1e-6) << what << " of class " << i;
  }
}

TEST(seg_metrics_GoldenTest, AgreesWithTheRecordedScores) {
  GTSA_REQUIRE_GOLDEN("seg_metrics");
  const test::Golden golden("seg_metrics");
  const auto classes = golden.json().at("num_classes").get<int64_t>();
  const auto ignore = golden.json().at("ignore_index").get<int64_t>();
  Labels truth = golden.values<int64_t>("stored_labels");
  if (golden.json().at("reduce_zero_label").get<bool>()) {
    for (int64_t& label : truth) label = label == 0 ? ignore : label - 1;
  }
  const Labels predictions = golden.values<int64_t>("predictions");

  // Picture by picture, as an evaluation would: the counts must not depend on it.
  ConfusionMatrix matrix(classes);
  const auto pictures = static_cast<size_t>(golden.shape("stored_labels").at(0));
  const size_t pixels = truth.size() / pictures;
  const auto areas = golden.values<double>("per_image_areas");
  for (size_t i = 0; i < pictures; ++i) {
    ConfusionMatrix one(classes);
    one.add(std::span(truth).subspan(i * pixels, pixels), std::span(predictions).subspan(i * pixels, pixels), ignore);
    for (int64_t c = 0; c < classes; ++c) {
      EXPECT_EQ(one.count(c, c), areas.at((i * 4 + 0) * static_cast<size_t>(classes) + static_cast<size_t>(c)));
    }
    matrix.merge(one);
  }
  const auto want = golden.values<int64_t>("confusion");
  EXPECT_TRUE(std::equal(want.begin(), want.end(), matrix.counts().begin(), matrix.counts().end()));

  const SegmentationScores scores = matrix.scores();
  expect_near(scores.per_class_iou, golden.values<double>("IoU"), "IoU");
  expect_near(scores.per_class_accuracy, golden.values<double>("Acc"), "accuracy");
  EXPECT_NEAR(scores.miou, golden.scalar("mIoU"), 1e-6);
  EXPECT_NEAR(scores.mean_accuracy, golden.scalar("mAcc"), 1e-6);
  EXPECT_NEAR(scores.pixel_accuracy, golden.scalar("aAcc"), 1e-6);
}

TEST(ConfusionMatrix, ScoresAHandMadeExample) {
  ConfusionMatrix matrix(4);
  matrix.add(Labels{0, 0, 0, 1, 1, kIgnore}, Labels{0, 0, 1, 1, 2, 3}, kIgnore);
  EXPECT_EQ(matrix.count(0, 0), 2);
  EXPECT_EQ(matrix.count(0, 1), 1);
  EXPECT_EQ(matrix.count(1, 2), 1);
  const SegmentationScores scores = matrix.scores();
  EXPECT_DOUBLE_EQ(scores.per_class_iou[0], 2.0 / 3);
  EXPECT_DOUBLE_EQ(scores.per_class_iou[1], 1.0 / 3);
  EXPECT_DOUBLE_EQ(scores.per_class_iou[2], 0) << "predicted but never there counts as a miss";
  EXPECT_TRUE(std::isnan(scores.per_class_iou[3])) << "neither there nor predicted where it counts";
  EXPECT_DOUBLE_EQ(scores.miou, (2.0 / 3 + 1.0 / 3 + 0) / 3);
  EXPECT_TRUE(std::isnan(scores.per_class_accuracy[2]));
  EXPECT_DOUBLE_EQ(scores.mean_accuracy, (2.0 / 3 + 1.0 / 2) / 2);
  EXPECT_DOUBLE_EQ(scores.pixel_accuracy, 3.0 / 5);
}

TEST(ConfusionMatrix, GivesNoScoreWhereEveryPixelIsIgnored) {
  ConfusionMatrix matrix(2);
  matrix.add(Labels{kIgnore}, Labels{0}, kIgnore);
  const SegmentationScores scores = matrix.scores();
  EXPECT_TRUE(std::isnan(scores.miou));
  EXPECT_TRUE(std::isnan(scores.mean_accuracy));
  EXPECT_TRUE(std::isnan(scores.pixel_accuracy));
}

TEST(ConfusionMatrix, IsTheSameHoweverThePixelsAreSplit) {
  Rng rng({.seed = 1});
  Labels truth(1000), prediction(1000);
  for (size_t i = 0; i < truth.size(); ++i) {
    truth[i] = rng.chance(0.1f) ? kIgnore : rng.below(7);
    prediction[i] = rng.below(7);
  }
  ConfusionMatrix whole(7);
  whole.add(truth, prediction, kIgnore);
  ConfusionMatrix parts(7);
  for (size_t begin = 0; begin < truth.size();) {
    const size_t size = std::min<size_t>(rng.below(90), truth.size() - begin);
    ConfusionMatrix part(7);
    part.add(std::span(truth).subspan(begin, size), std::span(prediction).subspan(begin, size), kIgnore);
    parts.merge(part);
    begin += size;
  }
  EXPECT_TRUE(std::equal(whole.counts().begin(), whole.counts().end(), parts.counts().begin()));
}

TEST(ConfusionMatrix, CountsPicturesAsItCountsNumbers) {
  ConfusionMatrix numbers(3), pictures(3);
  numbers.add(Labels{0, 2, -1, 1}, Labels{0, 1, 2, 1}, -1);
  pictures.add(std::vector<int32_t>{0, 2, -1, 1}, std::vector<uint16_t>{0, 1, 2, 1}, -1);
  EXPECT_TRUE(std::equal(numbers.counts().begin(), numbers.counts().end(), pictures.counts().begin()));
  EXPECT_THROW(pictures.add(std::vector<int32_t>{3}, std::vector<uint16_t>{0}, -1), Error);
}

TEST(ConfusionMatrix, RefusesLabelsOfAnotherDataSetAndCountsNothing) {
  ConfusionMatrix matrix(3);
  EXPECT_THROW(matrix.add(Labels{0, 3}, Labels{0, 0}, kIgnore), Error);
  EXPECT_THROW(matrix.add(Labels{0, -1}, Labels{0, 0}, kIgnore), Error);
  EXPECT_THROW(matrix.add(Labels{0, 1}, Labels{0, 3}, kIgnore), BugError);
  EXPECT_EQ(matrix.count(0, 0), 0);
}

TEST(Accuracy, IsTheShareOfEqualLabels) {
  EXPECT_DOUBLE_EQ(accuracy(Labels{0, 1, 2, 3}, Labels{0, 1, 0, 3}), 0.75);
  EXPECT_TRUE(std::isnan(accuracy(Labels{}, Labels{})));
}

}  // namespace
}  // namespace gtsa::metrics
