#include "core/image/resample.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/kernels/transpose.h"

namespace gtsa::image {
namespace {

/// Rows that go through the horizontal pass together: a strip of the largest views stays in the first cache.
constexpr int64_t kStrip = 64;
/// Rows come in whole vectors; what is made of those behind the crop's last one is dropped.
constexpr int64_t kRowsTogether = 32;
/// A last strip of fewer rows takes some of its neighbour's again: fewer are slow to transpose.
constexpr int64_t kFewestRows = 16;

/// Horizontal pass: down the columns' transpose, strip by strip, and back into rows. `out` has the crop's height.
void resize_across(const Columns& picture, Rect crop, Filter filter, Planes& out) {
  const int64_t stride = 3 * picture.stride();
  const auto axis = kernels::resample_axis(crop.width, out.width(), filter);
  thread_local std::vector<uint8_t> strip;
  strip.resize(static_cast<size_t>(out.width() * kStrip));
  for (int64_t next = 0; next < crop.height; next += kStrip) {
    const int64_t y = std::min(next, std::max<int64_t>(crop.height - kFewestRows, 0));
    const int64_t rows = std::min(kStrip, crop.height - y);
    const int64_t whole = (rows + kRowsTogether - 1) / kRowsTogether * kRowsTogether;
    for (int c = 0; c < 3; ++c) {
      const uint8_t* from = picture.column(crop.left, c) + crop.top + y;
      kernels::resample_columns(from, stride, whole, axis, strip.data(), kStrip);
      kernels::transpose(strip.data(), kStrip, out.width(), rows, out.row(c, y), out.width());
    }
  }
}

void copy_crop(const Columns& picture, Rect crop, Planes& out) {
  for (int c = 0; c < 3; ++c) {
    kernels::transpose(picture.column(crop.left, c) + crop.top, 3 * picture.stride(), crop.width, crop.height,
                       out.plane(c), crop.width);
  }
}

void resize_down(const Planes& picture, Filter filter, Planes& out) {
  const auto axis = kernels::resample_axis(picture.height(), out.height(), filter);
  for (int c = 0; c < 3; ++c) {
    kernels::resample_columns(picture.plane(c), picture.width(), picture.width(), axis, out.plane(c), out.width());
  }
}

}  // namespace

void resize_crop(const Columns& picture, Rect crop, Size size, Filter filter, Planes& out) {
  check_crop(picture.size(), crop);
  const auto across = [&](Planes& to) {
    to.reshape({size.width, crop.height});
    crop.width == size.width ? copy_crop(picture, crop, to) : resize_across(picture, crop, filter, to);
  };
  if (crop.height == size.height) return across(out);
  thread_local Planes between;
  across(between);
  out.reshape(size);
  resize_down(between, filter, out);
}

Image resized_crop(const Image& image, Rect crop, Size size, Filter filter) {
  thread_local Columns columns;
  thread_local Planes planes;
  columns.assign(image, crop);
  resize_crop(columns, {0, 0, crop.width, crop.height}, size, filter, planes);
  return planes.interleaved();
}

Image resized(const Image& image, Size size, Filter filter) {
  return resized_crop(image, {0, 0, image.width(), image.height()}, size, filter);
}

Image cropped(const Image& image, Rect crop) {
  check_crop(image.size(), crop);
  Image out(crop.width, crop.height);
  for (int64_t y = 0; y < crop.height; ++y) {
    std::memcpy(out.row(y), image.row(crop.top + y) + 3 * crop.left, static_cast<size_t>(out.stride()));
  }
  return out;
}

}  // namespace gtsa::image
