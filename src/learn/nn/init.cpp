#include "learn/nn/init.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <cmath>
#include <string>

namespace gtsa::nn {
namespace {

constexpr double kDeviation = 0.02;

template <class Draw>
void fill(at::Tensor& tensor, Draw draw) {
  const at::NoGradGuard no_grad;
  const at::Tensor values = at::empty(tensor.sizes(), at::kFloat);
  auto* data = values.data_ptr<float>();
  for (int64_t i = 0; i < values.numel(); ++i) data[i] = draw();
  tensor.copy_(values);
}

/// The framework's default of linear and convolutional layers: uniform within +-1/sqrt(fan_in).
void fill_uniform(at::Tensor& tensor, int64_t fan_in, Rng rng) {
  const float bound = static_cast<float>(1.0 / std::sqrt(static_cast<double>(fan_in)));
  fill(tensor, [&] { return rng.uniform(-bound, bound); });
}

bool is_bias(const std::string& name) { return name.ends_with("bias"); }

int64_t fan_in(const at::Tensor& weight) { return weight.numel() / weight.size(0); }
int64_t fan_out(const at::Tensor& weight) { return weight.numel() / weight.size(1); }

}  // namespace

void fill_normal(at::Tensor& tensor, double deviation, Rng rng) {
  fill(tensor, [&] { return static_cast<float>(deviation * rng.normal()); });
}

void fill_constant(at::Tensor& tensor, float value) {
  fill(tensor, [value] { return value; });
}

void init(Vit& vit, InitStreams& streams) {
  const int64_t patch_fan_in = fan_in(vit.patch_embed.proj.weight);
  vit.walk([&](const std::string& name, at::Tensor& tensor) {
    Rng rng = streams.next();
    if (name.starts_with("patch_embed.")) {
      fill_uniform(tensor, patch_fan_in, rng);
    } else if (tensor.dim() > 1) {
      fill_normal(tensor, kDeviation, rng);
    } else {
      fill_constant(tensor, is_bias(name) ? 0.0F : 1.0F);
    }
  });
}

void init(ConvHead& head, InitStreams& streams) {
  head.walk([&](const std::string& name, at::Tensor& tensor) {
    Rng rng = streams.next();
    if (is_bias(name)) {
      fill_constant(tensor, 0.0F);
    } else {
      fill_normal(tensor, kDeviation, rng);
    }
  });
}

void init(RotationHead& head, InitStreams& streams) {
  const auto init_linear = [&](Linear& layer) {
    const int64_t inputs = fan_in(layer.weight);
    fill_uniform(layer.weight, inputs, streams.next());
    fill_uniform(layer.bias, inputs, streams.next());
  };
  const auto init_norm = [&](LayerNorm& layer) {
    streams.next_tensor += 2;
    fill_constant(layer.weight, 1.0F);
    fill_constant(layer.bias, 0.0F);
  };
  init_linear(head.linear0);
  init_norm(head.norm1);
  init_linear(head.linear3);
  init_norm(head.norm4);
  init_linear(head.linear6);
  init_norm(head.norm7);
  init_linear(head.linear8);
}

void init(DinoHead& head, InitStreams& streams) {
  for (Linear* layer : {&head.mlp0, &head.mlp2, &head.mlp4}) {
    fill_normal(layer->weight, kDeviation, streams.next());
    streams.next_tensor += 1;
    fill_constant(layer->bias, 0.0F);
  }
  streams.next_tensor += 1;
  fill_constant(head.weight_g, 1.0F);
  fill_uniform(head.weight_v, fan_in(head.weight_v), streams.next());
}

void init(FpnNeck& neck, InitStreams& streams) {
  neck.walk([&](const std::string& name, at::Tensor& tensor) {
    Rng rng = streams.next();
    if (is_bias(name)) return fill_constant(tensor, 0.0F);
    const auto bound = static_cast<float>(std::sqrt(6.0 / static_cast<double>(fan_in(tensor) + fan_out(tensor))));
    fill(tensor, [&] { return rng.uniform(-bound, bound); });
  });
}

void init(FpnHead& head, InitStreams& streams) {
  constexpr double kClassifierDeviation = 0.01;
  head.walk([&](const std::string& name, at::Tensor& tensor) {
    Rng rng = streams.next();
    if (tensor.dim() == 1) return fill_constant(tensor, is_bias(name) ? 0.0F : 1.0F);
    const double kaiming = std::sqrt(2.0 / static_cast<double>(fan_out(tensor)));
    fill_normal(tensor, name.starts_with("conv_seg.") ? kClassifierDeviation : kaiming, rng);
  });
  head.walk_buffers([](const std::string& name, at::Tensor& tensor) {
    fill_constant(tensor, name.ends_with("running_var") ? 1.0F : 0.0F);
  });
}

}  // namespace gtsa::nn
