#pragma once
// One pass of an extended box filter on bytes (Gwosdek et al., "Theoretical foundations of Gaussian convolution by
// extended box filtering", SSVM 2011), bit-exact with Pillow 9.4 (src/libImaging/BoxBlur.c; docs/method.md 1.3 "Blur").

#include <cstdint>

namespace gtsa::kernels {

/// A box of 2 * radius + 1 full samples and a fraction of one more on either side, in fixed point of 24 bits.
struct BoxWeights {
  int32_t radius = 0;
  uint32_t full = 1u << 24;  ///< weight of each full sample
  uint32_t edge = 0;         ///< weight of the two outermost
};

/// `radius` >= 0 in samples, its fraction included.
BoxWeights box_weights(float radius);

/// out[i] = (full * sum(lines[1..2r+1][i]) + edge * (lines[0][i] + lines[2r+2][i]) + 2^23) >> 24 for i in [0, count).
/// `lines` holds 2 * radius + 3 pointers to `count` bytes each: shifted views of one padded row, or rows above each
/// other. They may overlap one another, not `out`.
void box_filter(const uint8_t* const* lines, const BoxWeights& weights, int64_t count, uint8_t* out);

namespace reference {
void box_filter(const uint8_t* const* lines, const BoxWeights& weights, int64_t count, uint8_t* out);
}

}  // namespace gtsa::kernels
