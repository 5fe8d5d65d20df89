#pragma once
// Antialiased resampling of 8-bit samples, bit-exact with Pillow 9.4 (src/libImaging/Resample.c; docs/method.md 1.3
// "Resize").

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gtsa::kernels {

/// Triangle of support 1, or Keys' cubic with a = -0.5 and support 2 (in source pixels when enlarging, in output pixels
/// else).
enum class Filter : uint8_t { bilinear, bicubic };

/// Where every output of one axis takes its inputs, and their weights in fixed point (22 bits; the sum is about 2^22).
struct ResampleAxis {
  int64_t outputs = 0;
  int64_t capacity = 0;          ///< taps kept for each output: a multiple of 4, weight 0 behind the last
  std::vector<int32_t> first;    ///< [outputs] index of the first input
  std::vector<int32_t> count;    ///< [outputs] taps in use
  std::vector<int32_t> weights;  ///< [outputs, capacity]
  /// [outputs, capacity] each weight as high * 2^15 + low: for multiply-adds of pairs of 16 bits.
  std::vector<int16_t> low;
  std::vector<int16_t> high;
  /// [outputs, capacity] each weight as d2 * 2^16 + d1 * 2^8 + d0: for multiply-adds of quadruples of 8 bits.
  std::array<std::vector<int8_t>, 3> digits;
};

/// The taps that map `inputs` samples onto `outputs`. Both at least 1.
ResampleAxis resample_axis(int64_t inputs, int64_t outputs, Filter filter);
/// Those of outputs [begin, end) alone.
ResampleAxis resample_axis(int64_t inputs, int64_t outputs, int64_t begin, int64_t end, Filter filter);

/// Rows behind the last one that resample_columns may read (never use), filling up the taps of an output to fours.
inline constexpr int64_t kRowsReadAhead = 3;

/// A pass down rows of `row_bytes` bytes: out[o][i] = clip8((sum_y weight[o][y] * in[y][i] + 2^21) >> 22). Strides in
/// bytes; `in` and `out` do not overlap. The pass across a picture is the same down its transpose.
void resample_columns(const uint8_t* in, ptrdiff_t in_stride, int64_t row_bytes, const ResampleAxis& axis, uint8_t* out,
                      ptrdiff_t out_stride);

namespace reference {
void resample_columns(const uint8_t* in, ptrdiff_t in_stride, int64_t row_bytes, const ResampleAxis& axis, uint8_t* out,
                      ptrdiff_t out_stride);
}  // namespace reference

}  // namespace gtsa::kernels
