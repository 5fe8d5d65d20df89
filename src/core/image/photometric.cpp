#include "core/image/photometric.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/image/hsv.h"

namespace gtsa::image {
namespace {

/// What becomes of each level.
using Table = std::array<uint8_t, 256>;

constexpr int kHues = 180;

void apply(const Table& table, uint8_t* values, int64_t count) {
  for (int64_t i = 0; i < count; ++i) values[i] = table[values[i]];
}

/// level * factor + shift in float32.
Table linear(float factor, float shift) {
  Table table;
  for (size_t level = 0; level < table.size(); ++level) {
    table[level] = static_cast<uint8_t>(std::clamp(static_cast<float>(level) * factor + shift, 0.0F, 255.0F));
  }
  return table;
}

Table turned_hue(int by) {
  Table table;
  for (size_t hue = 0; hue < table.size(); ++hue) {
    table[hue] = static_cast<uint8_t>(((static_cast<int>(hue) + by) % kHues + kHues) % kHues);
  }
  return table;
}

void apply_to_hsv(const Table& table, int channel, Planes& view) {
  rgb_to_hsv(view);
  apply(table, view.plane(channel), view.pixels());
  hsv_to_rgb(view);
}

}  // namespace

void distort(Planes& view, const PhotometricPlan& plan) {
  const auto contrast = [&] {
    if (plan.contrast) apply(linear(*plan.contrast, 0), view.plane(0), 3 * view.pixels());
  };
  if (plan.brightness) apply(linear(1, *plan.brightness), view.plane(0), 3 * view.pixels());
  if (plan.contrast_first) contrast();
  if (plan.saturation) apply_to_hsv(linear(*plan.saturation, 0), 1, view);
  if (plan.hue) apply_to_hsv(turned_hue(*plan.hue), 0, view);
  if (!plan.contrast_first) contrast();
}

}  // namespace gtsa::image
