#pragma once
// A transformer block's two residual branches (pre-norm, Dosovitskiy et al. 2021), each one operation to autograd: it
// keeps what backward cannot cheaply make again, skips samples whose branch is dropped, and adds bias, GELU and
// residual in the passes that are made anyway. `reference::` has the same as plain ATen calls.

#include <ATen/core/Tensor.h>

#include "learn/nn/layers.h"

namespace gtsa::nn {

struct Attention {
  Linear qkv, proj;  ///< rows of qkv: the blocks q, k, v
  void walk(const Walk& visit);
};

struct Mlp {
  Linear fc1, fc2;  ///< C -> 4C -> C
  void walk(const Walk& visit);
};

struct Block {
  LayerNorm norm1;
  Attention attn;
  LayerNorm norm2;
  Mlp mlp;
  void walk(const Walk& visit);
};

namespace ops {

/// How a residual branch is taken part in.
struct BranchOptions {
  int64_t heads = 1;       ///< of the attention branch
  double eps = 1e-6;       ///< of its norm
  at::Tensor kept;         ///< I64 [k] on the CPU: samples that keep the branch, ascending; undefined: all
  double scale = 1;        ///< factor on the branch: 1 / (1 - rate)
  bool recompute = false;  ///< keep nothing but the input for backward, and make the rest again (checkpointing)
};

/// x + scale * proj(attention(qkv(norm(x)))) for the kept samples of x [n, T, C], x for the others.
at::Tensor attention_branch(const at::Tensor& x, const LayerNorm& norm, const Attention& layers,
                            const BranchOptions& options);
/// x + scale * fc2(gelu(fc1(norm(x)))), likewise.
at::Tensor mlp_branch(const at::Tensor& x, const LayerNorm& norm, const Mlp& layers, const BranchOptions& options);

namespace reference {
at::Tensor attention_branch(const at::Tensor& x, const LayerNorm& norm, const Attention& layers,
                            const BranchOptions& options);
at::Tensor mlp_branch(const at::Tensor& x, const LayerNorm& norm, const Mlp& layers, const BranchOptions& options);
}  // namespace reference

}  // namespace ops
}  // namespace gtsa::nn
