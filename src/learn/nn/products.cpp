#include "learn/nn/products.h"

#include <ATen/ops/addmm.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/kernels/product.h"
#include "learn/nn/ops.h"

namespace gtsa::nn::ops {
namespace {

/// A matrix as the kernel takes it; `memory` receives a copy of one that lies neither row by row nor column by column.
kernels::Factor factor_of(const at::Tensor& matrix, at::Tensor& memory) {
  const int64_t rows = matrix.size(0), columns = matrix.size(1);
  const auto lies = [](int64_t inner_step, int64_t inner, int64_t step, int64_t lines) {
    return (inner_step == 1 || inner <= 1) && (step >= inner || lines <= 1);
  };
  if (lies(matrix.stride(1), columns, matrix.stride(0), rows)) {
    return {matrix.data_ptr<float>(), std::max({matrix.stride(0), columns, int64_t{1}})};
  }
  if (lies(matrix.stride(0), rows, matrix.stride(1), columns)) {
    return {matrix.data_ptr<float>(), std::max({matrix.stride(1), rows, int64_t{1}}), true};
  }
  memory = matrix.contiguous();
  return {memory.data_ptr<float>(), columns};
}

/// c [m, n] = a b + beta c.
void multiply(const at::Tensor& a, const at::Tensor& b, float beta, const at::Tensor& c) {
  GTSA_CHECK(a.size(1) == b.size(0), "a product of {} x {} and {} x {}", a.size(0), a.size(1), b.size(0), b.size(1));
  at::Tensor copy_of_a, copy_of_b;
  const kernels::ProductShape shape{a.size(0), b.size(1), a.size(1)};
  kernels::product(shape, 1, factor_of(a, copy_of_a), factor_of(b, copy_of_b), beta, c.data_ptr<float>(), b.size(1));
}

bool has_kernels(const at::Tensor& a, const at::Tensor& b) { return ops::has_kernels(a) && ops::has_kernels(b); }

}  // namespace

at::Tensor mm(const at::Tensor& a, const at::Tensor& b) {
  if (!has_kernels(a, b)) return at::mm(a, b);
  at::Tensor out = at::empty({a.size(0), b.size(1)}, a.options());
  multiply(a, b, 0, out);
  return out;
}

void mm_out(at::Tensor& out, const at::Tensor& a, const at::Tensor& b) {
  if (!has_kernels(a, b)) {
    at::mm_out(out, a, b);
    return;
  }
  GTSA_CHECK(out.is_contiguous() && out.size(0) == a.size(0) && out.size(1) == b.size(1),
             "a product of {} x {} does not fit where it is wanted", a.size(0), b.size(1));
  multiply(a, b, 0, out);
}

at::Tensor addmm(const at::Tensor& bias, const at::Tensor& a, const at::Tensor& b) {
  if (!has_kernels(a, b)) return at::addmm(bias, a, b);
  at::Tensor out = bias.expand({a.size(0), b.size(1)}).clone(at::MemoryFormat::Contiguous);
  multiply(a, b, 1, out);
  return out;
}

at::Tensor bmm(const at::Tensor& a, const at::Tensor& b) {
  if (!has_kernels(a, b)) return at::bmm(a, b);
  at::Tensor out = at::empty({a.size(0), a.size(1), b.size(2)}, a.options());
  for (int64_t i = 0; i < a.size(0); ++i) multiply(a.select(0, i), b.select(0, i), 0, out.select(0, i));
  return out;
}

}  // namespace gtsa::nn::ops
