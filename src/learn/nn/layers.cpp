#include "learn/nn/layers.h"

#include <ATen/ops/empty.h>

namespace gtsa::nn {

void Linear::walk(const Walk& visit) {
  visit("weight", weight);
  visit("bias", bias);
}

void LayerNorm::walk(const Walk& visit) {
  visit("weight", weight);
  visit("bias", bias);
}

void Conv2d::walk(const Walk& visit) {
  visit("weight", weight);
  if (bias.defined()) visit("bias", bias);
}

at::Tensor on_meta(std::initializer_list<int64_t> shape) {
  return at::empty(shape, at::TensorOptions().dtype(at::kFloat).device(at::kMeta));
}

Linear make_linear(int64_t in, int64_t out) { return {on_meta({out, in}), on_meta({out})}; }

LayerNorm make_layer_norm(int64_t width) { return {on_meta({width}), on_meta({width})}; }

Conv2d make_conv(int64_t in, int64_t out, int64_t kernel, bool with_bias) {
  return {on_meta({out, in, kernel, kernel}), with_bias ? on_meta({out}) : at::Tensor()};
}

}  // namespace gtsa::nn
