#include "core/synth/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/base/error.h"
#include "core/image/resample.h"

namespace gtsa::synth {
namespace {

double edge_density(const image::Image& image) {
  constexpr float kEdge = 40;
  const int64_t width = image.width(), height = image.height();
  std::vector<float> luma(static_cast<size_t>(width * height));
  for (int64_t y = 0; y < height; ++y) {
    const uint8_t* row = image.row(y);
    for (int64_t x = 0; x < width; ++x)
      luma[y * width + x] = 0.299f * row[3 * x] + 0.587f * row[3 * x + 1] + 0.114f * row[3 * x + 2];
  }
  int64_t edges = 0;
  for (int64_t y = 1; y + 1 < height; ++y) {
    for (int64_t x = 1; x + 1 < width; ++x) {
      const float *above = &luma[(y - 1) * width + x], *here = &luma[y * width + x],
                  *below = &luma[(y + 1) * width + x];
      const float dx = (above[1] - above[-1] + 2 * (here[1] - here[-1]) + below[1] - below[-1]) / 4;
      const float dy = (below[-1] + 2 * below[0] + below[1] - above[-1] - 2 * above[0] - above[1]) / 4;
      edges += dx * dx + dy * dy > kEdge * kEdge;
    }
  }
  return static_cast<double>(edges) / static_cast<double>((width - 2) * (height - 2));
}

double colour_entropy(const image::Image& image) {
  std::array<int64_t, 512> histogram{};
  for (int64_t y = 0; y < image.height(); ++y) {
    const uint8_t* row = image.row(y);
    for (int64_t x = 0; x < image.width(); ++x)
      ++histogram[(row[3 * x] >> 5) * 64 + (row[3 * x + 1] >> 5) * 8 + (row[3 * x + 2] >> 5)];
  }
  const double total = static_cast<double>(image.width() * image.height());
  double bits = 0;
  for (const int64_t count : histogram) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / total;
    bits -= share * std::log2(share);
  }
  return bits;
}

}  // namespace

PictureStatistics measure(const image::Image& image) {
  GTSA_CHECK(image.width() >= 3 && image.height() >= 3, "{} x {} pixels are too few", image.width(), image.height());
  return {edge_density(image), colour_entropy(image)};
}

PictureStatistics measure_at(const image::Image& image, int64_t side) {
  const int64_t shorter = std::min(image.width(), image.height());
  if (shorter <= side) return measure(image);
  const auto scaled = [&](int64_t length) { return std::max<int64_t>(side, (length * side + shorter / 2) / shorter); };
  return measure(image::resized_crop(image, {0, 0, image.width(), image.height()},
                                     {scaled(image.width()), scaled(image.height())}, image::Filter::bilinear));
}

}  // namespace gtsa::synth
