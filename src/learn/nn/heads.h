#pragma once
// What stands on the encoder during pretraining: projector, predictor (convolutional) and the rotation head.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "learn/nn/layers.h"
#include "learn/nn/ops.h"

namespace gtsa::nn {

inline constexpr double kHeadNormEps = 1e-5;

struct ConvHeadOptions {
  int64_t in = 384;
  int64_t hidden = 384;
  int64_t out = 768;
  int64_t blocks = 2;
  /// A block's input is added to its output where both have the same number of channels (projector: yes, predictor:
  /// no).
  bool residual = true;
};

/// Blocks of 3x3 convolution, LayerNorm over channels without scale and shift, GELU; then a 1x1 convolution.
struct ConvHead {
  ConvHeadOptions options;
  std::vector<Conv2d> blocks;  ///< names blocks.{i}.0.
  Conv2d proj;

  ConvHead() = default;
  ConvHead(ConvHead&&) = default;
  ConvHead& operator=(ConvHead&&) = default;
  void walk(const Walk& visit);
};

ConvHead make_conv_head(const ConvHeadOptions& options);

/// tokens [n, T, in] of maps on `grid` -> [n, T, out].
at::Tensor forward(const ConvHead& head, const at::Tensor& tokens, Grid grid);

struct RotationHeadOptions {
  int64_t in = 384;
  int64_t hidden = 768;
  int64_t bottleneck = 128;
};

/// Linear, LayerNorm, GELU, Linear, LayerNorm, GELU, Linear, LayerNorm, Linear to the four turns; names 0, 1, 3, 4, 6,
/// 7, 8, their places in the original's sequence.
struct RotationHead {
  Linear linear0, linear3, linear6, linear8;
  LayerNorm norm1, norm4, norm7;

  RotationHead() = default;
  RotationHead(RotationHead&&) = default;
  RotationHead& operator=(RotationHead&&) = default;
  void walk(const Walk& visit);
};

RotationHead make_rotation_head(const RotationHeadOptions& options);

/// Mean patch token [n, in] -> logits [n, 4], column = Turn.
at::Tensor forward(const RotationHead& head, const at::Tensor& mean_token);

}  // namespace gtsa::nn
