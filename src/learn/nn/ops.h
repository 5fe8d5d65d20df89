#pragma once
// Forward functions that networks are written in: plain ATen calls with autograd through ATen, but for those that have
// kernels of ours for float32 on the CPU; these keep their plain version as `reference::`. Feature maps are tokens [n,
// rows * columns, channels], row by row: what the transformer gives, what the losses take, and channels-last in the
// convolution's eyes, so that no map is ever transposed.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "learn/nn/layers.h"

namespace gtsa::nn {

/// Rows and columns of a map of tokens.
struct Grid {
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t tokens() const { return rows * columns; }
  bool operator==(const Grid&) const = default;
};

namespace ops {

/// True where operations run kernels of ours: float32 in the CPU's memory. Elsewhere they run their plain version.
bool has_kernels(const at::Tensor& x);

/// x [.., in] -> [.., out].
at::Tensor linear(const at::Tensor& x, const Linear& layer);

/// Over the last axis, with the biased variance, scale and shift.
at::Tensor layer_norm(const at::Tensor& x, const LayerNorm& layer, double eps);
/// The same without scale and shift.
at::Tensor layer_norm(const at::Tensor& x, double eps);

/// x Phi(x), exact (erf).
at::Tensor gelu(const at::Tensor& x);

/// Patches of side p as rows, in the order of the embedding's weight (channel, row, column): images [n, c, height,
/// width] -> [n, (height/p) * (width/p), c * p * p]. What is left over at the right and at the bottom is dropped, as a
/// convolution of stride p would.
at::Tensor patches(const at::Tensor& images, int64_t p);

/// gelu(layer_norm(x)), the norm without scale and shift; keeps x alone for backward.
at::Tensor norm_gelu(const at::Tensor& x, double eps);

/// Convolution of kernel k x k (odd), stride 1, zero padding (k-1)/2: tokens [n, T, in] on `grid` -> [n, T, out]. 3 x 3
/// goes by Winograd's F(2x2, 3x3) (core/kernels/winograd.h).
at::Tensor conv(const at::Tensor& tokens, Grid grid, const Conv2d& layer);

/// Softmax attention. qkv [n, T, 3C]: the blocks q, k, v, each of them `heads` groups of C/heads consecutive channels;
/// scores are scaled by (C/heads)^-1/2. Returns [n, T, C], heads side by side.
at::Tensor attention(const at::Tensor& qkv, int64_t heads);

namespace reference {
at::Tensor linear(const at::Tensor& x, const Linear& layer);
at::Tensor conv(const at::Tensor& tokens, Grid grid, const Conv2d& layer);
}  // namespace reference

}  // namespace ops
}  // namespace gtsa::nn
