#include "core/image/normalize.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/base/error.h"
#include "core/kernels/normalize.h"
#include "core/kernels/transpose.h"

namespace gtsa::image {
namespace {

/// One channel on its side: the columns of `plane` are rows of the output, upwards from the last column for a quarter
/// turn, each read backwards for three quarters (turn.h).
void normalize_sideways(const uint8_t* plane, Size size, bool three_quarters, float mean, float std, float* out) {
  thread_local std::vector<uint8_t> columns;
  columns.resize(static_cast<size_t>(size.width * size.height));
  kernels::transpose(plane, size.width, size.height, size.width, columns.data(), size.height);
  for (int64_t y = 0; y < size.width; ++y, out += size.height) {
    const int64_t column = three_quarters ? y : size.width - 1 - y;
    kernels::normalize(columns.data() + column * size.height, size.height, three_quarters, mean, std, out);
  }
}

std::array<float, 256> normalized_levels(float mean, float std) {
  const double scale = 1.0 / static_cast<double>(std);
  std::array<float, 256> table;
  for (size_t level = 0; level < table.size(); ++level) {
    table[level] = static_cast<float>(static_cast<double>(static_cast<float>(level) - mean) * scale);
  }
  return table;
}

}  // namespace

void normalize_into(const Image& image, std::span<float> chw, const Normalization& normalization) {
  normalize_turned_into(Planes(image), Turn::none, chw, normalization);
}

void normalize_turned_into(const Planes& view, Turn turn, std::span<float> chw, const Normalization& normalization) {
  const int64_t pixels = view.pixels();
  GTSA_CHECK(std::ssize(chw) == 3 * pixels, "{} values for {} x {} pixels", chw.size(), view.width(), view.height());
  for (int c = 0; c < 3; ++c) {
    const auto channel = static_cast<size_t>(c);
    const float mean = normalization.mean[channel], std = normalization.std[channel];
    float* out = chw.data() + c * pixels;
    if (turn == Turn::quarter || turn == Turn::three_quarters) {
      normalize_sideways(view.plane(c), view.size(), turn == Turn::three_quarters, mean, std, out);
    } else {
      kernels::normalize(view.plane(c), pixels, turn == Turn::half, mean, std, out);
    }
  }
}

void normalize_levels_into(const Planes& view, Size padded, std::span<float> chw,
                           const LevelNormalization& normalization) {
  GTSA_CHECK(view.width() <= padded.width && view.height() <= padded.height &&
                 std::ssize(chw) == 3 * padded.width * padded.height,
             "{} values for {} x {} pixels padded to {} x {}", chw.size(), view.width(), view.height(), padded.width,
             padded.height);
  float* out = chw.data();
  for (int c = 0; c < 3; ++c) {
    const auto channel = static_cast<size_t>(c);
    const auto table = normalized_levels(normalization.mean[channel], normalization.std[channel]);
    for (int64_t y = 0; y < view.height(); ++y) {
      const uint8_t* levels = view.row(c, y);
      for (int64_t x = 0; x < view.width(); ++x) out[x] = table[levels[x]];
      std::fill(out + view.width(), out + padded.width, 0.0f);
      out += padded.width;
    }
    out = std::fill_n(out, (padded.height - view.height()) * padded.width, 0.0f);
  }
}

}  // namespace gtsa::image
