#pragma once
// Changes of tone, in place, bit-exact with Pillow 9.4's ImageOps and ImageEnhance (and SolarizeAdd of timm). What each
// does to a channel's value v:

#include "core/image/planes.h"

namespace gtsa::image {

/// 255 - v.
void invert(Planes& view);

/// 255 - v where v >= threshold. 0..256; 256 changes nothing.
void solarize(Planes& view, int threshold);

/// min(255, v + add) where v < 128. 0..255.
void solarize_add(Planes& view, int add);

/// The top `bits` bits of v, the others 0. 0..8; 0 gives black, 8 changes nothing.
void posterize(Planes& view, int bits);

/// Each channel's range [low, high] is stretched to [0, 255], truncated; a channel of one value stays.
void autocontrast(Planes& view);

/// Each channel's histogram is levelled: with step = (pixels - those of the highest value) div 255, v becomes
/// min(255, (step div 2 + pixels below v) div step). A channel stays where step is 0 or it has one value.
void equalize(Planes& view);

/// Blend with the smoothed picture, (1 1 1; 1 5 1; 1 1 1) / 13 rounded, whose border pixels are not smoothed: 0 gives
/// that, 1 the picture, more sharpens. `factor` is finite and not negative. Scratch memory stays with the thread.
void adjust_sharpness(Planes& view, float factor);

}  // namespace gtsa::image
