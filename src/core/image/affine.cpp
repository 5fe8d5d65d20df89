#include "core/image/affine.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <numbers>

#include "core/base/error.h"
#include "core/image/turn.h"
#include "core/kernels/affine.h"

namespace gtsa::image {
namespace {

void transform(Planes& view, const kernels::AffineMap& map, Filter filter, Fill fill) {
  for (const double entry : map) GTSA_CHECK(std::isfinite(entry), "an affine map is finite: {}", entry);
  thread_local AlignedBytes before, after;
  const int64_t pixels = view.pixels();
  before.resize(static_cast<size_t>(4 * pixels));
  after.resize(static_cast<size_t>(4 * pixels));
  const uint8_t *red = view.plane(0), *green = view.plane(1), *blue = view.plane(2);
  uint8_t* to = before.data();
  for (int64_t i = 0; i < pixels; ++i) {
    to[4 * i] = red[i];
    to[4 * i + 1] = green[i];
    to[4 * i + 2] = blue[i];
    to[4 * i + 3] = 0;
  }
  kernels::affine(before.data(), {view.width(), view.height()}, map, filter, {fill[0], fill[1], fill[2], 0},
                  after.data());
  for (int c = 0; c < 3; ++c) {
    uint8_t* plane = view.plane(c);
    const uint8_t* from = after.data() + c;
    for (int64_t i = 0; i < pixels; ++i) plane[i] = from[4 * i];
  }
}

/// Python's round(value, 15): to the nearest number of 15 decimals, by way of its digits.
double rounded_to_15_decimals(double value) { return std::strtod(fmt::format("{:.15f}", value).c_str(), nullptr); }

void turn_exactly(Planes& view, Turn turn) { view = Planes(turned(view.interleaved(), turn)); }

}  // namespace

void rotate(Planes& view, double degrees, Filter filter, Fill fill) {
  GTSA_CHECK(std::isfinite(degrees), "an angle is finite: {}", degrees);
  double angle = std::fmod(degrees, 360.0);
  if (angle < 0) angle += 360.0;
  const bool square = view.width() == view.height();
  if (angle == 0) return;
  if (angle == 180) return turn_exactly(view, Turn::half);
  if (angle == 90 && square) return turn_exactly(view, Turn::quarter);
  if (angle == 270 && square) return turn_exactly(view, Turn::three_quarters);
  const double radians = -(angle * (std::numbers::pi / 180.0));
  const double cosine = rounded_to_15_decimals(std::cos(radians)), sine = rounded_to_15_decimals(std::sin(radians));
  const double centre_x = static_cast<double>(view.width()) / 2.0, centre_y = static_cast<double>(view.height()) / 2.0;
  // The centre is its own source.
  transform(view,
            {cosine, sine, cosine * -centre_x + sine * -centre_y + centre_x,  //
             -sine, cosine, -sine * -centre_x + cosine * -centre_y + centre_y},
            filter, fill);
}

void shear_x(Planes& view, double factor, Filter filter, Fill fill) {
  transform(view, {1, factor, 0, 0, 1, 0}, filter, fill);
}

void shear_y(Planes& view, double factor, Filter filter, Fill fill) {
  transform(view, {1, 0, 0, factor, 1, 0}, filter, fill);
}

void translate_x(Planes& view, double pixels, Filter filter, Fill fill) {
  transform(view, {1, 0, pixels, 0, 1, 0}, filter, fill);
}

void translate_y(Planes& view, double pixels, Filter filter, Fill fill) {
  transform(view, {1, 0, 0, 0, 1, pixels}, filter, fill);
}

}  // namespace gtsa::image
