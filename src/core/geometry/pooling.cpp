#include "core/geometry/pooling.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/error.h"

namespace gtsa::geometry {
namespace {

/// Weights [bins, extent] of one axis: the mean over a cell's samples of their two linear weights.
std::vector<float> axis_weights(float low, float high, int64_t extent, int64_t bins) {
  std::vector<float> weights(static_cast<size_t>(bins * extent), 0.0F);
  const float start = low - 0.5F;
  const float length = (high - 0.5F) - start;
  const float cell = length / static_cast<float>(bins);
  const auto samples = static_cast<int64_t>(std::ceil(cell));
  for (int64_t bin = 0; bin < bins; ++bin) {
    float* row = weights.data() + bin * extent;
    for (int64_t i = 0; i < samples; ++i) {
      float x =
          start + static_cast<float>(bin) * cell + (static_cast<float>(i) + 0.5F) * cell / static_cast<float>(samples);
      if (x < -1.0F || x > static_cast<float>(extent)) continue;
      x = std::max(x, 0.0F);
      const auto left = static_cast<int64_t>(x);
      if (left >= extent - 1) {
        row[extent - 1] += 1.0F;
      } else {
        const float right_share = x - static_cast<float>(left);
        row[left] += 1.0F - right_share;
        row[left + 1] += right_share;
      }
    }
    if (samples > 1) {
      for (int64_t x = 0; x < extent; ++x) row[x] /= static_cast<float>(samples);
    }
  }
  return weights;
}

}  // namespace

Box box_in_map(const Box& box_in_view, int64_t patch_size) {
  const auto patch = static_cast<float>(patch_size);
  return {box_in_view.x1 / patch, box_in_view.y1 / patch, box_in_view.x2 / patch, box_in_view.y2 / patch};
}

int64_t source_of_turned(int64_t row, int64_t column, int64_t side, Turn turn) {
  switch (turn) {
    case Turn::none:
      return row * side + column;
    case Turn::quarter:
      return column * side + (side - 1 - row);
    case Turn::half:
      return (side - 1 - row) * side + (side - 1 - column);
    case Turn::three_quarters:
      return (side - 1 - column) * side + row;
  }
  GTSA_CHECK(false, "a turn is one of four, not {}", static_cast<int>(turn));
}

void pooling_matrix(const Box& box, Size map, int64_t bins, Turn turn, std::span<float> weights) {
  const int64_t tokens = map.width * map.height;
  GTSA_CHECK(bins > 0 && static_cast<int64_t>(weights.size()) == bins * bins * tokens,
             "{} weights for {} x {} bins over {} x {} features", weights.size(), bins, bins, map.width, map.height);
  GTSA_CHECK(std::isfinite(box.x1) && std::isfinite(box.y1) && std::isfinite(box.x2) && std::isfinite(box.y2),
             "box ({}, {}, {}, {}) is finite", box.x1, box.y1, box.x2, box.y2);
  const std::vector<float> across = axis_weights(box.x1, box.x2, map.width, bins);
  const std::vector<float> down = axis_weights(box.y1, box.y2, map.height, bins);
  for (int64_t row = 0; row < bins; ++row) {
    for (int64_t column = 0; column < bins; ++column) {
      const int64_t source = source_of_turned(row, column, bins, turn);
      const float* wx = across.data() + (source % bins) * map.width;
      const float* wy = down.data() + (source / bins) * map.height;
      float* out = weights.data() + (row * bins + column) * tokens;
      for (int64_t y = 0; y < map.height; ++y) {
        for (int64_t x = 0; x < map.width; ++x) out[y * map.width + x] = wy[y] * wx[x];
      }
    }
  }
}

}  // namespace gtsa::geometry
