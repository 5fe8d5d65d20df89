#include "learn/ssl/feature_health.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linalg_eigvalsh.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>

#include <cmath>
#include <limits>

namespace gtsa::ssl {

FeatureHealth feature_health(const at::Tensor& vectors) {
  const at::NoGradGuard guard;
  const at::Tensor unit = vectors / at::linalg_vector_norm(vectors, 2, 1, true).clamp_min(1e-12);
  const at::Tensor centred = unit - unit.mean(0, true);
  FeatureHealth health;
  const at::Tensor variance = centred.square().mean(0);
  health.spread = variance.sqrt().mean().item<double>() * std::sqrt(static_cast<double>(vectors.size(1)));
  // The smaller of the two Gram matrices has the same spectrum.
  const at::Tensor wide = centred.to(at::kDouble);
  const at::Tensor gram = wide.size(0) < wide.size(1) ? at::matmul(wide, wide.t()) : at::matmul(wide.t(), wide);
  const at::Tensor spectrum = at::linalg_eigvalsh(gram).clamp_min(0);
  const double sum = spectrum.sum().item<double>();
  if (!(sum > 0)) return {health.spread, 1};
  const at::Tensor share = spectrum / sum;
  const at::Tensor entropy = -(share * share.clamp_min(std::numeric_limits<double>::min()).log()).sum();
  health.effective_rank = std::exp(entropy.item<double>());
  return health;
}

}  // namespace gtsa::ssl
