#pragma once
// Networks are plain structs of tensors; `walk` names every parameter in the original's order. All that loads, saves,
// lays out, initialises or lists parameters is a visitor.

#include <ATen/core/Tensor.h>

#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace gtsa::nn {

/// Called once for each parameter, with its name in the original's state dict and the tensor itself, which may be
/// replaced.
using Walk = std::function<void(const std::string& name, at::Tensor& tensor)>;

/// A network seen only as the sequence of its parameters.
using Parameters = std::function<void(const Walk&)>;

template <class Network>
concept Walkable = requires(Network& network, const Walk& visit) {
  network.walk(visit);
};

/// `visit` with `prefix` put before each name: blocks[i].walk(under("blocks.0.", visit)).
inline Walk under(std::string prefix, const Walk& visit) {
  return [prefix = std::move(prefix), &visit](const std::string& name, at::Tensor& tensor) {
    visit(prefix + name, tensor);
  };
}

/// The parameters of `network`, which must outlive what is returned.
template <Walkable Network>
Parameters parameters(Network& network) {
  return [&network](const Walk& visit) { network.walk(visit); };
}

/// How many tensors and how many values a network has (the meta device will do).
struct ParameterCount {
  int64_t tensors = 0;
  int64_t values = 0;
};

template <Walkable Network>
ParameterCount count_parameters(Network& network) {
  ParameterCount count;
  network.walk([&](const std::string&, at::Tensor& tensor) {
    ++count.tensors;
    count.values += tensor.numel();
  });
  return count;
}

}  // namespace gtsa::nn
