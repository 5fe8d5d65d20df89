#include "core/image/colour.h"

#include <cmath>

#include "core/base/error.h"
#include "core/kernels/colour.h"

namespace gtsa::image {
namespace {

void check_factor(float factor) {
  GTSA_CHECK(std::isfinite(factor) && factor >= 0, "a factor is finite and not negative: {}", factor);
}

kernels::Channels channels(Planes& view) { return {view.plane(0), view.plane(1), view.plane(2)}; }

size_t pixels_of(const Planes& view) { return static_cast<size_t>(view.pixels()); }

}  // namespace

void adjust_brightness(Planes& view, float factor) {
  check_factor(factor);
  kernels::blend_constant(view.plane(0), 3 * pixels_of(view), 0, factor);
}

void adjust_contrast(Planes& view, float factor) {
  check_factor(factor);
  const size_t pixels = pixels_of(view);
  const double mean = static_cast<double>(kernels::sum_luma(channels(view), pixels)) / static_cast<double>(pixels);
  kernels::blend_constant(view.plane(0), 3 * pixels, static_cast<uint8_t>(mean + 0.5), factor);
}

void adjust_saturation(Planes& view, float factor) {
  check_factor(factor);
  kernels::blend_luma(channels(view), pixels_of(view), factor);
}

void adjust_hue(Planes& view, double shift) {
  GTSA_CHECK(std::abs(shift) <= 0.5, "a hue shift lies in [-0.5, 0.5]: {}", shift);
  // A shift of 0 still goes through 8-bit HSV and back, as in the original.
  kernels::shift_hue(channels(view), pixels_of(view), static_cast<uint8_t>(static_cast<int>(shift * 255.0)));
}

void to_grayscale(Planes& view) { kernels::to_luma(channels(view), pixels_of(view)); }

}  // namespace gtsa::image
