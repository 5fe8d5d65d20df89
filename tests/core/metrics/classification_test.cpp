#include "core/metrics/classification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/base/rng.h"

namespace gtsa::metrics {
namespace {

using ::testing::ElementsAre;

TEST(TopClasses, GoFromTheBestAndOfEqualsFromTheLowest) {
  EXPECT_THAT(top_classes(std::vector<float>{1, 3, 2, 3}, 3), ElementsAre(1, 3, 2));
  EXPECT_THAT(top_classes(std::vector<float>{0, 0, 0}, 2), ElementsAre(0, 1));
  EXPECT_THAT(top_classes(std::vector<float>{1, 2}, 5), ElementsAre(1, 0)) << "as many as there are";
}

TEST(CrossEntropy, IsThatOfTheSoftmaxAndSurvivesLargeLogits) {
  EXPECT_NEAR(cross_entropy(std::vector<float>{0, 0, 0, 0}, 2), std::log(4.0), 1e-12);
  EXPECT_NEAR(cross_entropy(std::vector<float>{3e4F, 0}, 1), 3e4, 1e-6);
  EXPECT_NEAR(cross_entropy(std::vector<float>{1, 2}, 1), std::log(1 + std::exp(-1.0)), 1e-12);
}

TEST(ClassificationMeter, CountsTopOneAndTopFive) {
  ClassificationMeter meter(7);
  meter.add(std::vector<float>{7, 6, 5, 4, 3, 2, 1}, 0);
  meter.add(std::vector<float>{7, 6, 5, 4, 3, 2, 1}, 4);
  meter.add(std::vector<float>{7, 6, 5, 4, 3, 2, 1}, 5);
  const ClassificationScores scores = meter.scores();
  EXPECT_EQ(scores.images, 3);
  EXPECT_DOUBLE_EQ(scores.top1, 1.0 / 3);
  EXPECT_DOUBLE_EQ(scores.top5, 2.0 / 3);
  EXPECT_EQ(scores.per_class_accuracy[0], 1);
  EXPECT_EQ(scores.per_class_accuracy[4], 0);
  EXPECT_TRUE(std::isnan(scores.per_class_accuracy[6])) << "no picture of the class";
  EXPECT_DOUBLE_EQ(scores.mean_class_accuracy, 1.0 / 3) << "over the classes that have pictures";
  EXPECT_EQ(meter.confusion().count(5, 0), 1);
}

TEST(ClassificationMeter, TopFiveOfFewerClassesIsAlwaysRight) {
  ClassificationMeter meter(3);
  meter.add(std::vector<float>{1, 2, 3}, 0);
  EXPECT_EQ(meter.scores().top5, 1);
  EXPECT_EQ(meter.scores().top1, 0);
}

TEST(ClassificationMeter, WithoutImagesHasNoScores) {
  EXPECT_TRUE(std::isnan(ClassificationMeter(2).scores().top1));
  EXPECT_TRUE(std::isnan(ClassificationMeter(2).scores().loss));
}

TEST(ClassificationMeter, GivesTheSameBitsHoweverTheImagesAreSplit) {
  constexpr int64_t kClasses = 9;
  Rng rng({1, 0, 0, 0, Purpose::test});
  ClassificationMeter whole(kClasses), first(kClasses), second(kClasses);
  for (int i = 0; i < 500; ++i) {
    std::vector<float> logits;
    for (int64_t c = 0; c < kClasses; ++c) logits.push_back(static_cast<float>(rng.normal()));
    const int64_t label = rng.below(kClasses);
    whole.add(logits, label);
    (rng.chance(0.3F) ? first : second).add(logits, label);
  }
  std::vector<double> sums = first.sums();
  const std::vector<double> more = second.sums();
  for (size_t i = 0; i < sums.size(); ++i) sums[i] += more[i];
  const ClassificationMeter over_ranks = ClassificationMeter::from_sums(kClasses, sums);
  second.merge(first);
  EXPECT_EQ(second.sums(), whole.sums());
  EXPECT_EQ(over_ranks.sums(), whole.sums());
  EXPECT_EQ(over_ranks.scores().loss, whole.scores().loss);
  EXPECT_NEAR(whole.scores().loss, std::log(9.0), 0.6);
}

TEST(ClassificationMeter, RefusesLogitsThatAreNotFinite) {
  ClassificationMeter meter(2);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
    EXPECT_THROW(meter.add(std::vector<float>{0, bad}, 0), Error);
  EXPECT_EQ(meter.images(), 0);
}

}  // namespace
}  // namespace gtsa::metrics
