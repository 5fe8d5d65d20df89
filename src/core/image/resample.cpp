#include "core/image/resample.h"

#include <cstring>
#include <vector>

#include "core/base/error.h"

namespace gtsa::image {
namespace {

void check_crop(const Image& image, Rect crop) {
  GTSA_CHECK(crop.left >= 0 && crop.top >= 0 && crop.width >= 1 && crop.height >= 1 &&
                 crop.left + crop.width <= image.width() && crop.top + crop.height <= image.height(),
             "the crop ({}, {}) {} x {} lies inside the picture of {} x {}", crop.left, crop.top, crop.width,
             crop.height, image.width(), image.height());
}

}  // namespace

Image cropped(const Image& image, Rect crop) {
  check_crop(image, crop);
  Image out(crop.width, crop.height);
  for (int64_t y = 0; y < crop.height; ++y) {
    std::memcpy(out.row(y), image.row(crop.top + y) + 3 * crop.left, static_cast<size_t>(out.stride()));
  }
  return out;
}

Image resized_crop(const Image& image, Rect crop, Size out, Filter filter) {
  check_crop(image, crop);
  const bool across = out.width != crop.width, down = out.height != crop.height;
  if (!across && !down) return cropped(image, crop);

  Image result(out.width, out.height);
  const uint8_t* from = image.row(crop.top) + 3 * crop.left;
  int64_t stride = image.stride();
  if (across) {
    const auto columns = kernels::resample_axis(crop.width, out.width, filter);
    thread_local std::vector<uint8_t> scratch;
    uint8_t* to = result.row(0);
    if (down) {
      scratch.resize(static_cast<size_t>(result.stride() * crop.height));
      to = scratch.data();
    }
    kernels::resample_rows(from, stride, crop.height, columns, to, result.stride());
    from = to;
    stride = result.stride();
  }
  if (down) {
    const auto rows = kernels::resample_axis(crop.height, out.height, filter);
    kernels::resample_columns(from, stride, result.stride(), rows, result.row(0), result.stride());
  }
  return result;
}

Image resized(const Image& image, Size out, Filter filter) {
  return resized_crop(image, {0, 0, image.width(), image.height()}, out, filter);
}

}  // namespace gtsa::image
