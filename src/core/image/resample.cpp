#include "core/image/resample.h"

#include <cstring>

#include "core/image/aligned.h"
#include "core/kernels/transpose.h"

namespace gtsa::image {
namespace {

constexpr int64_t kBand = Columns::kBand;

/// The pass across `bands` bands from the first that the crop touches, into as many rows of `out`.
void resize_across(const Columns& picture, Rect crop, int64_t bands, Filter filter, Planes& out) {
  const int64_t width = out.width(), first_band = crop.top / kBand;
  const bool same = width == crop.width;
  const auto axis = same ? kernels::ResampleAxis() : kernels::resample_axis(crop.width, width, filter);
  thread_local AlignedBytes resized;
  resized.resize(static_cast<size_t>(width * Columns::kColumnBytes));
  for (int64_t band = 0; band < bands; ++band) {
    const uint8_t* columns = picture.column(first_band + band, crop.left);
    if (!same) {
      kernels::resample_columns(columns, Columns::kColumnBytes, Columns::kColumnBytes, axis, resized.data(),
                                Columns::kColumnBytes);
      columns = resized.data();
    }
    for (int c = 0; c < 3; ++c)
      kernels::transpose(columns + c * kBand, Columns::kColumnBytes, width, kBand, out.row(c, band * kBand), width);
  }
}

/// The pass down `height` rows of `picture` from row `top`.
void resize_down(const Planes& picture, int64_t top, int64_t height, Filter filter, Planes& out) {
  const bool same = height == out.height();
  const auto axis = same ? kernels::ResampleAxis() : kernels::resample_axis(height, out.height(), filter);
  for (int c = 0; c < 3; ++c) {
    if (same) {
      std::memcpy(out.plane(c), picture.row(c, top), static_cast<size_t>(out.pixels()));
    } else {
      kernels::resample_columns(picture.row(c, top), picture.width(), picture.width(), axis, out.plane(c), out.width());
    }
  }
}

}  // namespace

void resize_crop(const Columns& picture, Rect crop, Size size, Filter filter, Planes& out) {
  check_crop(picture.size(), crop);
  const int64_t above = crop.top % kBand, bands = (above + crop.height + kBand - 1) / kBand;
  thread_local Planes between;
  between.reshape({size.width, bands * kBand + kernels::kRowsReadAhead});
  resize_across(picture, crop, bands, filter, between);
  out.reshape(size);
  resize_down(between, above, crop.height, filter, out);
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
