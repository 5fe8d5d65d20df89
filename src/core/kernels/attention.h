#pragma once
// Softmax attention straight from the product of the q, k and v layers, without copies: heads are read where they lie,
// and the weights of one head live in a thread's cache only. Backward computes them again from their row sums.
//
// qkv is [samples, tokens, 3, heads, head_dim], out is [samples, tokens, heads, head_dim]:
//   out = softmax(q k^T / sqrt(head_dim)) v.

#include <cstdint>

namespace gtsa::kernels {

struct AttentionShape {
  int64_t samples = 0;
  int64_t tokens = 0;
  int64_t heads = 0;
  int64_t head_dim = 0;
  /// Units of work: heads of samples, sample by sample. Callers share them out among threads.
  int64_t units() const { return samples * heads; }
};

/// Units [first, last). `log_sums` [samples, heads, tokens] receives the logarithm of each row's sum of exponentials,
/// for backward; null if nobody wants them.
void attention(const AttentionShape& shape, int64_t first, int64_t last, const float* qkv, float* out, float* log_sums);

/// dqkv of dout, and out once more, so that nobody has to keep it; overwrites the units' parts of both.
void attention_backward(const AttentionShape& shape, int64_t first, int64_t last, const float* qkv, float* out,
                        const float* log_sums, const float* dout, float* dqkv);

/// Plain loops.
namespace reference {
void attention(const AttentionShape& shape, int64_t first, int64_t last, const float* qkv, float* out, float* log_sums);
void attention_backward(const AttentionShape& shape, int64_t first, int64_t last, const float* qkv, float* out,
                        const float* log_sums, const float* dout, float* dqkv);
}  // namespace reference

}  // namespace gtsa::kernels
