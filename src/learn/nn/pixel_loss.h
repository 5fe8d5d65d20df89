#pragma once
// Cross-entropy at the pixels of label maps, of logits at patches.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "learn/nn/ops.h"

namespace gtsa::nn {

/// Of pixels that have a class.
struct PixelCounts {
  int64_t correct = 0;   ///< of which no logit is above that of the class
  int64_t labelled = 0;
};

namespace ops {

/// Logits as tokens [n, T, K] on `grid` are interpolated bilinearly (align_corners = false) to the size of `labels` I32
/// [n, height, width]: the sum over all pixels with a class (0 <= label < K) of -log softmax(logits)[label], a scalar.
/// The others, negative, count 0. The logits of pixels are made a row at a time and never kept; the gradient is made on
/// the way, where one is wanted.
at::Tensor pixel_cross_entropy(const at::Tensor& tokens, Grid grid, const at::Tensor& labels, PixelCounts& counts);

namespace reference {
at::Tensor pixel_cross_entropy(const at::Tensor& tokens, Grid grid, const at::Tensor& labels, PixelCounts& counts);
}  // namespace reference

}  // namespace ops
}  // namespace gtsa::nn
