#include "core/image/columns.h"

#include "core/base/error.h"
#include "core/kernels/transpose.h"

namespace gtsa::image {
namespace {

constexpr int64_t kSlack = 64;
constexpr int64_t kCacheLine = 64;

/// An odd number of cache lines: neighbouring columns then fall into different sets of the cache.
int64_t stride_of(int64_t height) { return ((height + kCacheLine - 1) / kCacheLine | 1) * kCacheLine; }

}  // namespace

void check_crop(Size picture, Rect crop) {
  GTSA_CHECK(crop.left >= 0 && crop.top >= 0 && crop.width >= 1 && crop.height >= 1 &&
                 crop.left + crop.width <= picture.width && crop.top + crop.height <= picture.height,
             "the crop ({}, {}) {} x {} lies inside the picture of {} x {}", crop.left, crop.top, crop.width,
             crop.height, picture.width, picture.height);
}

void Columns::assign(const Image& image, Rect crop) {
  check_crop(image.size(), crop);
  size_ = {crop.width, crop.height};
  stride_ = stride_of(crop.height);
  const auto bytes = static_cast<size_t>(3 * crop.width * stride_ + kSlack);
  if (bytes_.size() < bytes) bytes_.resize(bytes);
  kernels::transpose(image.row(crop.top) + 3 * crop.left, image.stride(), crop.height, 3 * crop.width, bytes_.data(),
                     stride_);
}

}  // namespace gtsa::image
