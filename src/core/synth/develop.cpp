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
  const float vignette = rng.uniform(0, 0.3f), noise = 255 * rng.uniform(0.002f, 0.014f);
  const float blur = rng.chance(0.35f) ? rng.uniform(0.05f, 0.22f) : 0.0f;
  const auto offset = static_cast<int64_t>(rng.below(Tile::kSide));
  if (blur > 0)
    for (int c = 0; c < 3; ++c) soften(canvas.channel(c), size, blur);
  image::Image image(size.width, size.height);
  const auto width = static_cast<size_t>(size.width);
  std::vector<float> lens(width), speckle(width);
  std::vector<uint8_t> bytes(width);
  for (size_t x = 0; x < width; ++x) {
    const float u = 2 * static_cast<float>(x) / static_cast<float>(width) - 1;
    lens[x] = 0.5f * vignette * u * u;
  }
  for (int64_t y = 0; y < size.height; ++y) {
    const float v = 2 * static_cast<float>(y) / static_cast<float>(size.height) - 1,
                row_lens = 1 - 0.5f * vignette * v * v;
    const int8_t* grain = tile(Pattern::grain).row(static_cast<int>(y % Tile::kSide), 0);
    for (size_t x = 0; x < width; ++x)
      speckle[x] = noise / 50 * static_cast<float>(grain[(x + offset) % Tile::kSide]) + 0.5f;
    uint8_t* out = image.row(y);
    for (int c = 0; c < 3; ++c) {
      const float* in = canvas.channel(c).data() + y * size.width;
      const float gain = 255 * exposure * cast[c], pivot = 0.45f * (1 - contrast);
      for (size_t x = 0; x < width; ++x) {
        const float value = (in[x] * contrast + pivot) * gain * (row_lens - lens[x]) + speckle[x];
        bytes[x] = static_cast<uint8_t>(static_cast<int>(std::min(std::max(value, 0.0f), 255.0f)));
      }
      for (size_t x = 0; x < width; ++x) out[3 * x + c] = bytes[x];
    }
  }
  return image;
}

}  // namespace gtsa::synth
