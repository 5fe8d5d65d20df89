#pragma once
// How far vectors are from being all the same: signs of collapse that every self-supervised method shares.

#include <ATen/core/Tensor.h>

namespace gtsa::ssl {

struct FeatureHealth {
  double spread = 0;  ///< mean deviation of unit vectors a channel x sqrt(D): 1 = all over the sphere, 0 = one point
  double effective_rank = 0;  ///< exp of the entropy of the covariance's spectrum (Roy & Vetterli, EUSIPCO 2007)
};
/// Of vectors [n, D], n >= 2.
FeatureHealth feature_health(const at::Tensor& vectors);

}  // namespace gtsa::ssl
