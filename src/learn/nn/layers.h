#pragma once
// The layers that networks are made of: tensors and nothing else. Constructed on the meta device (shapes without
// memory); nn::bind gives them memory, init.h or a file gives them values.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <initializer_list>

#include "learn/nn/walk.h"

namespace gtsa::nn {

/// y = x weight^T + bias. weight [out, in], bias [out].
struct Linear {
  at::Tensor weight, bias;
  void walk(const Walk& visit);
};

/// Normalisation over the last axis, then scale and shift. weight, bias [width].
struct LayerNorm {
  at::Tensor weight, bias;
  void walk(const Walk& visit);
};

/// Convolution with stride 1 and padding that keeps the grid, or (patch embedding) stride = kernel.
/// weight [out, in, kernel, kernel], bias [out] or undefined: none.
struct Conv2d {
  at::Tensor weight, bias;
  void walk(const Walk& visit);
};

/// A float32 tensor on the meta device.
at::Tensor on_meta(std::initializer_list<int64_t> shape);
Linear make_linear(int64_t in, int64_t out);
LayerNorm make_layer_norm(int64_t width);
Conv2d make_conv(int64_t in, int64_t out, int64_t kernel, bool with_bias = true);

}  // namespace gtsa::nn
