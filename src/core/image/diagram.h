#pragma once
// Pictures of numbers: squares in colours.

#include <array>
#include <cstdint>
#include <functional>

#include "core/image/image.h"

namespace gtsa::image {

/// Red, green and blue in [0, 1].
using Shares = std::array<double, 3>;

/// A grid of squares of `cell` pixels a side, counted row by row; what `colour` gives is clamped.
Image squares(int64_t rows, int64_t columns, int64_t cell, const std::function<Shares(int64_t square)>& colour);

/// Even steps of the colour map viridis (van der Walt and Smith, 2015): dark blue at 0, yellow at 1.
Shares viridis(double share);

}  // namespace gtsa::image
