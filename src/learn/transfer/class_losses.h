#pragma once
// Losses of a classification: means over the batch. logits [n, C].

#include <ATen/core/Tensor.h>

namespace gtsa::transfer {

/// -sum over classes of targets * log softmax(logits). targets [n, C].
at::Tensor soft_cross_entropy(const at::Tensor& logits, const at::Tensor& targets);

/// (1 - smoothing) * (-log p[label]) + smoothing * mean over classes of -log p. labels I64 [n]. Without smoothing the
/// plain cross-entropy.
at::Tensor smoothed_cross_entropy(const at::Tensor& logits, const at::Tensor& labels, double smoothing);

}  // namespace gtsa::transfer
