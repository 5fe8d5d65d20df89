#include "core/synth/develop.h"

#include <vector>

namespace gtsa::synth {
namespace {

/// Binomial blur [w, 1 - 2w, w] along rows, then columns; borders repeat.
void soften(std::span<float> channel, Size size, float w) {
  const int64_t width = size.width;
  std::vector<float> before(channel.begin(), channel.begin() + width), current(before);
  for (int64_t y = 0; y < size.height; ++y) {
    float* row = channel.data() + y * width;
    float left = row[0];
    for (int64_t x = 0; x < width; ++x) {
      const float here = row[x], right = row[x + 1 < width ? x + 1 : x];
      row[x] = here + w * (left + right - 2 * here);
      left = here;
    }
  }
  std::copy_n(channel.begin(), width, before.begin());
  for (int64_t y = 0; y < size.height; ++y) {
    float* row = channel.data() + y * width;
    const float* next = y + 1 < size.height ? row + width : row;
    for (int64_t x = 0; x < width; ++x) {
      current[x] = row[x];
      row[x] += w * (before[x] + next[x] - 2 * row[x]);
    }
    std::swap(before, current);
  }
}

}  // namespace

image::Image develop(Canvas& canvas, Rng& rng) {
  const Size size = canvas.size();
  const float cast[3] = {rng.uniform(0.93f, 1.07f), rng.uniform(0.97f, 1.03f), rng.uniform(0.92f, 1.08f)};
  const float exposure = rng.uniform(0.85f, 1.15f), contrast = rng.uniform(0.9f, 1.25f);
  const float vignette = rng.uniform(0, 0.3f), noise = 255 * rng.uniform(0.002f, 0.022f);
  const float blur = rng.chance(0.35f) ? rng.uniform(0.05f, 0.22f) : 0.0f;
  const auto offset = static_cast<float>(rng.below(1 << 14));
  if (blur > 0)
    for (int c = 0; c < 3; ++c) soften(canvas.channel(c), size, blur);
  image::Image image(size.width, size.height);
  const float scale_x = 2 / static_cast<float>(size.width), scale_y = 2 / static_cast<float>(size.height);
  const Tile& grain = tile(Pattern::grain);
  for (int64_t y = 0; y < size.height; ++y) {
    const float v = static_cast<float>(y) * scale_y - 1;
    uint8_t* out = image.row(y);
    for (int64_t x = 0; x < size.width; ++x) {
      const float u = static_cast<float>(x) * scale_x - 1;
      const float light = 255 * exposure * (1 - vignette * 0.5f * (u * u + v * v));
      const int64_t at = y * size.width + x;
      const float speckle = noise * 2.5f * grain.sample(static_cast<float>(x) + offset, static_cast<float>(y), 0);
      for (int c = 0; c < 3; ++c) {
        const float value = (canvas.channel(c)[at] - 0.45f) * contrast + 0.45f;
        out[3 * x + c] = static_cast<uint8_t>(std::clamp(value * light * cast[c] + speckle + 0.5f, 0.0f, 255.0f));
      }
    }
  }
  return image;
}

}  // namespace gtsa::synth
