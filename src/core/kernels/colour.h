#pragma once
// Colour arithmetic on planes of 8-bit RGB, in place, bit-exact with Pillow 9.4 (docs/method.md 1.3 "Luma", "Blend",
// "Hue").

#include <cstddef>
#include <cstdint>

namespace gtsa::kernels {

/// Where the planes of a picture begin. They do not overlap.
struct Channels {
  uint8_t* red;
  uint8_t* green;
  uint8_t* blue;
};

/// Every value x becomes constant + factor * (x - constant): float32, truncated, clipped to 0..255. `count` values.
void blend_constant(uint8_t* values, size_t count, uint8_t constant, float factor);

/// The same with the pixel's own luma L = (19595 R + 38470 G + 7471 B + 32768) >> 16 as the constant.
void blend_luma(const Channels& rgb, size_t pixels, float factor);

/// Every channel becomes the pixel's luma.
void to_luma(const Channels& rgb, size_t pixels);

/// Sum of the pixels' lumas.
uint64_t sum_luma(const Channels& rgb, size_t pixels);

/// RGB -> 8-bit HSV, H + shift modulo 256, and back.
void shift_hue(const Channels& rgb, size_t pixels, uint8_t shift);

namespace reference {
void blend_constant(uint8_t* values, size_t count, uint8_t constant, float factor);
void blend_luma(const Channels& rgb, size_t pixels, float factor);
void to_luma(const Channels& rgb, size_t pixels);
uint64_t sum_luma(const Channels& rgb, size_t pixels);
void shift_hue(const Channels& rgb, size_t pixels, uint8_t shift);
}  // namespace reference

}  // namespace gtsa::kernels
