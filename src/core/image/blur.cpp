#include "core/image/blur.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>
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

/// Rows one behind the other, each with room on both sides for its repeated edge pixels.
class PaddedRows {
 public:
  /// Holds at most `rows` rows.
  void reshape(int64_t width, int32_t margin, int64_t rows) {
    width_ = width;
    margin_ = margin;
    bytes_.resize(static_cast<size_t>(rows * (width + 2 * margin)));
  }
  uint8_t* begin() { return bytes_.data(); }
  uint8_t* row(int64_t i) { return bytes_.data() + i * (width_ + 2 * margin_) + margin_; }
  void repeat_edges(int64_t rows) {
    for (int64_t i = 0; i < rows; ++i) {
      std::memset(row(i) - margin_, row(i)[0], static_cast<size_t>(margin_));
      std::memset(row(i) + width_, row(i)[width_ - 1], static_cast<size_t>(margin_));
    }
  }

 private:
  int64_t width_ = 0;
  int32_t margin_ = 0;
  std::vector<uint8_t> bytes_;
};

/// Rows go together so that a pass over them is one long line.
constexpr int64_t kRowsTogether = 16;

void blur_rows(Planes& view, const kernels::BoxWeights& weights) {
  const int32_t margin = weights.radius + 1;
  thread_local PaddedRows padded[2];
  std::vector<const uint8_t*> lines[2];
  for (int which = 0; which < 2; ++which) {
    padded[which].reshape(view.width(), margin, kRowsTogether);
    for (int32_t shift = 0; shift <= 2 * margin; ++shift) lines[which].push_back(padded[which].begin() + shift);
  }
  const auto width = static_cast<size_t>(view.width());
  const int64_t all = 3 * view.height();  // the planes lie one behind the other
  for (int64_t first = 0; first < all; first += kRowsTogether) {
    const int64_t rows = std::min(kRowsTogether, all - first);
    for (int64_t i = 0; i < rows; ++i) std::memcpy(padded[0].row(i), view.row(0, first + i), width);
    for (int pass = 0; pass < kPasses; ++pass) {
      padded[pass % 2].repeat_edges(rows);
      uint8_t* out = padded[(pass + 1) % 2].row(0);
      kernels::box_filter(lines[pass % 2].data(), weights, rows * (view.width() + 2 * margin) - 2 * margin, out);
    }
    for (int64_t i = 0; i < rows; ++i) std::memcpy(view.row(0, first + i), padded[kPasses % 2].row(i), width);
  }
}

void blur_columns(Planes& view, const kernels::BoxWeights& weights) {
  const int32_t margin = weights.radius + 1;
  std::vector<const uint8_t*> lines(static_cast<size_t>(2 * margin + 1));
  thread_local Planes other;
  other.reshape(view.size());
  for (int pass = 0; pass < kPasses; ++pass) {
    for (int c = 0; c < 3; ++c) {
      for (int64_t y = 0; y < view.height(); ++y) {
        for (int64_t i = 0; i < std::ssize(lines); ++i) {
          lines[static_cast<size_t>(i)] = view.row(c, std::clamp<int64_t>(y + i - margin, 0, view.height() - 1));
        }
        kernels::box_filter(lines.data(), weights, view.width(), other.row(c, y));
      }
    }
    std::swap(view, other);
  }
}

}  // namespace

void gaussian_blur(Planes& view, float radius) {
  GTSA_CHECK(std::isfinite(radius) && radius >= 0, "a blur has a radius: {}", radius);
  const auto weights = kernels::box_weights(box_radius(radius));
  blur_rows(view, weights);
  blur_columns(view, weights);
}

}  // namespace gtsa::image
