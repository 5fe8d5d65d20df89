#pragma once
// The loss of semantic segmentation.

#include <ATen/core/Tensor.h>

#include "learn/nn/pixel_loss.h"
#include "learn/transfer/segmenter.h"

namespace gtsa::transfer {

struct SegmentLoss {
  at::Tensor value;         ///< scalar
  nn::PixelCounts pixels;   ///< of the batch
};

/// Softmax cross-entropy of logits, interpolated bilinearly to the labels' size, I32 [n, height, width]; a pixel
/// without a class, negative, gives 0. A mean over all pixels, as the original has it, or over those with a class alone.
SegmentLoss segment_loss(const SegmentLogits& logits, const at::Tensor& labels, bool valid_mean = false);

}  // namespace gtsa::transfer
