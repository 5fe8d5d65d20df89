#pragma once
// Many scenes on one picture.

#include <cstdint>

#include "core/image/image.h"

namespace gtsa::synth {

/// columns x rows scenes of 240 x 180 pixels, the types taking turns, in the order of their index; thin lines between.
image::Image contact_sheet(uint64_t seed, int columns, int rows);

}  // namespace gtsa::synth
