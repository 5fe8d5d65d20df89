#include "core/image/planes.h"

#include "core/base/error.h"

namespace gtsa::image {
namespace {

constexpr int64_t kSlack = 64;

}  // namespace

Planes::Planes(const Image& image) : Planes(image.size()) {
  const uint8_t* from = image.row(0);  // neither has gaps between rows
  for (int64_t i = 0; i < pixels(); ++i) {
    for (int c = 0; c < 3; ++c) plane(c)[i] = from[3 * i + c];
  }
}

void Planes::reshape(Size size) {
  GTSA_CHECK(size.width >= 1 && size.height >= 1, "planes have pixels: {} x {}", size.width, size.height);
  const auto bytes = static_cast<size_t>(3 * size.width * size.height + kSlack);
  if (bytes_.size() < bytes) bytes_.resize(bytes);
  size_ = size;
}

Image Planes::interleaved() const {
  Image image(width(), height());
  uint8_t* to = image.row(0);
  for (int64_t i = 0; i < pixels(); ++i) {
    for (int c = 0; c < 3; ++c) to[3 * i + c] = plane(c)[i];
  }
  return image;
}

}  // namespace gtsa::image
