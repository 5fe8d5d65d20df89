// Convolution of tokens by Winograd's F(2x2, 3x3), and what follows it in the heads: norm and GELU as one operation.

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/kernels/activations.h"
#include "core/kernels/winograd.h"
#include "learn/nn/ops.h"
#include "learn/nn/products.h"

namespace gtsa::nn::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

kernels::WinogradMaps maps_of(const at::Tensor& tokens, Grid grid, int64_t channels) {
  return {tokens.size(0), grid.rows, grid.columns, channels};
}

/// Calls transform(images) for ranges of a batch's images, on the team.
template <class Transform>
void over_images(const kernels::WinogradMaps& maps, const Transform& transform) {
  parallel_for(maps.images, 1, [&](int64_t first, int64_t last) { transform(kernels::ImageRange{first, last}); });
}

at::Tensor matrices(const kernels::WinogradMaps& maps, const at::Tensor& like) {
  return at::empty({kernels::kWinogradProducts, maps.tiles(), maps.channels}, like.options());
}

at::Tensor transformed_input(const kernels::WinogradMaps& maps, const at::Tensor& tokens) {
  const at::Tensor v = matrices(maps, tokens);
  over_images(maps, [&](kernels::ImageRange images) {
    kernels::winograd_input(maps, images, tokens.data_ptr<float>(), v.data_ptr<float>());
  });
  return v;
}

/// [16, out, in]
at::Tensor transformed_weight(const at::Tensor& weight) {
  const int64_t out = weight.size(0), in = weight.size(1), pairs = out * in;
  const at::Tensor u = at::empty({kernels::kWinogradProducts, out, in}, weight.options());
  parallel_for(pairs, 1 << 12, [&](int64_t first, int64_t last) {
    kernels::winograd_weight(pairs, first, last, weight.data_ptr<float>(), u.data_ptr<float>());
  });
  return u;
}

at::Tensor conv_forward(const at::Tensor& tokens, Grid grid, const at::Tensor& weight, const at::Tensor& bias) {
  const at::Tensor m =
      bmm(transformed_input(maps_of(tokens, grid, weight.size(1)), tokens), transformed_weight(weight).transpose(1, 2));
  const auto maps = maps_of(tokens, grid, weight.size(0));
  const at::Tensor y = at::empty({tokens.size(0), grid.tokens(), weight.size(0)}, tokens.options());
  over_images(maps, [&](kernels::ImageRange images) {
    kernels::winograd_output(maps, images, m.data_ptr<float>(), bias.data_ptr<float>(), y.data_ptr<float>());
  });
  return y;
}

/// Gradients of tokens and bias (undefined unless wanted) and of weight.
variable_list conv_gradients(const at::Tensor& tokens, Grid grid, const at::Tensor& weight, const at::Tensor& dy,
                             bool wants_tokens, bool wants_bias) {
  const auto in = maps_of(tokens, grid, weight.size(1)), out = maps_of(tokens, grid, weight.size(0));
  const at::Tensor dm = matrices(out, dy);
  over_images(out, [&](kernels::ImageRange images) {
    kernels::winograd_output_adjoint(out, images, dy.data_ptr<float>(), dm.data_ptr<float>());
  });
  const at::Tensor du = bmm(dm.transpose(1, 2), transformed_input(in, tokens));
  const at::Tensor dweight = at::empty_like(weight);
  const int64_t pairs = weight.size(0) * weight.size(1);
  parallel_for(pairs, 1 << 12, [&](int64_t first, int64_t last) {
    kernels::winograd_weight_adjoint(pairs, first, last, du.data_ptr<float>(), dweight.data_ptr<float>());
  });
  at::Tensor dtokens;
  if (wants_tokens) {
    const at::Tensor dv = bmm(dm, transformed_weight(weight));
    dtokens = at::empty_like(tokens);
    over_images(in, [&](kernels::ImageRange images) {
      kernels::winograd_input_adjoint(in, images, dv.data_ptr<float>(), dtokens.data_ptr<float>());
    });
  }
  return {dtokens, dweight, wants_bias ? dy.sum(at::IntArrayRef{0, 1}) : at::Tensor()};
}

