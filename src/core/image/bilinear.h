#pragma once
// Bilinear resizing as OpenCV does it with 8-bit pixels (spec: segmentation, section 2.3), bit for bit: two samples an
// axis whatever the scale, so nothing is averaged when shrinking, with weights of 11 bits.

#include "core/geometry/types.h"
#include "core/image/image.h"
#include "core/image/planes.h"

namespace gtsa::image {

/// The picture brought to `out`, at least 1 x 1.
Image resized_bilinear(const Image& image, Size out);

/// The part `crop` of what the picture brought to `out` would be, mirrored if `flip`, without making the rest of it.
/// `crop` lies inside `out`. Scratch memory stays with the thread.
void resize_bilinear(const Image& image, Size out, const Rect& crop, bool flip, Planes& view);

}  // namespace gtsa::image
