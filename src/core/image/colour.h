#pragma once
// Colour jitter, in place, bit-exact with torchvision 0.14 on Pillow 9.4 (docs/method.md 1.3). Factors are finite and
// not negative.

#include "core/image/planes.h"

namespace gtsa::image {

/// Blend with black: 0 gives black, 1 the picture, more brightens.
void adjust_brightness(Planes& view, float factor);

/// Blend with a constant, the picture's mean luma rounded.
void adjust_contrast(Planes& view, float factor);

/// Blend with the greyscale picture.
void adjust_saturation(Planes& view, float factor);

/// Turns the hue by `shift` of the whole circle, in [-0.5, 0.5], in steps of 1/255 truncated toward zero.
void adjust_hue(Planes& view, double shift);

/// Every channel becomes the luma.
void to_grayscale(Planes& view);

}  // namespace gtsa::image
