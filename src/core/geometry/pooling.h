#pragma once
// RoI Align of an axis-aligned box as a dense matrix (docs/method.md 3.1), so that pooling is one matrix product on
// any device and its gradient is the transpose. The box's cells, the samples in them and their bilinear weights split
// by axis: the matrix is the outer product of two small ones.

#include <cstdint>
#include <span>

#include "core/geometry/types.h"

namespace gtsa::geometry {

/// Box of a view in feature units: every corner divided by the patch side, in float32.
Box box_in_map(const Box& box_in_view, int64_t patch_size);

/// Writes the weights [bins * bins, map.height * map.width], row-major, with pooled = weights * features and features
/// [map.height * map.width, channels] row by row. Row (r, c) of the result is cell (r, c) of the pooled map after it
/// was turned by `turn` (exactly: the rows are permuted).
///
/// Aligned (shifted by half a feature), ceil(cell) samples an axis and cell, a side <= 0 gives zeros; samples beyond
/// [-1, map] count 0, others are clamped to the map. Cell sizes and sample positions are float32 in the original's
/// order.
void pooling_matrix(const Box& box_in_map, Size map, int64_t bins, Turn turn, std::span<float> weights);

/// Where cell (row, column) of a square map of `side` lies before the turn: the index row * side + column of its
/// source. A quarter: output[r][c] = input[c][side-1-r].
int64_t source_of_turned(int64_t row, int64_t column, int64_t side, Turn turn);

}  // namespace gtsa::geometry
