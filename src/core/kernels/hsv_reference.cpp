#include <algorithm>
#include <array>
#include <cmath>

#include "core/kernels/hsv.h"

namespace gtsa::kernels::reference {
namespace {

/// rint(range * 4096 / (parts * n)), 0 for n = 0.
std::array<int, 256> quotients(int range, int parts) {
  std::array<int, 256> table{};
  for (int n = 1; n < 256; ++n)
    table[static_cast<size_t>(n)] = static_cast<int>(std::lrint((range << 12) / (1.0 * parts * n)));
  return table;
}

/// value * table entry with 12 bits behind the point, rounded.
int scaled(int value, int quotient) { return (value * quotient + (1 << 11)) >> 12; }

uint8_t byte_of(float share, bool truncate) {
  const float level = share * 255.0F;
  return static_cast<uint8_t>(truncate ? static_cast<int>(level) : static_cast<int>(std::lrint(level)));
}

}  // namespace

void rgb_to_hsv(const Channels& planes, int64_t pixels) {
  static const std::array<int, 256> of_value = quotients(255, 1), of_range = quotients(180, 6);
  for (int64_t i = 0; i < pixels; ++i) {
    const int r = planes.red[i], g = planes.green[i], b = planes.blue[i];
    const int value = std::max({r, g, b}), range = value - std::min({r, g, b});
    const int sixths = value == r ? g - b : value == g ? b - r + 2 * range : r - g + 4 * range;
    const int hue = scaled(sixths, of_range[static_cast<size_t>(range)]);
    planes.red[i] = static_cast<uint8_t>(hue < 0 ? hue + 180 : hue);
    planes.green[i] = static_cast<uint8_t>(scaled(range, of_value[static_cast<size_t>(value)]));
    planes.blue[i] = static_cast<uint8_t>(value);
  }
}

// OpenCV's code for processors with a fused multiply-add (all of the last decade) has 1 - s m with one rounding.
void hsv_to_rgb(const Channels& planes, int64_t pixels, bool truncate) {
  for (int64_t i = 0; i < pixels; ++i) {
    const float hue = static_cast<float>(planes.red[i]) * (6.0F / 180.0F);
    const float saturation = static_cast<float>(planes.green[i]) * (1.0F / 255.0F);
    const float value = static_cast<float>(planes.blue[i]) * (1.0F / 255.0F);
    const int sector = static_cast<int>(hue);
    const float f = hue - static_cast<float>(sector), rest = 1.0F - f;
    // How far the hue is from red, green and blue.
    const float by_sector[6][3] = {{0, rest, 1}, {f, 0, 1}, {1, 0, rest}, {1, f, 0}, {rest, 1, 0}, {0, 1, f}};
    const float* m = by_sector[sector % 6];
    const auto channel = [&](int c) { return byte_of(value * std::fma(-saturation, m[c], 1.0F), truncate); };
    planes.red[i] = channel(0);
    planes.green[i] = channel(1);
    planes.blue[i] = channel(2);
  }
}

}  // namespace gtsa::kernels::reference
