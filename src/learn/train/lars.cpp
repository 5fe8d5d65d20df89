#include "learn/train/lars.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

#include <utility>

#include "core/base/error.h"

namespace gtsa::train {

MomentumDescent::MomentumDescent(std::vector<at::Tensor> parameters, const MomentumOptions& options)
    : parameters_(std::move(parameters)), options_(options) {
  for (const at::Tensor& parameter : parameters_) momenta_.push_back(at::zeros_like(parameter));
}

at::Tensor MomentumDescent::direction(const at::Tensor& parameter, const at::Tensor& gradient) const {
  if (options_.trust > 0 && parameter.dim() <= 1) return gradient;
  const at::Tensor decayed = options_.weight_decay == 0 ? gradient : gradient.add(parameter, options_.weight_decay);
  if (options_.trust == 0) return decayed;
  const auto of_parameter = parameter.norm().item<float>(), of_direction = decayed.norm().item<float>();
  if (of_parameter == 0 || of_direction == 0) return decayed;
  return decayed * (options_.trust * of_parameter / of_direction);
}

void MomentumDescent::step(std::span<const at::Tensor> gradients, double lr) {
  GTSA_CHECK(gradients.size() == parameters_.size(), "{} gradients of {} parameters", gradients.size(),
             parameters_.size());
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    momenta_[i].mul_(options_.momentum).add_(direction(parameters_[i], gradients[i]));
    parameters_[i].sub_(momenta_[i], lr);
  }
}

}  // namespace gtsa::train
