#include "core/image/tone.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>

#include "core/base/error.h"

namespace gtsa::image {
namespace {

using Histogram = std::array<uint32_t, 256>;
using Table = std::array<uint8_t, 256>;

/// Every value of all three planes, which lie one behind the other. `change` of 8-bit values is vectorised.
template <class Change>
void change_every(Planes& view, const Change& change) {
  uint8_t* values = view.plane(0);
  const int64_t count = 3 * view.pixels();
  for (int64_t i = 0; i < count; ++i) values[i] = change(values[i]);
}

/// Counted in four tables, since a count waits for the one before it where neighbours are equal.
Histogram histogram_of(const uint8_t* values, int64_t count) {
  std::array<Histogram, 4> parts{};
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (size_t k = 0; k < 4; ++k) ++parts[k][values[static_cast<size_t>(i) + k]];
  }
  for (; i < count; ++i) ++parts[0][values[i]];
  for (size_t v = 0; v < 256; ++v) parts[0][v] += parts[1][v] + parts[2][v] + parts[3][v];
  return parts[0];
}

/// `table_of(histogram, table)` fills the table that a channel goes through; false: the channel stays.
template <class TableOf>
void change_by_histogram(Planes& view, const TableOf& table_of) {
  const int64_t pixels = view.pixels();
  for (int c = 0; c < 3; ++c) {
    uint8_t* values = view.plane(c);
    Table table;
    if (!table_of(histogram_of(values, pixels), table)) continue;
    for (int64_t i = 0; i < pixels; ++i) values[i] = table[values[i]];
  }
}

bool stretch(const Histogram& histogram, Table& table) {
  const auto is_used = [](uint32_t count) { return count > 0; };
  const auto low = std::find_if(histogram.begin(), histogram.end(), is_used) - histogram.begin();
  const auto high = histogram.rend() - std::find_if(histogram.rbegin(), histogram.rend(), is_used) - 1;
  if (high <= low) return false;
  const double scale = 255.0 / static_cast<double>(high - low);
  const double offset = -static_cast<double>(low) * scale;
  for (size_t v = 0; v < table.size(); ++v) {
    table[v] = static_cast<uint8_t>(std::clamp(static_cast<int>(static_cast<double>(v) * scale + offset), 0, 255));
  }
  return true;
}

bool level(const Histogram& histogram, Table& table) {
  const auto highest = std::find_if(histogram.rbegin(), histogram.rend(), [](uint32_t count) { return count > 0; });
  const uint64_t pixels = std::accumulate(histogram.begin(), histogram.end(), uint64_t{0});
  const uint64_t step = (pixels - *highest) / 255;
  if (step == 0) return false;  // also where one value is all there is
  uint64_t sum = step / 2;
  for (size_t v = 0; v < table.size(); sum += histogram[v++]) {
    table[v] = static_cast<uint8_t>(std::min<uint64_t>(sum / step, 255));
  }
  return true;
}

/// Row y of `plane` smoothed, but for its ends. floor(sum / 13 + 1/2) in whole numbers.
void smooth_row(const uint8_t* above, const uint8_t* row, const uint8_t* below, int64_t width, uint8_t* out) {
  out[0] = row[0];
  for (int64_t x = 1; x + 1 < width; ++x) {
    const int ring =
        above[x - 1] + above[x] + above[x + 1] + row[x - 1] + row[x + 1] + below[x - 1] + below[x] + below[x + 1];
    out[x] = static_cast<uint8_t>(static_cast<uint16_t>(2 * (ring + 5 * row[x]) + 13) / 26);
  }
  out[width - 1] = row[width - 1];
}

/// from + factor * (values - from), as colour.h's blends.
void blend(const uint8_t* from, int64_t count, float factor, uint8_t* values) {
  for (int64_t i = 0; i < count; ++i) {
    const float blended = static_cast<float>(from[i]) + factor * static_cast<float>(values[i] - from[i]);
    values[i] = static_cast<uint8_t>(std::min(std::max(blended, 0.0F), 255.0F));
  }
}

}  // namespace

void invert(Planes& view) {
  change_every(view, [](uint8_t v) { return static_cast<uint8_t>(~v); });
}

void solarize(Planes& view, int threshold) {
  GTSA_CHECK(threshold >= 0 && threshold <= 256, "a threshold lies in 0..256: {}", threshold);
  if (threshold == 256) return;
  const auto least = static_cast<uint8_t>(threshold);
  change_every(view, [=](uint8_t v) { return v >= least ? static_cast<uint8_t>(~v) : v; });
}

void solarize_add(Planes& view, int add) {
  GTSA_CHECK(add >= 0 && add <= 255, "what is added lies in 0..255: {}", add);
  const auto summand = static_cast<uint8_t>(add);
  change_every(view, [=](uint8_t v) {
    const auto sum = static_cast<uint8_t>(v + summand);  // wraps where it exceeds 255
    const uint8_t capped = sum < v ? uint8_t{255} : sum;
    return v < 128 ? capped : v;
  });
}

void posterize(Planes& view, int bits) {
  GTSA_CHECK(bits >= 0 && bits <= 8, "a value has 0..8 bits to keep: {}", bits);
  const auto mask = static_cast<uint8_t>(0xFF00 >> bits);
  change_every(view, [=](uint8_t v) { return static_cast<uint8_t>(v & mask); });
}

void autocontrast(Planes& view) { change_by_histogram(view, stretch); }

void equalize(Planes& view) { change_by_histogram(view, level); }

void adjust_sharpness(Planes& view, float factor) {
  GTSA_CHECK(std::isfinite(factor) && factor >= 0, "a factor is finite and not negative: {}", factor);
  const int64_t width = view.width(), height = view.height();
  if (width < 3 || height < 3) return;  // all border
  // A row may be changed once the row below it has been smoothed: two rows of memory are enough.
  thread_local AlignedBytes memory;
  memory.resize(static_cast<size_t>(2 * width));
  for (int c = 0; c < 3; ++c) {
    uint8_t* smooth = memory.data();
    uint8_t* before = memory.data() + width;  // smoothed row y - 1
    for (int64_t y = 1; y + 1 < height; ++y) {
      smooth_row(view.row(c, y - 1), view.row(c, y), view.row(c, y + 1), width, smooth);
      if (y > 1) blend(before, width, factor, view.row(c, y - 1));
      std::swap(smooth, before);
    }
    blend(before, width, factor, view.row(c, height - 2));
  }
}

}  // namespace gtsa::image
