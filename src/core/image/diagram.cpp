#include "core/image/diagram.h"

#include <algorithm>
#include <cmath>

namespace gtsa::image {
namespace {

uint8_t to_byte(double share) { return static_cast<uint8_t>(std::lround(255 * std::clamp(share, 0.0, 1.0))); }

}  // namespace

Image squares(int64_t rows, int64_t columns, int64_t cell, const std::function<Shares(int64_t square)>& colour) {
  Image picture(columns * cell, rows * cell);
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      const Shares shares = colour(row * columns + column);
      for (int64_t y = row * cell; y < (row + 1) * cell; ++y) {
        uint8_t* pixel = picture.row(y) + 3 * column * cell;
        for (int64_t x = 0; x < cell; ++x) {
          for (const double share : shares) *pixel++ = to_byte(share);
        }
      }
    }
  }
  return picture;
}

Shares viridis(double share) {
  constexpr std::array<Shares, 9> kAnchors{{{0.267, 0.005, 0.329},
                                            {0.279, 0.175, 0.483},
                                            {0.230, 0.322, 0.546},
                                            {0.173, 0.449, 0.558},
                                            {0.128, 0.567, 0.551},
                                            {0.158, 0.684, 0.502},
                                            {0.369, 0.789, 0.383},
                                            {0.678, 0.864, 0.190},
                                            {0.993, 0.906, 0.144}}};
  const double at = std::clamp(share, 0.0, 1.0) * static_cast<double>(kAnchors.size() - 1);
  const auto below = std::min(static_cast<size_t>(at), kAnchors.size() - 2);
  const double weight = at - static_cast<double>(below);
  Shares colour{};
  for (size_t i = 0; i < 3; ++i) colour[i] = (1 - weight) * kAnchors[below][i] + weight * kAnchors[below + 1][i];
  return colour;
}

}  // namespace gtsa::image
