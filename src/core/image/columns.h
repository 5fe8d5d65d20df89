#pragma once

#include <cstdint>
#include <vector>

#include "core/geometry/types.h"
#include "core/image/image.h"

namespace gtsa::image {

/// A picture column by column, the three channels of a column one behind the other: what crops are resized from. Made
/// once a photograph, it serves all of its views. Memory stays when another picture is taken.
class Columns {
 public:
  /// No pixels.
  Columns() = default;
  explicit Columns(const Image& image) { assign(image); }
  /// Takes a picture's pixels, or those of the part `crop`, which lies inside it.
  void assign(const Image& image) { assign(image, {0, 0, image.width(), image.height()}); }
  void assign(const Image& image, Rect crop);

  Size size() const { return size_; }
  /// Bytes from a channel of a column to the next.
  int64_t stride() const { return stride_; }
  /// height() bytes from top to bottom; the 64 behind them may be read, never used. 0 <= x < width.
  const uint8_t* column(int64_t x, int channel) const { return bytes_.data() + (3 * x + channel) * stride_; }

 private:
  Size size_;
  int64_t stride_ = 0;
  std::vector<uint8_t> bytes_;  // as many as the largest picture so far needs
};

/// Throws BugError unless the crop has pixels and lies inside a picture of this size.
void check_crop(Size picture, Rect crop);

}  // namespace gtsa::image
