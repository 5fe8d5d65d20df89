#include "learn/transfer/segment_pictures.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/image/label_colours.h"

namespace gtsa::transfer {
namespace {

/// 5 parts of the class's colour, 3 of the photograph.
uint8_t blended(uint8_t colour, uint8_t pixel) { return static_cast<uint8_t>((5 * colour + 3 * pixel + 4) / 8); }

template <class Class>
image::Image overlay_of(const image::Image& photo, std::span<const Class> classes, std::span<const Colour> palette) {
  GTSA_CHECK(std::ssize(classes) == photo.width() * photo.height(), "{} classes of {} x {} pixels", classes.size(),
             photo.width(), photo.height());
  image::Image result = photo.clone();
  auto at = classes.begin();
  for (int64_t y = 0; y < result.height(); ++y) {
    uint8_t* pixel = result.row(y);
    for (int64_t x = 0; x < result.width(); ++x, pixel += 3) {
      const auto number = static_cast<int64_t>(*at++);
      if (number < 0) continue;
      GTSA_CHECK(number < std::ssize(palette), "class {} of {}", number, palette.size());
      const Colour& colour = palette[static_cast<size_t>(number)];
      for (size_t c = 0; c < colour.size(); ++c) pixel[c] = blended(colour[c], pixel[c]);
    }
  }
  return result;
}

}  // namespace

std::vector<Colour> palette_of(const SegmentClasses& classes) {
  return classes.palette.empty() ? image::default_palette(classes.size()) : classes.palette;
}

image::Image overlay(const image::Image& photo, std::span<const int32_t> classes, std::span<const Colour> palette) {
  return overlay_of(photo, classes, palette);
}

image::Image overlay(const image::Image& photo, const image::LabelMap& classes, std::span<const Colour> palette) {
  return overlay_of(photo, std::span<const uint16_t>(classes.values), palette);
}

Size shown_size(Size size, int64_t longest) {
  const double scale =
      std::min(1.0, static_cast<double>(longest) / static_cast<double>(std::max(size.width, size.height)));
  const auto scaled = [&](int64_t side) {
    return std::max<int64_t>(1, std::lround(static_cast<double>(side) * scale));
  };
  return {scaled(size.width), scaled(size.height)};
}

}  // namespace gtsa::transfer
