#include "learn/nn/dino_head.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_vector_norm.h>

#include "learn/nn/ops.h"

namespace gtsa::nn {

void DinoHead::walk(const Walk& visit) {
  mlp0.walk(under("mlp.0.", visit));
  mlp2.walk(under("mlp.2.", visit));
  mlp4.walk(under("mlp.4.", visit));
  visit("last_layer.weight_g", weight_g);
  visit("last_layer.weight_v", weight_v);
}

DinoHead make_dino_head(const DinoHeadOptions& options) {
  DinoHead head;
  head.options = options;
  head.mlp0 = make_linear(options.in, options.hidden);
  head.mlp2 = make_linear(options.hidden, options.hidden);
  head.mlp4 = make_linear(options.hidden, options.bottleneck);
  head.weight_g = on_meta({options.out, 1});
  head.weight_v = on_meta({options.out, options.bottleneck});
  return head;
}

at::Tensor forward(const DinoHead& head, const at::Tensor& features) {
  constexpr double kLeastNorm = 1e-12;
  at::Tensor x = ops::gelu(ops::linear(features, head.mlp0));
  x = ops::gelu(ops::linear(x, head.mlp2));
  x = ops::linear(x, head.mlp4);
  x = x / at::linalg_vector_norm(x, 2, -1, true).clamp_min(kLeastNorm);
  // A norm that is not trained must not be reached by backward: the optimiser would count it as touched.
  const at::Tensor norms = head.options.norm_last_layer ? head.weight_g.detach() : head.weight_g;
  const at::Tensor prototypes = head.weight_v * (norms / at::linalg_vector_norm(head.weight_v, 2, 1, true));
  return ops::linear(x, {prototypes, {}});
}

}  // namespace gtsa::nn
