#include "core/image/bilinear.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/error.h"

namespace gtsa::image {
namespace {

/// Weights add up to 1 << 11.
constexpr float kOne = 2048.0F;

/// What an output position takes: two input positions and their weights.
struct Taps {
  int32_t first = 0;
  int32_t second = 0;
  int16_t first_weight = 0;
  int16_t second_weight = 0;
};

/// One axis before its border rule: position in float32 as OpenCV has it.
struct Position {
  int64_t whole = 0;
  float fraction = 0;
};

Position position_of(int64_t output, int64_t inputs, int64_t outputs) {
  const double scale = 1.0 / (static_cast<double>(outputs) / static_cast<double>(inputs));
  const auto position = static_cast<float>((static_cast<double>(output) + 0.5) * scale - 0.5);
  const float whole = std::floor(position);
  return {static_cast<int64_t>(whole), position - whole};
}

Taps taps_of(int64_t first, int64_t second, float fraction) {
  return {static_cast<int32_t>(first), static_cast<int32_t>(second),
          static_cast<int16_t>(std::lrint((1.0F - fraction) * kOne)),
          static_cast<int16_t>(std::lrint(fraction * kOne))};
}

/// At the border the only column there is counts whole.
Taps column_taps(int64_t output, int64_t inputs, int64_t outputs) {
  const auto [whole, fraction] = position_of(output, inputs, outputs);
  if (whole < 0) return taps_of(0, 0, 0);
  if (whole >= inputs - 1) return taps_of(inputs - 1, inputs - 1, 0);
  return taps_of(whole, whole + 1, fraction);
}

/// At the border the fraction is kept and both rows are the same one.
Taps row_taps(int64_t output, int64_t inputs, int64_t outputs) {
  const auto [whole, fraction] = position_of(output, inputs, outputs);
  return taps_of(std::clamp<int64_t>(whole, 0, inputs - 1), std::clamp<int64_t>(whole + 1, 0, inputs - 1), fraction);
}

/// The input rows between which an output row lies, brought to the output's columns: planar, in 1/128 of a level, which
/// is what OpenCV keeps of its 11 bits before it goes on.
class WideRows {
 public:
  WideRows(const Image& image, std::vector<Taps> columns) : image_(image), columns_(std::move(columns)) {
    for (Row& row : rows_) row.values.resize(3 * columns_.size());
  }

  /// Row `y`, made if it is none of the last two. It stays until the call after the next.
  const int16_t* row(int64_t y) {
    if (rows_[1].number != y) {
      std::swap(rows_[0], rows_[1]);
      if (rows_[1].number != y) widen(y);
    }
    return rows_[1].values.data();
  }

 private:
  struct Row {
    int64_t number = -1;
    std::vector<int16_t> values;
  };

  void widen(int64_t y) {
    const uint8_t* pixels = image_.row(y);
    const size_t width = columns_.size();
    int16_t* out = rows_[1].values.data();
    for (size_t x = 0; x < width; ++x) {
      const Taps& taps = columns_[x];
      const uint8_t *a = pixels + ptrdiff_t{3} * taps.first, *b = pixels + ptrdiff_t{3} * taps.second;
      for (size_t c = 0; c < 3; ++c) {
        out[c * width + x] = static_cast<int16_t>((a[c] * taps.first_weight + b[c] * taps.second_weight) >> 4);
      }
    }
    rows_[1].number = y;
  }

  const Image& image_;
  std::vector<Taps> columns_;
  std::array<Row, 2> rows_;
};

/// `restrict`: a byte could be anything's, and the loop would not become vectors.
void blend_rows(const int16_t* upper, const int16_t* lower, const Taps& taps, int64_t count, uint8_t* __restrict out) {
  for (int64_t x = 0; x < count; ++x) {
    const auto a = static_cast<int16_t>((upper[x] * taps.first_weight) >> 16);
    const auto b = static_cast<int16_t>((lower[x] * taps.second_weight) >> 16);
    out[x] = static_cast<uint8_t>(static_cast<int16_t>(a + b + 2) >> 2);
  }
}

}  // namespace

Image resized_bilinear(const Image& image, Size out) {
  Planes view;
  resize_bilinear(image, out, {0, 0, out.width, out.height}, false, view);
  return view.interleaved();
}

void resize_bilinear(const Image& image, Size out, const Rect& crop, bool flip, Planes& view) {
  GTSA_CHECK(crop.left >= 0 && crop.top >= 0 && crop.width >= 1 && crop.height >= 1 &&
                 crop.left + crop.width <= out.width && crop.top + crop.height <= out.height,
             "the crop ({}, {}) {} x {} lies inside the picture of {} x {}", crop.left, crop.top, crop.width,
             crop.height, out.width, out.height);
  std::vector<Taps> columns(static_cast<size_t>(crop.width));
  for (int64_t x = 0; x < crop.width; ++x) {
    const int64_t column = crop.left + (flip ? crop.width - 1 - x : x);
    columns[static_cast<size_t>(x)] = column_taps(column, image.width(), out.width);
  }
  WideRows rows(image, std::move(columns));
  view.reshape({crop.width, crop.height});
  for (int64_t y = 0; y < crop.height; ++y) {
    const Taps taps = row_taps(crop.top + y, image.height(), out.height);
    const int16_t* upper = rows.row(taps.first);
    const int16_t* lower = rows.row(taps.second);
    for (int channel = 0; channel < 3; ++channel) {
      blend_rows(upper + channel * crop.width, lower + channel * crop.width, taps, crop.width, view.row(channel, y));
    }
  }
}

}  // namespace gtsa::image
