#pragma once
// Pictures made by rule, and files made of them.

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/rng.h"
#include "core/image/image.h"

namespace gtsa::image {

inline void PrintTo(const Image& image, std::ostream* out) {
  *out << image.width() << " x " << image.height() << " picture";
}

}  // namespace gtsa::image

namespace gtsa::test {

/// Every pixel random.
inline image::Image noise(int64_t width, int64_t height, uint64_t sample = 0) {
  Rng rng({.sample = sample});
  image::Image image(width, height);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t i = 0; i < 3 * width; ++i) image.row(y)[i] = static_cast<uint8_t>(rng.bits());
  }
  return image;
}

/// Every pixel says where it is: (x, y, x + 2 y) modulo 256. Distinct up to 256 x 256.
inline image::Image coordinates(int64_t width, int64_t height) {
  image::Image image(width, height);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      uint8_t* pixel = image.row(y) + 3 * x;
      pixel[0] = static_cast<uint8_t>(x);
      pixel[1] = static_cast<uint8_t>(y);
      pixel[2] = static_cast<uint8_t>(x + 2 * y);
    }
  }
  return image;
}

/// Smooth colours that survive JPEG.
inline image::Image gradient(int64_t width, int64_t height) {
  image::Image image(width, height);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      uint8_t* pixel = image.row(y) + 3 * x;
      pixel[0] = static_cast<uint8_t>(30 + 180 * x / width);
      pixel[1] = static_cast<uint8_t>(40 + 160 * y / height);
      pixel[2] = static_cast<uint8_t>(200 - 90 * x / width);
    }
  }
  return image;
}

inline image::Image constant(int64_t width, int64_t height, uint8_t r, uint8_t g, uint8_t b) {
  image::Image image(width, height);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      uint8_t* pixel = image.row(y) + 3 * x;
      pixel[0] = r;
      pixel[1] = g;
      pixel[2] = b;
    }
  }
  return image;
}

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// Sides that vector code gets wrong first.
inline constexpr Size kAwkwardSizes[] = {{1, 1}, {1, 9}, {9, 1}, {2, 3}, {5, 5}, {8, 8}, {16, 3}, {17, 33}, {100, 7}};

}  // namespace gtsa::test
