#pragma once
// The logits of all pixels of a picture, kept at one cell a patch: a row of pixels is made of them when it is asked
// for, so that memory does not grow with classes times pixels.

#include <cstdint>
#include <span>
#include <vector>

#include "core/geometry/types.h"
#include "core/image/label_map.h"
#include "core/kernels/mix.h"

namespace gtsa::transfer {

/// Resizing of an axis from `in` to `out` places (geometry::interpolation); sources without a share are left out.
kernels::Taps bilinear_taps(int64_t in, int64_t out);

/// Two resizings one after the other as one: `second` takes what `first` gives. Sources that occur twice are added up.
kernels::Taps composed(const kernels::Taps& first, const kernels::Taps& second);

/// Output o is what it was at size - 1 - o.
kernels::Taps mirrored(const kernels::Taps& taps);

/// Windows along an axis: `window` long, `stride` apart, the last ones pulled back into the axis.
struct WindowAxis {
  int64_t length = 0;  ///< of the axis
  int64_t window = 0;  ///< at most `length`
  std::vector<int64_t> starts;

  /// mmsegmentation's grid (spec: segmentation, section 4): max(length - crop + stride - 1, 0) / stride + 1 windows.
  WindowAxis(int64_t length, int64_t crop, int64_t stride);
  /// From `cells` cells a window, all windows' cells in a row, to the axis: each window's cells are resized to its
  /// length, and where windows overlap the mean is taken.
  kernels::Taps taps(int64_t cells) const;
};

/// The network's answer for a picture in one way of looking at it. Cell (r, c) has its logits from
/// cells[(r * cell_columns + c) * classes] on; a pixel (x, y) is the sum over rows.indices(y) and columns.indices(x) of
/// the products of their weights.
struct LogitField {
  int64_t classes = 0;
  int64_t cell_columns = 0;
  std::vector<float> cells;
  kernels::Taps rows;     ///< from cells to the picture's rows
  kernels::Taps columns;  ///< from cells to the picture's columns

  Size size() const { return {columns.size(), rows.size()}; }
  /// Logits of row y: [width, classes]. `scratch` is memory for use again.
  void logits(int64_t y, std::span<float> out, std::vector<float>& scratch) const;
  /// The class of each pixel of row y by its largest logit, the first of equals: [width].
  void largest(int64_t y, std::span<uint16_t> out, std::vector<float>& scratch) const;

 private:
  /// The cells of row y mixed: [cell_columns, classes] in `scratch`.
  void mix_row(int64_t y, std::vector<float>& scratch) const;
};

/// The class of each pixel: of one field by its logits; of several (all of one size) by the mean of the probabilities
/// that they give. One row is in memory at a time.
image::LabelMap classes_of(std::span<const LogitField> fields);

}  // namespace gtsa::transfer
