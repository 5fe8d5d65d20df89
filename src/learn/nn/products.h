#pragma once
// Matrix products of tensors: by core/kernels/product for float32 in the CPU's memory, by ATen for everything else.
// None of them is seen by autograd: they are for forwards and backwards written by hand (ops::linear is the one that
// learns).

#include <ATen/core/Tensor.h>

namespace gtsa::nn::ops {

/// a [m, k] b [k, n]. Transposed views (`.t()`) are multiplied where they lie.
at::Tensor mm(const at::Tensor& a, const at::Tensor& b);

/// The same into `out` [m, n], which lies row by row.
void mm_out(at::Tensor& out, const at::Tensor& a, const at::Tensor& b);

/// a b + bias [n] on every row.
at::Tensor addmm(const at::Tensor& bias, const at::Tensor& a, const at::Tensor& b);

/// a [p, m, k], b [p, k, n]: p products, one after the other.
at::Tensor bmm(const at::Tensor& a, const at::Tensor& b);

}  // namespace gtsa::nn::ops
