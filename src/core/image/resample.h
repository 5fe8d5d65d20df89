#pragma once
// Crop and resize with antialiasing, bit-exact with Pillow 9.4's crop().resize() (docs/method.md 1.3 "Resize").

#include "core/geometry/types.h"
#include "core/image/columns.h"
#include "core/image/image.h"
#include "core/image/planes.h"
#include "core/kernels/resample.h"

namespace gtsa::image {

using kernels::Filter;

/// The part `crop` of the picture, resized to `size`, into `out`; filters do not see pixels outside the crop. `crop`
/// lies inside the picture and both are not empty (a bug if not). Scratch memory of one intermediate picture stays with
/// the thread.
void resize_crop(const Columns& picture, Rect crop, Size size, Filter filter, Planes& out);

/// The part `window` of what that gives, without making the rest.
void resize_crop(const Columns& picture, Rect crop, Size size, Rect window, Filter filter, Planes& out);

/// The same of an ordinary picture.
Image resized_crop(const Image& image, Rect crop, Size size, Filter filter);

/// The whole picture, resized.
Image resized(const Image& image, Size size, Filter filter);

/// The centre of the resized picture, as evaluation of a classifier sees it: the shorter side becomes `shorter` pixels,
/// the longer one as many as keep the proportion, truncated; then `crop` x `crop` pixels about the centre (offsets
/// rounded half to even). 1 <= crop <= shorter.
void resize_shorter_side(const Image& image, int64_t shorter, int64_t crop, Filter filter, Planes& out);

/// The part `crop` as it is.
Image cropped(const Image& image, Rect crop);

}  // namespace gtsa::image
