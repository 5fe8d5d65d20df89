#pragma once
// Golden vectors as tensors. For tests of rooms that know LibTorch; header only, so that the others need not link it.

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "learn/nn/walk.h"
#include "support/golden.h"

namespace gtsa::test {

/// A recorded tensor: float32 from F32 and F64, int64 from whole numbers.
inline at::Tensor golden_tensor(const Golden& golden, const std::string& name) {
  const auto fill = [&](const auto& values, at::ScalarType type) {
    at::Tensor tensor = at::empty(golden.shape(name), type);
    std::copy(values.begin(), values.end(), tensor.data_ptr<typename std::decay_t<decltype(values)>::value_type>());
    return tensor;
  };
  const formats::Dtype dtype = golden.dtype(name);
  if (dtype == formats::Dtype::f32 || dtype == formats::Dtype::f64) return fill(golden.values<float>(name), at::kFloat);
  return fill(golden.values<int64_t>(name), at::kLong);
}

/// Copies `prefix` + NAME into each bound parameter NAME.
inline void load_golden(const Golden& golden, const std::string& prefix, const nn::Parameters& network) {
  const at::NoGradGuard no_grad;
  network([&](const std::string& name, at::Tensor& tensor) {
    const at::Tensor recorded = golden_tensor(golden, prefix + name);
    ASSERT_EQ(recorded.sizes(), tensor.sizes()) << name;
    tensor.copy_(recorded);
  });
}

/// Largest difference of two tensors of the same shape (0 of empty ones).
inline double max_difference(const at::Tensor& got, const at::Tensor& want) {
  EXPECT_EQ(got.sizes(), want.sizes());
  if (got.sizes() != want.sizes()) return 1e30;
  return got.numel() == 0 ? 0.0
                          : (got.detach().to(at::kDouble) - want.detach().to(at::kDouble)).abs().max().item<double>();
}

/// Norm of the difference over the norm of `want`.
inline double relative_difference(const at::Tensor& got, const at::Tensor& want) {
  EXPECT_EQ(got.sizes(), want.sizes());
  if (got.sizes() != want.sizes()) return 1e30;
  const at::Tensor difference = got.detach().to(at::kDouble) - want.detach().to(at::kDouble);
  return difference.norm().item<double>() / std::max(want.to(at::kDouble).norm().item<double>(), 1e-30);
}

/// A bound network's parameters by name.
inline std::map<std::string, at::Tensor> by_name(const nn::Parameters& network) {
  std::map<std::string, at::Tensor> tensors;
  network([&](const std::string& name, at::Tensor& tensor) { tensors[name] = tensor; });
  return tensors;
}

}  // namespace gtsa::test
