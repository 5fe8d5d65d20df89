#include "core/geometry/interpolation.h"

#include <algorithm>

#include "core/base/error.h"

namespace gtsa::geometry {

Interpolation interpolation(int64_t in, int64_t out) {
  GTSA_CHECK(in >= 1 && out >= 1, "an axis of {} is resized to {}", in, out);
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  Interpolation places;
  for (int64_t i = 0; i < out; ++i) {
    const float source = std::max(0.0F, (static_cast<float>(i) + 0.5F) * scale - 0.5F);
    const auto first = std::min(static_cast<int64_t>(source), in - 1);
    places.first.push_back(first);
    places.second.push_back(std::min(first + 1, in - 1));
    places.weight.push_back(source - static_cast<float>(first));
  }
  return places;
}

}  // namespace gtsa::geometry
