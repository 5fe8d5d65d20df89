#include "core/image/blur.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/kernels/blur.h"
#include "core/kernels/transpose.h"

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

/// One pass down a plane. Rows lie one behind the other, so all rows with whole neighbourhoods are one long line.
void filter_down(const uint8_t* plane, Size size, const kernels::BoxWeights& weights, uint8_t* out) {
  const int32_t margin = weights.radius + 1;
  std::vector<const uint8_t*> lines(static_cast<size_t>(2 * margin + 1));
  const auto filter_rows = [&](int64_t y, int64_t rows) {
    for (int64_t i = 0; i < std::ssize(lines); ++i)
      lines[static_cast<size_t>(i)] = plane + std::clamp<int64_t>(y + i - margin, 0, size.height - 1) * size.width;
    kernels::box_filter(lines.data(), weights, rows * size.width, out + y * size.width);
  };
  const int64_t inside = std::max<int64_t>(size.height - 2 * margin, 0);
  const int64_t above = std::min<int64_t>(margin, size.height);
  for (int64_t y = 0; y < above; ++y) filter_rows(y, 1);
  if (inside > 0) filter_rows(above, inside);
  for (int64_t y = above + inside; y < size.height; ++y) filter_rows(y, 1);
}

/// All passes down; `scratch` gets lost.
void blur_down(Planes& view, const kernels::BoxWeights& weights, Planes& scratch) {
  scratch.reshape(view.size());
  for (int pass = 0; pass < kPasses; ++pass) {
    for (int c = 0; c < 3; ++c) filter_down(view.plane(c), view.size(), weights, scratch.plane(c));
    std::swap(view, scratch);
  }
}

void transpose(const Planes& view, Planes& out) {
  out.reshape({view.height(), view.width()});
  for (int c = 0; c < 3; ++c) {
    kernels::transpose(view.plane(c), view.width(), view.height(), view.width(), out.plane(c), view.height());
  }
}

}  // namespace

void gaussian_blur(Planes& view, float radius) {
  GTSA_CHECK(std::isfinite(radius) && radius >= 0, "a blur has a radius: {}", radius);
  const auto weights = kernels::box_weights(box_radius(radius));
  thread_local Planes sideways, scratch;
  transpose(view, sideways);
  blur_down(sideways, weights, scratch);
  transpose(sideways, view);
  blur_down(view, weights, scratch);
}

}  // namespace gtsa::image
