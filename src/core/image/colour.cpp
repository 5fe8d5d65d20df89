#include "core/image/colour.h"

#include <cmath>

#include "core/base/error.h"
#include "core/kernels/colour.h"

namespace gtsa::image {
namespace {

void check_factor(float factor) {
  GTSA_CHECK(std::isfinite(factor) && factor >= 0, "a factor is finite and not negative: {}", factor);
}

/// Rows follow each other without a gap, so a picture is one long row.
size_t pixels_of(const Image& image) { return static_cast<size_t>(image.width() * image.height()); }

}  // namespace

void adjust_brightness(Image& image, float factor) {
  check_factor(factor);
  kernels::blend_constant(image.row(0), 3 * pixels_of(image), 0, factor);
}

void adjust_contrast(Image& image, float factor) {
  check_factor(factor);
  const size_t pixels = pixels_of(image);
  const double mean = static_cast<double>(kernels::sum_luma(image.row(0), pixels)) / static_cast<double>(pixels);
  kernels::blend_constant(image.row(0), 3 * pixels, static_cast<uint8_t>(mean + 0.5), factor);
}

void adjust_saturation(Image& image, float factor) {
  check_factor(factor);
  kernels::blend_luma(image.row(0), pixels_of(image), factor);
}

void adjust_hue(Image& image, double shift) {
  GTSA_CHECK(std::abs(shift) <= 0.5, "a hue shift lies in [-0.5, 0.5]: {}", shift);
  // A shift of 0 still goes through 8-bit HSV and back, as in the original.
  kernels::shift_hue(image.row(0), pixels_of(image), static_cast<uint8_t>(static_cast<int>(shift * 255.0)));
}

void to_grayscale(Image& image) { kernels::to_luma(image.row(0), pixels_of(image)); }

}  // namespace gtsa::image
