#pragma once

#include <cstdint>

#include "core/geometry/types.h"
#include "core/image/aligned.h"
#include "core/image/image.h"

namespace gtsa::image {

/// A picture in bands of kBand rows, each band column by column: what crops are resized from, since the pass across
/// then walks through memory in order and finds rows side by side. Made once a photograph, it serves all of its views.
/// Memory stays when another picture is taken.
class Columns {
 public:
  static constexpr int64_t kBand = 32;
  /// Bytes of a column: the reds of kBand rows from top to bottom, the greens, the blues.
  static constexpr int64_t kColumnBytes = 3 * kBand;

  /// No pixels.
  Columns() = default;
  explicit Columns(const Image& image) { assign(image); }
  /// Takes a picture's pixels, or those of the part `crop`, which lies inside it.
  void assign(const Image& image) { assign(image, {0, 0, image.width(), image.height()}); }
  void assign(const Image& image, Rect crop);

  Size size() const { return size_; }
  /// Column x of rows [kBand * band, kBand * (band + 1)). Rows behind the picture's last, and kernels::kRowsReadAhead
  /// columns behind the last of a band, may be read, never used.
  const uint8_t* column(int64_t band, int64_t x) const {
    return bytes_.data() + (band * size_.width + x) * kColumnBytes;
  }

 private:
  Size size_;
  AlignedBytes bytes_;  // as many as the largest picture so far needs
};

/// Throws BugError unless the crop has pixels and lies inside a picture of this size.
void check_crop(Size picture, Rect crop);

}  // namespace gtsa::image
