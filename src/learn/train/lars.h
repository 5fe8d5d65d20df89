#pragma once
// Gradient descent with momentum over a few tensors, with or without LARS's rate a layer: what linear probes train
// with. Plain tensor calls; the optimiser of whole networks is optimizer.h's.

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

namespace gtsa::train {

struct MomentumOptions {
  double momentum = 0.9;
  double weight_decay = 0;
  /// LARS's trust coefficient (You et al., "Large batch training of convolutional networks", 2017); 0: plain descent.
  double trust = 0;
};

/// mu = momentum * mu + d, then p -= lr * mu, mu = 0 before the first step. d = gradient + weight_decay * p; with
/// `trust`, as MAE's linear probe has it, tensors of more than one dimension take d * trust * |p| / |d| (as it is where
/// either norm is 0), and the others the bare gradient.
class MomentumDescent {
 public:
  /// `parameters` are changed in place.
  MomentumDescent(std::vector<at::Tensor> parameters, const MomentumOptions& options);

  /// One gradient a parameter, of its shape.
  void step(std::span<const at::Tensor> gradients, double lr);
  /// mu, one a parameter.
  const std::vector<at::Tensor>& momenta() const { return momenta_; }

 private:
  at::Tensor direction(const at::Tensor& parameter, const at::Tensor& gradient) const;

  std::vector<at::Tensor> parameters_, momenta_;
  MomentumOptions options_;
};

}  // namespace gtsa::train
