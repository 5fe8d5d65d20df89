#pragma once
// A view while it is worked on: 8-bit RGB, each channel a picture of its own, so that vectors hold pixels.

#include <cstdint>

#include "core/geometry/types.h"
#include "core/image/aligned.h"
#include "core/image/image.h"

namespace gtsa::image {

/// Three planes of width() * height() bytes, one behind the other, rows without gaps. Memory stays when it is reshaped.
/// Behind the last plane another 64 bytes belong to the buffer, so vector kernels may read (never use) past any row.
class Planes {
 public:
  /// No pixels.
  Planes() = default;
  /// Pixels are not set. Width and height at least 1; throws std::bad_alloc.
  explicit Planes(Size size) { reshape(size); }
  /// The picture's channels.
  explicit Planes(const Image& image);

  /// Another size; pixels are not set.
  void reshape(Size size);
  /// The picture with its channels side by side again.
  Image interleaved() const;

  int64_t width() const { return size_.width; }
  int64_t height() const { return size_.height; }
  Size size() const { return size_; }
  /// Of a plane.
  int64_t pixels() const { return size_.width * size_.height; }

  /// Channel 0 is red. 0 <= y < height().
  uint8_t* row(int channel, int64_t y) { return bytes_.data() + channel * pixels() + y * size_.width; }
  const uint8_t* row(int channel, int64_t y) const { return bytes_.data() + channel * pixels() + y * size_.width; }
  uint8_t* plane(int channel) { return row(channel, 0); }
  const uint8_t* plane(int channel) const { return row(channel, 0); }

 private:
  Size size_;
  AlignedBytes bytes_;  // as many as the largest size so far needs
};

}  // namespace gtsa::image
