#include "core/image/blur.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "core/base/error.h"
#include "core/kernels/blur.h"

namespace gtsa::image {
namespace {

constexpr int kPasses = 3;

/// Radius of the extended box whose `kPasses`-fold application has the variance of the Gaussian: equations 7, 11 and 14
/// of Gwosdek et al. in the original's mix of float and double.
float box_radius(float radius) {
  const float variance = radius * radius / kPasses;
  const auto length = static_cast<float>(std::sqrt(12.0 * variance + 1.0));
  const auto whole = static_cast<float>(std::floor((length - 1.0) / 2.0));
  float fraction = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance);
  fraction /= 6 * (variance - (whole + 1) * (whole + 1));
  return whole + fraction;
}

/// One row with room on both sides for the repeated edge pixels.
class PaddedRow {
 public:
  PaddedRow(int64_t width, int32_t margin)
      : width_(width), margin_(margin), bytes_(static_cast<size_t>(3 * (width + 2 * margin))) {}
  uint8_t* begin() { return bytes_.data() + 3 * margin_; }
  void repeat_edges() {
    for (int64_t i = 1; i <= margin_; ++i) {
      std::memcpy(begin() - 3 * i, begin(), 3);
      std::memcpy(begin() + 3 * (width_ - 1 + i), begin() + 3 * (width_ - 1), 3);
    }
  }

 private:
  int64_t width_;
  int64_t margin_;
  std::vector<uint8_t> bytes_;
};

void blur_rows(Image& image, const kernels::BoxWeights& weights) {
  const int32_t margin = weights.radius + 1;
  PaddedRow padded[2] = {PaddedRow(image.width(), margin), PaddedRow(image.width(), margin)};
  std::vector<const uint8_t*> lines[2];
  for (int which = 0; which < 2; ++which) {
    for (int32_t shift = -margin; shift <= margin; ++shift) lines[which].push_back(padded[which].begin() + 3 * shift);
  }
  for (int64_t y = 0; y < image.height(); ++y) {
    std::memcpy(padded[0].begin(), image.row(y), static_cast<size_t>(image.stride()));
    for (int pass = 0; pass < kPasses; ++pass) {
      padded[pass % 2].repeat_edges();
      uint8_t* out = pass == kPasses - 1 ? image.row(y) : padded[(pass + 1) % 2].begin();
      kernels::box_filter(lines[pass % 2].data(), weights, image.stride(), out);
    }
  }
}

void blur_columns(Image& image, const kernels::BoxWeights& weights) {
  const int32_t margin = weights.radius + 1;
  std::vector<const uint8_t*> lines(static_cast<size_t>(2 * margin + 1));
  Image other(image.width(), image.height());
  for (int pass = 0; pass < kPasses; ++pass) {
    for (int64_t y = 0; y < image.height(); ++y) {
      for (int64_t i = 0; i < std::ssize(lines); ++i) {
        lines[static_cast<size_t>(i)] = image.row(std::clamp<int64_t>(y + i - margin, 0, image.height() - 1));
      }
      kernels::box_filter(lines.data(), weights, image.stride(), other.row(y));
    }
    std::swap(image, other);
  }
}

}  // namespace

void gaussian_blur(Image& image, float radius) {
  GTSA_CHECK(std::isfinite(radius) && radius >= 0, "a blur has a radius: {}", radius);
  const auto weights = kernels::box_weights(box_radius(radius));
  blur_rows(image, weights);
  blur_columns(image, weights);
}

}  // namespace gtsa::image
