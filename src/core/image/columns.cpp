#include "core/image/columns.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/kernels/resample.h"
#include "core/kernels/transpose.h"

namespace gtsa::image {
void check_crop(Size picture, Rect crop) {
  GTSA_CHECK(crop.left >= 0 && crop.top >= 0 && crop.width >= 1 && crop.height >= 1 &&
                 crop.left + crop.width <= picture.width && crop.top + crop.height <= picture.height,
             "the crop ({}, {}) {} x {} lies inside the picture of {} x {}", crop.left, crop.top, crop.width,
             crop.height, picture.width, picture.height);
}

void Columns::assign(const Image& image, Rect crop) {
  check_crop(image.size(), crop);
  size_ = {crop.width, crop.height};
  const int64_t bands = (crop.height + kBand - 1) / kBand;
  const auto bytes = static_cast<size_t>((bands * crop.width + kernels::kRowsReadAhead) * kColumnBytes);
  if (bytes_.size() < bytes) bytes_.resize(bytes);
  for (int64_t band = 0; band < bands; ++band) {
    const int64_t top = band * kBand;
    kernels::transpose(image.row(crop.top + top) + 3 * crop.left, image.stride(), std::min(kBand, crop.height - top),
                       3 * crop.width, bytes_.data() + band * crop.width * kColumnBytes, kBand);
  }
}

}  // namespace gtsa::image
