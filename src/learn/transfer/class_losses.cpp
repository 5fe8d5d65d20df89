#include "learn/transfer/class_losses.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/log_softmax.h>

namespace gtsa::transfer {

at::Tensor soft_cross_entropy(const at::Tensor& logits, const at::Tensor& targets) {
  return -(targets * at::log_softmax(logits, 1)).sum(1).mean();
}

at::Tensor smoothed_cross_entropy(const at::Tensor& logits, const at::Tensor& labels, double smoothing) {
  const at::Tensor log_p = at::log_softmax(logits, 1);
  const at::Tensor of_label = -log_p.gather(1, labels.unsqueeze(1)).mean();
  if (smoothing == 0) return of_label;
  return (1 - smoothing) * of_label - smoothing * log_p.mean();
}

}  // namespace gtsa::transfer
