#pragma once
// Exact turns and mirrors: pixels move, none changes.

#include "core/geometry/types.h"
#include "core/image/image.h"
#include "core/image/planes.h"

namespace gtsa::image {

/// Turned anticlockwise, any size; a quarter turn swaps the sides. For a picture of S columns a quarter turn is
/// out[r][c] = in[c][S - 1 - r]: the top-right corner moves to the top-left.
Image turned(const Image& image, Turn turn);

/// Left and right exchanged.
Image flipped(const Image& image);
/// The same, in place.
void flip(Planes& view);

}  // namespace gtsa::image
