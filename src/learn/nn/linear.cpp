// Linear layers by core/kernels/product, forward and backward.

#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>
#include <torch/csrc/autograd/custom_function.h>

#include "learn/nn/ops.h"
#include "learn/nn/products.h"

namespace gtsa::nn::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// x [rows, in] -> [rows, out].
struct Affine : torch::autograd::Function<Affine> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const c10::optional<at::Tensor>& bias) {
    context->save_for_backward({x, weight});
    context->saved_data["biased"] = bias.has_value();
    return bias ? addmm(*bias, x, weight.t()) : mm(x, weight.t());
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], dy = gradients[0].contiguous();
    // A bias that is none does not count among the inputs.
    const bool wants_bias = context->saved_data["biased"].toBool() && context->needs_input_grad(2);
    return {context->needs_input_grad(0) ? mm(dy, weight) : at::Tensor(),
            context->needs_input_grad(1) ? mm(dy.t(), x) : at::Tensor(), wants_bias ? dy.sum(0) : at::Tensor()};
  }
};

}  // namespace

at::Tensor linear(const at::Tensor& x, const Linear& layer) {
  if (!has_kernels(x) || !has_kernels(layer.weight)) return reference::linear(x, layer);
  // An undefined tensor is no argument of a function of autograd.
  const auto bias = layer.bias.defined() ? c10::optional<at::Tensor>(layer.bias) : c10::nullopt;
  std::vector<int64_t> sizes = x.sizes().vec();
  const at::Tensor rows = x.reshape({-1, sizes.back()});
  sizes.back() = layer.weight.size(0);
  return Affine::apply(rows, layer.weight, bias).view(sizes);
}

namespace reference {

at::Tensor linear(const at::Tensor& x, const Linear& layer) { return at::linear(x, layer.weight, layer.bias); }

}  // namespace reference
}  // namespace gtsa::nn::ops
