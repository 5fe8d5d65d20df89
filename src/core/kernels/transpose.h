#pragma once
// Rows of bytes become columns. Passes across a picture run as passes down its transpose, where every vector holds
// neighbours in memory.

#include <cstddef>
#include <cstdint>

namespace gtsa::kernels {

/// out[x][y] = in[y][x] for `rows` rows of `columns` bytes. Strides in bytes; `in` and `out` do not overlap.
void transpose(const uint8_t* in, ptrdiff_t in_stride, int64_t rows, int64_t columns, uint8_t* out,
               ptrdiff_t out_stride);

namespace reference {
void transpose(const uint8_t* in, ptrdiff_t in_stride, int64_t rows, int64_t columns, uint8_t* out,
               ptrdiff_t out_stride);
}

}  // namespace gtsa::kernels
