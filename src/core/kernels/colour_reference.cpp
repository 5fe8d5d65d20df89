#include <algorithm>
#include <cmath>

#include "core/kernels/colour.h"

namespace gtsa::kernels::reference {
namespace {

uint8_t luma(const uint8_t* rgb) {
  return static_cast<uint8_t>((19595u * rgb[0] + 38470u * rgb[1] + 7471u * rgb[2] + 32768u) >> 16);
}

uint8_t blend(uint8_t from, uint8_t to, float factor) {
  const float value = static_cast<float>(from) + factor * static_cast<float>(int{to} - int{from});
  return static_cast<uint8_t>(std::clamp(value, 0.0f, 255.0f));
}

struct Hsv {
  uint8_t hue, saturation, value;
};

Hsv to_hsv(const uint8_t* rgb) {
  const uint8_t r = rgb[0], g = rgb[1], b = rgb[2];
  const uint8_t largest = std::max({r, g, b}), smallest = std::min({r, g, b});
  if (largest == smallest) return {0, 0, largest};
  const auto range = static_cast<float>(largest - smallest);
  const float saturation = range / static_cast<float>(largest);
  const float rc = static_cast<float>(largest - r) / range;
  const float gc = static_cast<float>(largest - g) / range;
  const float bc = static_cast<float>(largest - b) / range;
  // Sums in double, stored as float32: so does the original.
  float hue;
  if (r == largest) {
    hue = bc - gc;
  } else if (g == largest) {
    hue = static_cast<float>(2.0 + rc - bc);
  } else {
    hue = static_cast<float>(4.0 + gc - rc);
  }
  hue = static_cast<float>(std::fmod(hue / 6.0 + 1.0, 1.0));
  return {static_cast<uint8_t>(hue * 255.0), static_cast<uint8_t>(saturation * 255.0), largest};
}

uint8_t rounded(double value) { return static_cast<uint8_t>(std::round(static_cast<float>(value))); }

void to_rgb(const Hsv& hsv, uint8_t* rgb) {
  const double sixth = static_cast<float>(hsv.hue) * 6.0 / 255.0;
  const int sector = static_cast<int>(sixth);
  const auto fraction = static_cast<float>(sixth - sector);
  const auto saturation = static_cast<float>(hsv.saturation / 255.0);
  const uint8_t v = hsv.value;
  const uint8_t p = rounded(v * (1.0 - saturation));
  const uint8_t q = rounded(v * (1.0 - static_cast<double>(saturation) * fraction));
  const uint8_t t = rounded(v * (1.0 - saturation * (1.0 - fraction)));
  const uint8_t by_sector[6][3] = {{v, t, p}, {q, v, p}, {p, v, t}, {p, q, v}, {t, p, v}, {v, p, q}};
  std::copy_n(by_sector[sector % 6], 3, rgb);
}

}  // namespace

void blend_constant(uint8_t* values, size_t count, uint8_t constant, float factor) {
  for (size_t i = 0; i < count; ++i) values[i] = blend(constant, values[i], factor);
}

void blend_luma(uint8_t* rgb, size_t pixels, float factor) {
  for (size_t i = 0; i < pixels; ++i, rgb += 3) {
    const uint8_t grey = luma(rgb);
    for (int c = 0; c < 3; ++c) rgb[c] = blend(grey, rgb[c], factor);
  }
}

void to_luma(uint8_t* rgb, size_t pixels) {
  for (size_t i = 0; i < pixels; ++i, rgb += 3) std::fill_n(rgb, 3, luma(rgb));
}

uint64_t sum_luma(const uint8_t* rgb, size_t pixels) {
  uint64_t sum = 0;
  for (size_t i = 0; i < pixels; ++i, rgb += 3) sum += luma(rgb);
  return sum;
}

void shift_hue(uint8_t* rgb, size_t pixels, uint8_t shift) {
  for (size_t i = 0; i < pixels; ++i, rgb += 3) {
    Hsv hsv = to_hsv(rgb);
    hsv.hue = static_cast<uint8_t>(hsv.hue + shift);
    to_rgb(hsv, rgb);
  }
}

}  // namespace gtsa::kernels::reference
