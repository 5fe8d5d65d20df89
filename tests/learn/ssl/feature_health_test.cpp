#include "learn/ssl/feature_health.h"

#include <ATen/ops/eye.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include <cmath>

namespace gtsa::ssl {
namespace {

TEST(FeatureHealth, OfVectorsInAllDirectionsIsWideAndOfFullRank) {
  const at::Tensor axes = at::eye(8, at::kFloat);
  const FeatureHealth health = feature_health(axes);
  EXPECT_NEAR(health.spread, std::sqrt(7.0) / std::sqrt(8.0), 1e-2);
  EXPECT_NEAR(health.effective_rank, 7, 1e-6) << "what is centred lacks one direction";
}

TEST(FeatureHealth, OfOnePointIsNothing) {
  const FeatureHealth health = feature_health(at::ones({5, 4}, at::kFloat));
  EXPECT_NEAR(health.spread, 0, 1e-6);
  EXPECT_NEAR(health.effective_rank, 1, 1e-6);
}

TEST(FeatureHealth, IsTheSameForTallAndWideBatches) {
  const at::Tensor tall = at::eye(6, at::kFloat).slice(1, 0, 2);
  EXPECT_LE(feature_health(tall).effective_rank, 2 + 1e-6);
  EXPECT_LE(feature_health(at::eye(6, at::kFloat).slice(0, 0, 3)).effective_rank, 2 + 1e-6) << "3 centred vectors";
}

}  // namespace
}  // namespace gtsa::ssl
