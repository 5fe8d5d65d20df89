#pragma once
// A picture in memory: 8-bit RGB, channels interleaved, rows from top to bottom.

#include <cstdint>
#include <cstdlib>
#include <memory>

#include "core/geometry/types.h"

namespace gtsa::image {

/// Owns its pixels; moves, copies only by clone(). Rows lie stride() bytes apart. Behind the last row another 64 bytes
/// belong to the buffer, so vector kernels may read (never use) past the end of any row.
class Image {
 public:
  /// No pixels.
  Image() = default;
  /// Pixels are not set. Width and height at least 1; throws std::bad_alloc.
  Image(int64_t width, int64_t height);
  Image(Image&& other) noexcept { swap(other); }
  Image& operator=(Image&& other) noexcept {
    swap(other);
    return *this;
  }

  Image clone() const;

  int64_t width() const { return size_.width; }
  int64_t height() const { return size_.height; }
  Size size() const { return size_; }
  bool empty() const { return size_.width == 0; }
  /// Bytes from one row to the next.
  int64_t stride() const { return 3 * size_.width; }

  /// `width() * 3` bytes: R, G, B, R, ... 0 <= y < height().
  uint8_t* row(int64_t y) { return pixels_.get() + y * stride(); }
  const uint8_t* row(int64_t y) const { return pixels_.get() + y * stride(); }

  /// Same size and pixels.
  bool operator==(const Image& other) const;

 private:
  friend class GrowingImage;
  struct Free {
    void operator()(uint8_t* memory) const { std::free(memory); }
  };
  using Pixels = std::unique_ptr<uint8_t[], Free>;
  void swap(Image& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(pixels_, other.pixels_);
  }

  Size size_;
  Pixels pixels_;
};

/// An image whose rows arrive one after the other. Memory follows the rows that really came, not what a header claims.
class GrowingImage {
 public:
  explicit GrowingImage(Size size);
  Size size() const { return size_; }
  /// Rows so far.
  int64_t rows() const { return rows_; }
  /// The place of the next row, valid until the next call. Called at most size().height times.
  uint8_t* next_row();
  /// The whole image; all rows have come.
  Image finish();

 private:
  Size size_;
  int64_t rows_ = 0;
  int64_t capacity_ = 0;
  Image::Pixels pixels_;
};

}  // namespace gtsa::image
