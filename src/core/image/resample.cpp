#include "core/image/resample.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/base/error.h"
#include "core/image/aligned.h"
#include "core/kernels/transpose.h"

namespace gtsa::image {
namespace {

constexpr int64_t kBand = Columns::kBand;

/// One axis of a resize: outputs [begin, begin + count) of `outputs` are wanted.
struct Axis {
  int64_t inputs, outputs, begin, count;
  bool same() const { return inputs == outputs; }
  kernels::ResampleAxis taps(Filter filter) const {
    return same() ? kernels::ResampleAxis() : kernels::resample_axis(inputs, outputs, begin, begin + count, filter);
  }
};

/// The pass across `bands` bands of the picture, from input column `left` on, into as many rows of `out`.
void resize_across(const Columns& picture, int64_t left, int64_t first_band, int64_t bands, const Axis& across,
                   Filter filter, Planes& out) {
  const auto taps = across.taps(filter);
  thread_local AlignedBytes resized;
  resized.resize(static_cast<size_t>(across.count * Columns::kColumnBytes));
  for (int64_t band = 0; band < bands; ++band) {
    const uint8_t* columns = picture.column(first_band + band, left);
    if (across.same()) {
      columns += across.begin * Columns::kColumnBytes;
    } else {
      kernels::resample_columns(columns, Columns::kColumnBytes, Columns::kColumnBytes, taps, resized.data(),
                                Columns::kColumnBytes);
      columns = resized.data();
    }
    for (int c = 0; c < 3; ++c)
      kernels::transpose(columns + c * kBand, Columns::kColumnBytes, across.count, kBand, out.row(c, band * kBand),
                         across.count);
  }
}

/// The pass down the rows of `picture` from row `top` on. `taps` count from there.
void resize_down(const Planes& picture, int64_t top, const kernels::ResampleAxis& taps, Planes& out) {
  for (int c = 0; c < 3; ++c) {
    if (taps.outputs == 0) {
      std::memcpy(out.plane(c), picture.row(c, top), static_cast<size_t>(out.pixels()));
    } else {
      kernels::resample_columns(picture.row(c, top), picture.width(), picture.width(), taps, out.plane(c), out.width());
    }
  }
}

}  // namespace

void resize_crop(const Columns& picture, Rect crop, Size size, Rect window, Filter filter, Planes& out) {
  check_crop(picture.size(), crop);
  check_crop(size, window);
  const Axis across{crop.width, size.width, window.left, window.width};
  const Axis down{crop.height, size.height, window.top, window.height};
  auto taps = down.taps(filter);
  // Of the crop's rows, those that the window is made of.
  const int64_t begin = down.same() ? window.top : taps.first.front();
  const int64_t end = down.same() ? window.top + window.height : taps.first.back() + taps.count.back();
  for (int32_t& first : taps.first) first -= static_cast<int32_t>(begin);
  const int64_t top = crop.top + begin, above = top % kBand, bands = (above + end - begin + kBand - 1) / kBand;
  thread_local Planes between;
  between.reshape({window.width, bands * kBand + kernels::kRowsReadAhead});
  resize_across(picture, crop.left, top / kBand, bands, across, filter, between);
  out.reshape({window.width, window.height});
  resize_down(between, above, taps, out);
}

void resize_crop(const Columns& picture, Rect crop, Size size, Filter filter, Planes& out) {
  resize_crop(picture, crop, size, {0, 0, size.width, size.height}, filter, out);
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

void resize_shorter_side(const Image& image, int64_t shorter, int64_t crop, Filter filter, Planes& out) {
  GTSA_CHECK(crop >= 1 && crop <= shorter, "a crop of {} fits into a shorter side of {}", crop, shorter);
  const int64_t least = std::min(image.width(), image.height()), most = std::max(image.width(), image.height());
  const int64_t longer = shorter * most / least;
  const Size size = image.width() <= image.height() ? Size{shorter, longer} : Size{longer, shorter};
  const auto offset = [&](int64_t side) { return std::llrint(static_cast<double>(side - crop) / 2); };
  thread_local Columns columns;
  columns.assign(image);
  resize_crop(columns, {0, 0, image.width(), image.height()}, size,
              {offset(size.width), offset(size.height), crop, crop}, filter, out);
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
