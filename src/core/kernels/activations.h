#pragma once
// What lies between the matrix products of a transformer: bias and GELU in one pass, layer norm, and their gradients.
// Every function works on whole rows [rows, width] of float32; callers share rows out among threads. Levels agree to
// rounding (about 1e-6 of the values), not bit for bit: sums over a row are as wide as a vector.

#include <cstdint>

namespace gtsa::kernels {

/// x += bias, y = gelu(x) = x Phi(x) (exact, by erf). `bias` [width] may be null; y may be x, or lie apart from it.
void bias_gelu(float* x, const float* bias, int64_t rows, int64_t width, float* y);
/// dx = dy (Phi(x) + x phi(x)), in place of dy; dbias [width] += the rows' sum of dx, if it is not null.
void gelu_backward(const float* x, int64_t rows, int64_t width, float* dy, float* dbias);

/// Mean and 1 / sqrt(variance + eps) of a row, the variance biased.
struct RowMoments {
  float mean = 0;
  float scale = 1;
};

/// y = (x - mean) / sqrt(variance + eps) * weight + bias. `weight` and `bias` [width] may both be null; `moments`
/// [rows] may be null.
void layer_norm(const float* x, int64_t rows, int64_t width, const float* weight, const float* bias, float eps,
                float* y, RowMoments* moments);
/// dx of dy, which may be the same memory; dweight and dbias [width] += their sums over the rows (null with `weight`).
void layer_norm_backward(const float* x, const RowMoments* moments, int64_t rows, int64_t width, const float* weight,
                         const float* dy, float* dx, float* dweight, float* dbias);

/// sums [width] += the sum of the rows.
void add_rows(const float* x, int64_t rows, int64_t width, float* sums);

/// y = x + scale * (branch + bias); y may be x or branch.
void add_branch(const float* x, const float* branch, const float* bias, float scale, int64_t rows, int64_t width,
                float* y);

/// The formulas in double.
namespace reference {
void bias_gelu(float* x, const float* bias, int64_t rows, int64_t width, float* y);
void gelu_backward(const float* x, int64_t rows, int64_t width, float* dy, float* dbias);
void layer_norm(const float* x, int64_t rows, int64_t width, const float* weight, const float* bias, float eps,
                float* y, RowMoments* moments);
void layer_norm_backward(const float* x, const RowMoments* moments, int64_t rows, int64_t width, const float* weight,
                         const float* dy, float* dx, float* dweight, float* dbias);
void add_rows(const float* x, int64_t rows, int64_t width, float* sums);
void add_branch(const float* x, const float* branch, const float* bias, float scale, int64_t rows, int64_t width,
                float* y);
}  // namespace reference

}  // namespace gtsa::kernels
