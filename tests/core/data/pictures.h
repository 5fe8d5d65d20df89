#pragma once
// Pictures that the tests of this room make themselves.

#include <array>
#include <cstdint>
#include <filesystem>

#include "core/base/rng.h"
#include "core/image/encode.h"
#include "core/image/image.h"

namespace gtsa::data {

/// colour(x, y) -> {red, green, blue}
template <class Colour>
image::Image make_picture(Size size, const Colour& colour) {
  image::Image picture(size.width, size.height);
  for (int64_t y = 0; y < size.height; ++y) {
    auto* row = picture.row(y);
    for (int64_t x = 0; x < size.width; ++x) {
      const std::array<uint8_t, 3> rgb = colour(x, y);
      for (size_t c = 0; c < 3; ++c) row[3 * x + static_cast<int64_t>(c)] = rgb[c];
    }
  }
  return picture;
}

/// Smooth colours with some noise, different for each `seed`.
inline image::Image noisy_picture(Size size, uint64_t seed) {
  Rng rng({.seed = seed});
  const uint32_t shift = rng.bits();
  return make_picture(size, [&](int64_t x, int64_t y) {
    const auto level = [&](int64_t value) { return static_cast<uint8_t>((value + shift + rng.below(32)) % 256); };
    return std::array<uint8_t, 3>{level(x), level(y), level(x + y)};
  });
}

}  // namespace gtsa::data
