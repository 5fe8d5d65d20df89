#pragma once
// Turns, shears and shifts by any amount, in place and at the same size, bit-exact with Pillow 9.4's rotate() and
// transform() (kernels/affine.h). Scratch memory stays with the thread.

#include <array>
#include <cstdint>

#include "core/image/planes.h"
#include "core/image/resample.h"

namespace gtsa::image {

/// What is seen where the source lies outside the picture: red, green, blue.
using Fill = std::array<uint8_t, 3>;

/// Turned about the centre, anticlockwise. Finite. Half turns, and quarter turns of a square, move pixels exactly.
void rotate(Planes& view, double degrees, Filter filter, Fill fill);

/// What stood at x + factor * y comes to x; y is the distance from the upper side.
void shear_x(Planes& view, double factor, Filter filter, Fill fill);
/// What stood at y + factor * x comes to y; x is the distance from the left side.
void shear_y(Planes& view, double factor, Filter filter, Fill fill);

/// What stood at x + pixels comes to x; whole or not.
void translate_x(Planes& view, double pixels, Filter filter, Fill fill);
void translate_y(Planes& view, double pixels, Filter filter, Fill fill);

}  // namespace gtsa::image
