#pragma once
// Hue, saturation and value in 8 bits as OpenCV has them (spec: segmentation, section 2.3): hue in steps of 2 degrees,
// 0..179. In place: the planes are then H, S, V instead of R, G, B.

#include "core/image/planes.h"

namespace gtsa::image {

/// Bit for bit.
void rgb_to_hsv(Planes& view);

/// Back, with OpenCV's float32 arithmetic. Its vector code truncates to 8 bits where its scalar code rounds: in each
/// row the first floor(width / 32) * 32 pixels are truncated, the others rounded (processors with 32-byte vectors).
/// Compared with OpenCV 4.6 over all hues, saturations and values: the former bit for bit, of the latter one value in
/// 200,000 differs by 1.
void hsv_to_rgb(Planes& view);

}  // namespace gtsa::image
