// The linear layer on frozen features: both protocols on classes that can be told apart, and their parts by hand.

#include "learn/probe/linear.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "support/golden_torch.h"

namespace gtsa::probe {
namespace {

/// Classes around points far from each other, far from 0 and of uneven scales.
LabelledFeatures clouds(int64_t rows, int64_t classes, uint64_t seed) {
  Rng rng({.seed = seed});
  LabelledFeatures set{at::empty({rows, classes}, at::kFloat), {}};
  for (int64_t i = 0; i < rows; ++i) {
    set.labels.push_back(i % classes);
    for (int64_t c = 0; c < classes; ++c) {
      const double value = 0.3 * rng.normal() + (c == i % classes ? 1 : 0);
      set.values.data_ptr<float>()[i * classes + c] = static_cast<float>(5 + value * static_cast<double>(1 + c));
    }
  }
  return set;
}

LinearResult train_on(const LabelledFeatures& training, const LabelledFeatures& validation,
                      const LinearOptions& options) {
  return train_linear([&](int64_t) -> const LabelledFeatures& { return training; }, validation, training.values.size(1),
                      options);
}

TEST(LinearProbe, TellsCloudsApartByBothProtocols) {
  const LabelledFeatures training = clouds(300, 6, 1), validation = clouds(120, 6, 2);
  LinearOptions mae{.epochs = 30, .warmup_epochs = 3, .batch = 32, .base_lr = 20};
  EXPECT_GT(train_on(training, validation, mae).last().top1, 0.95);
  LinearOptions dino = dino_protocol();
  dino.base_lr = 0.05;
  const LinearResult result = train_on(training, validation, dino);
  EXPECT_GT(result.last().top1, 0.9);
  EXPECT_FALSE(result.head.mean.defined());
  EXPECT_LT(result.last().loss, result.epochs.front().loss);
}

TEST(LinearProbe, GivesTheSameForTheSameSeedAndOthersForAnother) {
  const LabelledFeatures training = clouds(60, 3, 1), validation = clouds(30, 3, 2);
  LinearOptions options{.epochs = 3, .warmup_epochs = 0, .batch = 16};
  const LinearResult first = train_on(training, validation, options);
  EXPECT_TRUE(at::equal(train_on(training, validation, options).head.weight, first.head.weight));
  options.seed = 1;
  EXPECT_FALSE(at::equal(train_on(training, validation, options).head.weight, first.head.weight));
}

TEST(LinearProbe, RatesRiseThenFollowACosine) {
  const LabelledFeatures training = clouds(40, 2, 1);
  std::vector<double> rates;
  LinearOptions options{.epochs = 4, .warmup_epochs = 2, .batch = 10, .base_lr = 25.6};
  train_linear([&](int64_t) -> const LabelledFeatures& { return training; }, training, 2, options,
               [&](const LinearEpoch& epoch) { rates.push_back(epoch.lr); });
  // The peak is 1; an epoch's last step of four stands at 0.75 of it.
  ASSERT_EQ(rates.size(), 4U);
  EXPECT_NEAR(rates[0], 0.375, 1e-12);
  EXPECT_NEAR(rates[1], 0.875, 1e-12);
  EXPECT_NEAR(rates[2], 0.5 * (1 + std::cos(M_PI * 0.375)), 1e-12);
  EXPECT_NEAR(rates[3], 0.5 * (1 + std::cos(M_PI * 0.875)), 1e-12);
}

TEST(LinearProbe, DinosRateMovesOnceAnEpoch) {
  const LabelledFeatures training = clouds(40, 2, 1);
  LinearOptions options = dino_protocol();
  options.epochs = 2;
  options.batch = 16;
  options.base_lr = 16;
  const LinearResult result = train_on(training, training, options);
  EXPECT_NEAR(result.epochs[0].lr, 1, 1e-12);
  EXPECT_NEAR(result.epochs[1].lr, 0.5, 1e-12);
}

TEST(LinearProbe, RunningMomentsAreThoseOfABatchNorm) {
  const LabelledFeatures set{at::tensor({1.F, 3.F, 5.F, 7.F}).view({4, 1}), {0, 0, 0, 0}};
  const LinearResult result = train_on(set, set, {.epochs = 1, .warmup_epochs = 0, .batch = 512});
  EXPECT_NEAR(result.head.mean.item<double>(), 0.1 * 4, 1e-6);
  EXPECT_NEAR(result.head.variance.item<double>(), 0.9 + 0.1 * 20.0 / 3, 1e-6);
}

TEST(LinearProbe, CountsTheFiveHighestAndOfEqualsTheLowerFirst) {
  // Logits are what the features are: weights of a trained layer do not matter if all features are 0 and biases stay 0.
  LabelledFeatures set{at::full({7, 7}, 0.0), {0, 1, 2, 3, 4, 5, 6}};
  const LinearResult result =
      train_on(set, set, {.epochs = 1, .warmup_epochs = 0, .batch = 7, .base_lr = 1e-30, .batch_norm = false});
  EXPECT_NEAR(result.last().top1, 1.0 / 7, 1e-12);
  EXPECT_NEAR(result.last().top5, 5.0 / 7, 1e-12);
}

TEST(LinearProbe, LeavesOutALastBatchOfOneAndTakesAllOfSmallSets) {
  const LabelledFeatures set = clouds(9, 3, 4);
  LinearOptions options{.epochs = 1, .warmup_epochs = 0, .batch = 4, .drop_last = false};
  EXPECT_TRUE(std::isfinite(train_on(set, set, options).last().loss));
  options.batch = 1000;
  EXPECT_TRUE(std::isfinite(train_on(set, set, options).last().loss));
}

TEST(LinearProbe, BestIsTheFirstOfTheHighest) {
  LinearResult result;
  for (const double top1 : {0.1, 0.4, 0.2, 0.4}) {
    result.epochs.push_back({.epoch = std::ssize(result.epochs), .top1 = top1});
  }
  EXPECT_EQ(result.best().epoch, 1);
  EXPECT_EQ(result.last().epoch, 3);
}

TEST(LinearProbe, StopsWhereTheLossIsNotFinite) {
  LabelledFeatures set = clouds(20, 2, 1);
  set.values[3][1] = NAN;
  EXPECT_THROW(train_on(set, set, {.epochs = 1, .warmup_epochs = 0, .batch = 20}), Error);
}

TEST(LinearProbe, RefusesOptionsThatMeanNothing) {
  const auto refused = [](LinearOptions options) { EXPECT_THROW(options.check(), UsageError); };
  refused({.epochs = 0});
  refused({.epochs = 5});
  refused({.warmup_epochs = -1});
  refused({.batch = 1});
  refused({.batch = 0, .batch_norm = false});
  refused({.base_lr = 0});
}

}  // namespace
}  // namespace gtsa::probe
