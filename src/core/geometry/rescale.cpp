#include "core/geometry/rescale.h"

#include <algorithm>

#include "core/base/error.h"

namespace gtsa::geometry {

Size rescaled(Size picture, Size scale) {
  GTSA_CHECK(picture.width > 0 && picture.height > 0 && scale.width > 0 && scale.height > 0,
             "{} x {} pixels are brought to {} x {}", picture.width, picture.height, scale.width, scale.height);
  const auto [shorter, longer] = std::minmax(picture.width, picture.height);
  const auto [short_bound, long_bound] = std::minmax(scale.width, scale.height);
  const double factor = std::min(static_cast<double>(long_bound) / static_cast<double>(longer),
                                 static_cast<double>(short_bound) / static_cast<double>(shorter));
  const auto side = [&](int64_t pixels) {
    return std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(pixels) * factor + 0.5));
  };
  return {side(picture.width), side(picture.height)};
}

Size scaled(Size scale, double ratio) {
  const auto side = [&](int64_t pixels) {
    return std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(pixels) * ratio));
  };
  return {side(scale.width), side(scale.height)};
}

}  // namespace gtsa::geometry
