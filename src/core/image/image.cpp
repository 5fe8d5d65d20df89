#include "core/image/image.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "core/base/error.h"

namespace gtsa::image {
namespace {

constexpr int64_t kSlack = 64;
constexpr int64_t kFirstBytes = int64_t{8} << 20;  // decoded pictures up to this size never move

size_t bytes_of(Size size, int64_t rows) { return static_cast<size_t>(3 * size.width * rows + kSlack); }

}  // namespace

Image::Image(int64_t width, int64_t height) : size_{width, height} {
  GTSA_CHECK(width >= 1 && height >= 1, "an image has pixels: {} x {}", width, height);
  pixels_.reset(static_cast<uint8_t*>(std::malloc(bytes_of(size_, height))));
  if (pixels_ == nullptr) throw std::bad_alloc();
}

Image Image::clone() const {
  if (empty()) return {};
  Image copy(width(), height());
  std::memcpy(copy.row(0), row(0), static_cast<size_t>(stride() * height()));
  return copy;
}

bool Image::operator==(const Image& other) const {
  if (size_ != other.size_) return false;
  return empty() || std::memcmp(row(0), other.row(0), static_cast<size_t>(stride() * height())) == 0;
}

GrowingImage::GrowingImage(Size size) : size_(size) {
  GTSA_CHECK(size.width >= 1 && size.height >= 1, "an image has pixels: {} x {}", size.width, size.height);
}

uint8_t* GrowingImage::next_row() {
  GTSA_CHECK(rows_ < size_.height, "row {} of {}", rows_, size_.height);
  const int64_t stride = 3 * size_.width;
  if (rows_ == capacity_) {
    const int64_t rows = std::min(std::max({int64_t{1}, kFirstBytes / stride, 2 * capacity_}), size_.height);
    auto* grown = static_cast<uint8_t*>(std::realloc(pixels_.get(), bytes_of(size_, rows)));
    if (grown == nullptr) throw std::bad_alloc();
    static_cast<void>(pixels_.release());
    pixels_.reset(grown);
    capacity_ = rows;
  }
  return pixels_.get() + stride * rows_++;
}

Image GrowingImage::finish() {
  GTSA_CHECK(rows_ == size_.height, "{} of {} rows came", rows_, size_.height);
  Image image;
  image.size_ = size_;
  image.pixels_ = std::move(pixels_);
  return image;
}

}  // namespace gtsa::image
