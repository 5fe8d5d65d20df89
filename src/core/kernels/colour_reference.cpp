#include <algorithm>
#include <cmath>

#include "core/kernels/colour.h"

namespace gtsa::kernels::reference {
namespace {

/// One pixel.
struct Rgb {
  uint8_t red, green, blue;
};

Rgb pixel(const Channels& rgb, size_t i) { return {rgb.red[i], rgb.green[i], rgb.blue[i]}; }

void set(const Channels& rgb, size_t i, const Rgb& pixel) {
  rgb.red[i] = pixel.red;
  rgb.green[i] = pixel.green;
  rgb.blue[i] = pixel.blue;
}

uint8_t luma(const Rgb& p) {
  return static_cast<uint8_t>((19595u * p.red + 38470u * p.green + 7471u * p.blue + 32768u) >> 16);
}

uint8_t blend(uint8_t from, uint8_t to, float factor) {
  const float value = static_cast<float>(from) + factor * static_cast<float>(int{to} - int{from});
  return static_cast<uint8_t>(std::clamp(value, 0.0f, 255.0f));
}

struct Hsv {
  uint8_t hue, saturation, value;
};

Hsv to_hsv(const Rgb& pixel) {
  const auto [r, g, b] = pixel;
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

Rgb to_rgb(const Hsv& hsv) {
  const double sixth = static_cast<float>(hsv.hue) * 6.0 / 255.0;
  const int sector = static_cast<int>(sixth);
  const auto fraction = static_cast<float>(sixth - sector);
  const auto saturation = static_cast<float>(hsv.saturation / 255.0);
  const uint8_t v = hsv.value;
  const uint8_t p = rounded(v * (1.0 - saturation));
  const uint8_t q = rounded(v * (1.0 - static_cast<double>(saturation) * fraction));
  const uint8_t t = rounded(v * (1.0 - saturation * (1.0 - fraction)));
  const Rgb by_sector[6] = {{v, t, p}, {q, v, p}, {p, v, t}, {p, q, v}, {t, p, v}, {v, p, q}};
  return by_sector[sector % 6];
}

}  // namespace

void blend_constant(uint8_t* values, size_t count, uint8_t constant, float factor) {
  for (size_t i = 0; i < count; ++i) values[i] = blend(constant, values[i], factor);
}

void blend_luma(const Channels& rgb, size_t pixels, float factor) {
  for (size_t i = 0; i < pixels; ++i) {
    const Rgb p = pixel(rgb, i);
    const uint8_t grey = luma(p);
    set(rgb, i, {blend(grey, p.red, factor), blend(grey, p.green, factor), blend(grey, p.blue, factor)});
  }
}

void to_luma(const Channels& rgb, size_t pixels) {
  for (size_t i = 0; i < pixels; ++i) {
    const uint8_t grey = luma(pixel(rgb, i));
    set(rgb, i, {grey, grey, grey});
  }
}

uint64_t sum_luma(const Channels& rgb, size_t pixels) {
  uint64_t sum = 0;
  for (size_t i = 0; i < pixels; ++i) sum += luma(pixel(rgb, i));
  return sum;
}

void shift_hue(const Channels& rgb, size_t pixels, uint8_t shift) {
  for (size_t i = 0; i < pixels; ++i) {
    Hsv hsv = to_hsv(pixel(rgb, i));
    hsv.hue = static_cast<uint8_t>(hsv.hue + shift);
    set(rgb, i, to_rgb(hsv));
  }
}

}  // namespace gtsa::kernels::reference
