#include "learn/nn/heads.h"

#include <ATen/TensorOperators.h>

#include <string>

namespace gtsa::nn {

void ConvHead::walk(const Walk& visit) {
  for (size_t i = 0; i < blocks.size(); ++i) blocks[i].walk(under("blocks." + std::to_string(i) + ".0.", visit));
  proj.walk(under("proj.", visit));
}

ConvHead make_conv_head(const ConvHeadOptions& options) {
  ConvHead head;
  head.options = options;
  for (int64_t i = 0; i < options.blocks; ++i) {
    head.blocks.push_back(make_conv(i == 0 ? options.in : options.hidden, options.hidden, 3));
  }
  head.proj = make_conv(options.blocks == 0 ? options.in : options.hidden, options.out, 1);
  return head;
}

at::Tensor forward(const ConvHead& head, const at::Tensor& tokens, Grid grid) {
  at::Tensor x = tokens;
  for (const Conv2d& block : head.blocks) {
    const at::Tensor y = ops::norm_gelu(ops::conv(x, grid, block), kHeadNormEps);
    x = head.options.residual && x.size(2) == y.size(2) ? x + y : y;
  }
  return ops::conv(x, grid, head.proj);
}

void RotationHead::walk(const Walk& visit) {
  linear0.walk(under("0.", visit));
  norm1.walk(under("1.", visit));
  linear3.walk(under("3.", visit));
  norm4.walk(under("4.", visit));
  linear6.walk(under("6.", visit));
  norm7.walk(under("7.", visit));
  linear8.walk(under("8.", visit));
}

RotationHead make_rotation_head(const RotationHeadOptions& options) {
  constexpr int64_t kTurns = 4;
  RotationHead head;
  head.linear0 = make_linear(options.in, options.hidden);
  head.norm1 = make_layer_norm(options.hidden);
  head.linear3 = make_linear(options.hidden, options.hidden);
  head.norm4 = make_layer_norm(options.hidden);
  head.linear6 = make_linear(options.hidden, options.bottleneck);
  head.norm7 = make_layer_norm(options.bottleneck);
  head.linear8 = make_linear(options.bottleneck, kTurns);
  return head;
}

at::Tensor forward(const RotationHead& head, const at::Tensor& mean_token) {
  at::Tensor x = ops::linear(mean_token, head.linear0);
  x = ops::gelu(ops::layer_norm(x, head.norm1, kHeadNormEps));
  x = ops::linear(x, head.linear3);
  x = ops::gelu(ops::layer_norm(x, head.norm4, kHeadNormEps));
  x = ops::linear(x, head.linear6);
  x = ops::layer_norm(x, head.norm7, kHeadNormEps);
  return ops::linear(x, head.linear8);
}

}  // namespace gtsa::nn
