#pragma once

#include "core/image/image.h"

namespace gtsa::image {

/// Gaussian blur in place as Pillow 9.4 makes it: three passes of an extended box filter along rows, then three along
/// columns, 8-bit rounding after each, edge pixels repeated (docs/method.md 1.3 "Blur"). `radius`, in pixels, is the
/// standard deviation; >= 0.
void gaussian_blur(Image& image, float radius);

}  // namespace gtsa::image
