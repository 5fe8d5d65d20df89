#pragma once
// Batch normalisation (Ioffe & Szegedy 2015) of maps of tokens, with the ReLU that follows it wherever it is used here.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

#include "learn/nn/walk.h"

namespace gtsa::nn {

inline constexpr double kBatchNormEps = 1e-5;
inline constexpr double kBatchNormMomentum = 0.1;  ///< share of a batch's statistics in the running ones

/// Normalisation of each channel over all tokens of a batch, then scale and shift. All [width].
struct BatchNorm {
  at::Tensor weight, bias;               ///< parameters
  at::Tensor running_mean, running_var;  ///< buffers: what evaluation normalises with
  void walk(const Walk& visit);
  void walk_buffers(const Walk& visit);
};

/// Parameters on the meta device; the buffers, which belong to no flat network, are there at once: 0 and 1.
BatchNorm make_batch_norm(int64_t width);

/// Adds up over all ranks, in place, on each of them. Empty: there is one rank.
using SumOverRanks = std::function<void(at::Tensor& sums)>;

/// Statistics of one batch, over all ranks. Tensors F32 [width].
struct BatchMoments {
  at::Tensor mean;
  at::Tensor variance;  ///< biased: what the batch was normalised with
  int64_t count = 0;    ///< tokens
};

/// running = (1 - kBatchNormMomentum) * running + kBatchNormMomentum * batch, in place, the batch's variance unbiased.
void update_running(at::Tensor& running_mean, at::Tensor& running_var, const BatchMoments& moments);

namespace ops {

/// relu(weight * (x - mean) / sqrt(variance + eps) + bias) of tokens [.., C] with the statistics of the batch, which are
/// written to `moments`; gradients flow through them. Keeps x alone for backward. At least two tokens.
at::Tensor batch_norm_relu(const at::Tensor& x, const BatchNorm& norm, BatchMoments& moments,
                           const SumOverRanks& sum_over_ranks = {});
/// The same with the running statistics: evaluation.
at::Tensor batch_norm_relu(const at::Tensor& x, const BatchNorm& norm);

namespace reference {
at::Tensor batch_norm_relu(const at::Tensor& x, const BatchNorm& norm, BatchMoments& moments);
at::Tensor batch_norm_relu(const at::Tensor& x, const BatchNorm& norm);
}  // namespace reference

}  // namespace ops
}  // namespace gtsa::nn
