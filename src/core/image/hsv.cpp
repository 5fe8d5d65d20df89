#include "core/image/hsv.h"

#include "core/kernels/hsv.h"

namespace gtsa::image {
namespace {

/// Pixels that OpenCV's vector code takes at a time.
constexpr int64_t kVector = 32;

kernels::Channels row_of(Planes& view, int64_t y, int64_t x = 0) {
  return {view.row(0, y) + x, view.row(1, y) + x, view.row(2, y) + x};
}

}  // namespace

void rgb_to_hsv(Planes& view) { kernels::rgb_to_hsv(row_of(view, 0), view.pixels()); }

void hsv_to_rgb(Planes& view) {
  const int64_t vectors = view.width() / kVector * kVector;
  if (vectors == view.width()) return kernels::hsv_to_rgb(row_of(view, 0), view.pixels(), true);
  for (int64_t y = 0; y < view.height(); ++y) {
    kernels::hsv_to_rgb(row_of(view, y), vectors, true);
    kernels::hsv_to_rgb(row_of(view, y, vectors), view.width() - vectors, false);
  }
}

}  // namespace gtsa::image
