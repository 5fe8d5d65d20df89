#pragma once

#include "core/image/planes.h"

namespace gtsa::image {

/// Gaussian blur in place as Pillow 9.4 makes it: three passes of an extended box filter along rows, then three along
/// columns, 8-bit rounding after each, edge pixels repeated (docs/method.md 1.3 "Blur"). `radius`, in pixels, is the
/// standard deviation; >= 0. Scratch memory stays with the thread.
void gaussian_blur(Planes& view, float radius);

}  // namespace gtsa::image