struct Convolution : torch::autograd::Function<Convolution> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& tokens, const at::Tensor& weight,
                            const at::Tensor& bias, Grid grid) {
    context->save_for_backward({tokens, weight});
    context->saved_data["rows"] = grid.rows;
    context->saved_data["columns"] = grid.columns;
    return conv_forward(tokens, grid, weight, bias);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Grid grid{context->saved_data["rows"].toInt(), context->saved_data["columns"].toInt()};
    variable_list result = conv_gradients(saved[0], grid, saved[1], gradients[0].contiguous(),
                                          context->needs_input_grad(0), context->needs_input_grad(2));
    result.emplace_back();  // the grid has none
    return result;
  }
};

/// gelu(norm(x)) of rows, the norm without scale and shift.
struct NormGelu : torch::autograd::Function<NormGelu> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, double eps) {
    context->save_for_backward({x});
    context->saved_data["eps"] = eps;
    return compute(x, eps);
  }

  static at::Tensor compute(const at::Tensor& x, double eps) {
    const int64_t width = x.size(-1);
    const at::Tensor y = at::empty_like(x);
    const float* from = x.data_ptr<float>();
    float* to = y.data_ptr<float>();
    parallel_for(x.numel() / width, 1, [&](int64_t begin, int64_t end) {
      float* rows = to + begin * width;
      kernels::layer_norm(from + begin * width, end - begin, width, nullptr, nullptr, static_cast<float>(eps), rows,
                          nullptr);
      kernels::bias_gelu(rows, nullptr, end - begin, width, rows);
    });
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor x = context->get_saved_variables()[0];
    const auto eps = static_cast<float>(context->saved_data["eps"].toDouble());
    const int64_t width = x.size(-1);
    const at::Tensor dx = gradients[0].clone(at::MemoryFormat::Contiguous);
    const float* from = x.data_ptr<float>();
    float* to = dx.data_ptr<float>();
    // A few rows at a time, whose norm is made again and stays in the cache.
    constexpr int64_t kRows = 16;
    parallel_for(x.numel() / width, kRows, [&](int64_t begin, int64_t end) {
      std::vector<float> normed(static_cast<size_t>(kRows * width));
      kernels::RowMoments moments[kRows];
      for (int64_t row = begin; row < end; row += kRows) {
        const int64_t count = std::min(kRows, end - row);
        const float* rows = from + row * width;
        kernels::layer_norm(rows, count, width, nullptr, nullptr, eps, normed.data(), moments);
        kernels::gelu_backward(normed.data(), count, width, to + row * width, nullptr);
        kernels::layer_norm_backward(rows, moments, count, width, nullptr, to + row * width, to + row * width, nullptr,
                                     nullptr);
      }
    });
    return {dx, at::Tensor()};
  }
};

}  // namespace

at::Tensor conv(const at::Tensor& tokens, Grid grid, const Conv2d& layer) {
  GTSA_CHECK(tokens.size(1) == grid.tokens(), "{} tokens on a grid of {} x {}", tokens.size(1), grid.rows,
             grid.columns);
  if (layer.weight.size(2) == 1) return linear(tokens, {layer.weight.flatten(1), layer.bias});
  if (layer.weight.size(2) != 3 || !has_kernels(tokens)) return reference::conv(tokens, grid, layer);
  const at::Tensor bias = layer.bias.defined() ? layer.bias : at::zeros({layer.weight.size(0)}, tokens.options());
  return Convolution::apply(tokens.contiguous(), layer.weight, bias, grid);
}

at::Tensor norm_gelu(const at::Tensor& x, double eps) {
  return has_kernels(x) ? NormGelu::apply(x.contiguous(), eps) : gelu(layer_norm(x, eps));
}

}  // namespace gtsa::nn::ops
