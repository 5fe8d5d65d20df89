#pragma once
// Normal numbers for the networks' tests.

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <cstdint>

#include "core/base/rng.h"

namespace gtsa::test {

/// A tensor of them, other ones for each `stream`.
inline at::Tensor normals(at::IntArrayRef shape, uint64_t stream) {
  Rng rng({7, 0, stream});
  at::Tensor tensor = at::empty(shape, at::kFloat);
  for (int64_t i = 0; i < tensor.numel(); ++i) tensor.data_ptr<float>()[i] = static_cast<float>(rng.normal());
  return tensor;
}

}  // namespace gtsa::test
