#include "learn/nn/ops.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>

#include <cmath>

namespace gtsa::nn::ops {

bool has_kernels(const at::Tensor& x) { return x.device().is_cpu() && x.scalar_type() == at::kFloat; }

at::Tensor layer_norm(const at::Tensor& x, const LayerNorm& layer, double eps) {
  return at::layer_norm(x, {x.size(-1)}, layer.weight, layer.bias, eps);
}

at::Tensor layer_norm(const at::Tensor& x, double eps) { return at::layer_norm(x, {x.size(-1)}, {}, {}, eps); }

at::Tensor gelu(const at::Tensor& x) { return at::gelu(x); }

at::Tensor patches(const at::Tensor& images, int64_t p) {
  const int64_t n = images.size(0), channels = images.size(1);
  const int64_t rows = images.size(2) / p, columns = images.size(3) / p;
  return images.narrow(2, 0, rows * p)
      .narrow(3, 0, columns * p)
      .unflatten(3, {columns, p})
      .unflatten(2, {rows, p})
      .permute({0, 2, 4, 1, 3, 5})
      .reshape({n, rows * columns, channels * p * p});
}

at::Tensor attention(const at::Tensor& qkv, int64_t heads) {
  const int64_t n = qkv.size(0), tokens = qkv.size(1), width = qkv.size(2) / 3;
  const auto parts = qkv.view({n, tokens, 3, heads, width / heads}).permute({2, 0, 3, 1, 4}).unbind(0);
  const double scale = 1.0 / std::sqrt(static_cast<double>(width / heads));
  const at::Tensor scores = at::matmul(parts[0] * scale, parts[1].transpose(-2, -1));
  return at::matmul(at::softmax(scores, -1), parts[2]).transpose(1, 2).reshape({n, tokens, width});
}

namespace reference {

at::Tensor conv(const at::Tensor& tokens, Grid grid, const Conv2d& layer) {
  const int64_t kernel = layer.weight.size(2), out = layer.weight.size(0);
  if (kernel == 1) return linear(tokens, {layer.weight.flatten(1), layer.bias});
  const at::Tensor map = tokens.unflatten(1, {grid.rows, grid.columns}).permute({0, 3, 1, 2});
  const at::Tensor result = at::conv2d(map, layer.weight, layer.bias, 1, (kernel - 1) / 2);
  return result.permute({0, 2, 3, 1}).reshape({tokens.size(0), grid.tokens(), out});
}

}  // namespace reference
}  // namespace gtsa::nn::ops
