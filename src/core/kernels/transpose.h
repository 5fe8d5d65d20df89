#pragma once
// Rows become columns. Passes across a picture run as passes down its transpose, where every vector holds neighbours in
// memory; products of matrices run faster where both lie row by row.

#include <cstddef>
#include <cstdint>

namespace gtsa::kernels {

/// out[x][y] = in[y][x] for `rows` rows of `columns` values. Strides in values; `in` and `out` do not overlap.
void transpose(const uint8_t* in, ptrdiff_t in_stride, int64_t rows, int64_t columns, uint8_t* out,
               ptrdiff_t out_stride);
void transpose(const float* in, ptrdiff_t in_stride, int64_t rows, int64_t columns, float* out, ptrdiff_t out_stride);

namespace reference {
template <class T>
void transpose(const T* in, ptrdiff_t in_stride, int64_t rows, int64_t columns, T* out, ptrdiff_t out_stride) {
  for (int64_t y = 0; y < rows; ++y) {
    for (int64_t x = 0; x < columns; ++x) out[x * out_stride + y] = in[y * in_stride + x];
  }
}
}  // namespace reference

}  // namespace gtsa::kernels
