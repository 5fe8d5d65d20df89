#pragma once
// Hue, saturation and value on planes of 8 bits, in place, as OpenCV has them (spec: segmentation, section 2.3). Hue is
// in steps of 2 degrees.

#include <cstdint>

#include "core/kernels/colour.h"

namespace gtsa::kernels {

/// The planes R, G, B become H (0..179), S, V. Integer arithmetic on 12 bits behind the point.
void rgb_to_hsv(const Channels& planes, int64_t pixels);

/// The planes H, S, V become R, G, B: float32, then truncated to 8 bits, or else rounded to nearest. Any hue is taken,
/// around the circle.
void hsv_to_rgb(const Channels& planes, int64_t pixels, bool truncate);

namespace reference {
void rgb_to_hsv(const Channels& planes, int64_t pixels);
void hsv_to_rgb(const Channels& planes, int64_t pixels, bool truncate);
}  // namespace reference

}  // namespace gtsa::kernels
