#pragma once
// Crop and resize with antialiasing, bit-exact with Pillow 9.4's crop().resize() (docs/method.md 1.3 "Resize").

#include "core/geometry/types.h"
#include "core/image/image.h"
#include "core/kernels/resample.h"

namespace gtsa::image {

using kernels::Filter;

/// The part `crop` of the picture, resized to `out`; filters do not see pixels outside the crop. `crop` lies inside the
/// picture and both are not empty (a bug if not). Scratch memory of one intermediate picture stays with the thread.
Image resized_crop(const Image& image, Rect crop, Size out, Filter filter);

/// The whole picture, resized.
Image resized(const Image& image, Size out, Filter filter);

/// The part `crop` as it is.
Image cropped(const Image& image, Rect crop);

}  // namespace gtsa::image
