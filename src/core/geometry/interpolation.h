#pragma once
// Which samples of an axis a resized axis is made of.

#include <cstdint>
#include <vector>

namespace gtsa::geometry {

/// Places between samples: place i is (1 - weight[i]) * [first[i]] + weight[i] * [second[i]]. Lists apart, as kernels
/// take them.
struct Interpolation {
  std::vector<int64_t> first;
  std::vector<int64_t> second;  ///< beside the first, or the first again at the end of the axis
  std::vector<float> weight;    ///< in [0, 1)

  int64_t size() const { return static_cast<int64_t>(first.size()); }
};

/// Linear interpolation of `in` samples at `out` places, ascending, with half-pixel centres and clamped edges
/// (align_corners = false, no antialiasing): place i lies at (i + 1/2) in / out - 1/2, not below 0. In float32, as
/// LibTorch computes it. Both at least 1.
Interpolation interpolation(int64_t in, int64_t out);

}  // namespace gtsa::geometry
