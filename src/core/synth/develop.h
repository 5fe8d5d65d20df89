#pragma once
// From the canvas to a photograph: lens, sensor and film.

#include "core/base/rng.h"
#include "core/image/image.h"
#include "core/synth/canvas.h"

namespace gtsa::synth {

/// Colour cast, contrast, vignetting, a mild blur of some pictures, sensor noise, 8 bits.
image::Image develop(Canvas& canvas, Rng& rng);

}  // namespace gtsa::synth
