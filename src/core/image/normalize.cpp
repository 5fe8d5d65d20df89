#include "core/image/normalize.h"

#include "core/base/error.h"

namespace gtsa::image {
namespace {

/// All 256 values of each channel.
using Table = std::array<std::array<float, 256>, 3>;

Table table_of(const Normalization& normalization) {
  Table table;
  for (size_t c = 0; c < 3; ++c) {
    for (size_t v = 0; v < 256; ++v) {
      table[c][v] = (static_cast<float>(v) / 255.0f - normalization.mean[c]) / normalization.std[c];
    }
  }
  return table;
}

/// Where the output's first pixel lies in the picture, and the bytes to step for the next column and the next row.
struct Walk {
  int64_t first, column, row;
};

Walk walk_of(const Image& image, Turn turn) {
  const int64_t right = 3 * (image.width() - 1), bottom = image.stride() * (image.height() - 1);
  switch (turn) {
    case Turn::none:
      return {0, 3, image.stride()};
    case Turn::quarter:
      return {right, image.stride(), -3};
    case Turn::half:
      return {right + bottom, -3, -image.stride()};
    case Turn::three_quarters:
      return {bottom, -image.stride(), 3};
  }
  return {};
}

}  // namespace

void normalize_into(const Image& image, std::span<float> chw, const Normalization& normalization) {
  normalize_turned_into(image, Turn::none, chw, normalization);
}

void normalize_turned_into(const Image& image, Turn turn, std::span<float> chw, const Normalization& normalization) {
  const int64_t plane = image.width() * image.height();
  GTSA_CHECK(std::ssize(chw) == 3 * plane, "{} values for {} x {} pixels", chw.size(), image.width(), image.height());
  const bool swapped = turn == Turn::quarter || turn == Turn::three_quarters;
  const int64_t width = swapped ? image.height() : image.width(), height = swapped ? image.width() : image.height();
  const Table table = table_of(normalization);
  const Walk walk = walk_of(image, turn);
  const uint8_t* first = image.row(0) + walk.first;
  float* out = chw.data();
  for (int64_t y = 0; y < height; ++y) {
    const uint8_t* pixel = first + y * walk.row;
    for (int64_t x = 0; x < width; ++x, pixel += walk.column, ++out) {
      out[0] = table[0][pixel[0]];
      out[plane] = table[1][pixel[1]];
      out[2 * plane] = table[2][pixel[2]];
    }
  }
}

}  // namespace gtsa::image
