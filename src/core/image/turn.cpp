#include "core/image/turn.h"

#include <algorithm>

namespace gtsa::image {
namespace {

void copy_pixel(const uint8_t* from, uint8_t* to) {
  to[0] = from[0];
  to[1] = from[1];
  to[2] = from[2];
}

/// Columns become rows: out[r][c] = in[c][width - 1 - r], or in[height - 1 - c][r] for three quarters. Blocks keep the
/// rows that a column crosses in cache.
Image with_sides_swapped(const Image& image, bool three_quarters) {
  constexpr int64_t kBlock = 64;
  Image out(image.height(), image.width());
  for (int64_t left = 0; left < out.width(); left += kBlock) {
    const int64_t right = std::min(left + kBlock, out.width());
    for (int64_t r = 0; r < out.height(); ++r) {
      uint8_t* to = out.row(r) + 3 * left;
      const int64_t column = three_quarters ? r : image.width() - 1 - r;
      for (int64_t c = left; c < right; ++c, to += 3) {
        copy_pixel(image.row(three_quarters ? image.height() - 1 - c : c) + 3 * column, to);
      }
    }
  }
  return out;
}

void reverse_row(const uint8_t* from, int64_t width, uint8_t* to) {
  for (int64_t x = 0; x < width; ++x) copy_pixel(from + 3 * (width - 1 - x), to + 3 * x);
}

}  // namespace

Image turned(const Image& image, Turn turn) {
  switch (turn) {
    case Turn::none:
      return image.clone();
    case Turn::quarter:
      return with_sides_swapped(image, false);
    case Turn::three_quarters:
      return with_sides_swapped(image, true);
    case Turn::half:
      break;
  }
  Image out(image.width(), image.height());
  for (int64_t y = 0; y < image.height(); ++y)
    reverse_row(image.row(image.height() - 1 - y), image.width(), out.row(y));
  return out;
}

Image flipped(const Image& image) {
  Image out(image.width(), image.height());
  for (int64_t y = 0; y < image.height(); ++y) reverse_row(image.row(y), image.width(), out.row(y));
  return out;
}

void flip(Planes& view) {
  for (int c = 0; c < 3; ++c) {
    for (int64_t y = 0; y < view.height(); ++y) std::reverse(view.row(c, y), view.row(c, y) + view.width());
  }
}

}  // namespace gtsa::image
