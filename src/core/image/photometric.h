#pragma once
// The photometric distortion of SSD (Liu et al., 2016) as mmsegmentation does it on 8-bit pixels.

#include <optional>

#include "core/image/planes.h"

namespace gtsa::image {

/// What is done, as a plain value; what is absent is left out. In the order of the fields, contrast before saturation
/// or last.
struct PhotometricPlan {
  std::optional<float> brightness;  ///< added to every value
  bool contrast_first = false;
  std::optional<float> contrast;    ///< multiplies every value
  std::optional<float> saturation;  ///< multiplies the saturation (hsv.h)
  std::optional<int> hue;           ///< added to the hue, in steps of 2 degrees, around the circle
  bool operator==(const PhotometricPlan&) const = default;
};

/// Every step ends with 8-bit values: clamped to [0, 255], then truncated. Saturation and hue each convert to HSV and
/// back, which loses a little every time: so does the original.
void distort(Planes& view, const PhotometricPlan& plan);

}  // namespace gtsa::image
