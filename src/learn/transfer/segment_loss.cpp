#include "learn/transfer/segment_loss.h"

#include <ATen/TensorOperators.h>

#include <algorithm>

namespace gtsa::transfer {

SegmentLoss segment_loss(const SegmentLogits& logits, const at::Tensor& labels, bool valid_mean) {
  SegmentLoss loss;
  const at::Tensor sum = nn::ops::pixel_cross_entropy(logits.tokens, logits.grid, labels, loss.pixels);
  const int64_t pixels = valid_mean ? std::max<int64_t>(1, loss.pixels.labelled) : labels.numel();
  loss.value = sum / static_cast<double>(pixels);
  return loss;
}

}  // namespace gtsa::transfer
