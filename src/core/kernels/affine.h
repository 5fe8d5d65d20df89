#pragma once
// Affine transforms of 8-bit pictures, bit-exact with Pillow 9.4's Image.transform (src/libImaging/Geometry.c).

#include <array>
#include <cstdint>

#include "core/kernels/resample.h"

namespace gtsa::kernels {

/// Pixels of four bytes, rows without gaps: red, green, blue and one that nobody looks at.
struct RgbxSize {
  int64_t width = 0;
  int64_t height = 0;
};
using Rgbx = std::array<uint8_t, 4>;

/// Where an output pixel comes from: its centre (x, y) has its source at (m0 x + m1 y + m2, m3 x + m4 y + m5).
using AffineMap = std::array<double, 6>;

/// out and in: [height, width] pixels of four bytes; they do not overlap. A source outside the picture gives `fill`.
/// Else, half a pixel up and to the left, the four (bilinear) or sixteen (bicubic, Keys' cubic with a = -1) pixels
/// about it are interpolated in float64, along rows first, border pixels repeated; the result is clipped and truncated.
void affine(const uint8_t* in, RgbxSize size, const AffineMap& map, Filter filter, Rgbx fill, uint8_t* out);

namespace reference {
void affine(const uint8_t* in, RgbxSize size, const AffineMap& map, Filter filter, Rgbx fill, uint8_t* out);
}

}  // namespace gtsa::kernels
