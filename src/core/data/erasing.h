#pragma once
// Random erasing of a normalised picture (Zhong et al., "Random Erasing Data Augmentation", AAAI 2020; as in timm).

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/rng.h"
#include "core/data/view_plan.h"
#include "core/geometry/types.h"

namespace gtsa::data {

/// What erased values become.
enum class ErasingMode : uint8_t {
  pixel,     ///< a standard normal number each
  rand,      ///< one standard normal number a channel and box
  constant,  ///< 0, the mean colour
};

struct ErasingOptions {
  float probability = 0.25F;         ///< of a picture; 0 = off
  Range area_share{0.02F, 1.F / 3};  ///< of the picture's area, for all boxes together
  Range ratio{0.3F, 1 / 0.3F};       ///< height over width; drawn uniformly in its logarithm
  ErasingMode mode = ErasingMode::pixel;
  int64_t most_boxes = 1;  ///< the number of boxes is uniform in 1..most_boxes
  /// Throws UsageError naming what is no probability, range or number.
  void check() const;
  bool operator==(const ErasingOptions&) const = default;
};

/// Tries of one box before it is given up.
inline constexpr int kErasingTries = 10;

/// Height and width of a box that takes `area` pixels at height / width = exp(log_ratio), sides rounded half to even;
/// none unless both are smaller than the picture's.
std::optional<Size> erased_size(Size picture, double area, double log_ratio);

/// Boxes to erase, as a function of draws: `draws.chance()` in [0, 1); if that is at most the probability and
/// most_boxes > 1, `draws.below(most_boxes)`; then for each try of a box `draws.area_share()` and `draws.log_ratio()`,
/// and of the one that fits `draws.below(n)` for the top and for the left edge.
template <class Draws>
std::vector<Rect> erased_boxes(Size picture, const ErasingOptions& options, Draws& draws) {
  std::vector<Rect> boxes;
  if (draws.chance() > static_cast<double>(options.probability)) return boxes;
  const int64_t count = options.most_boxes > 1 ? 1 + draws.below(options.most_boxes) : 1;
  const auto pixels = static_cast<double>(picture.width * picture.height);
  for (int64_t i = 0; i < count; ++i) {
    for (int tries = 0; tries < kErasingTries; ++tries) {
      const double area = draws.area_share() * pixels / static_cast<double>(count);
      const auto size = erased_size(picture, area, draws.log_ratio());
      if (!size) continue;
      const int64_t top = draws.below(picture.height - size->height + 1);
      const int64_t left = draws.below(picture.width - size->width + 1);
      boxes.push_back({left, top, size->width, size->height});
      break;
    }
  }
  return boxes;
}

/// Fills the boxes of `chw` [3, height, width] as the mode says, one after the other, channel by channel and row by
/// row, with what `noise()` gives.
template <class Noise>
void erase(std::span<float> chw, Size picture, std::span<const Rect> boxes, ErasingMode mode, Noise&& noise) {
  for (const Rect& box : boxes) {
    for (int64_t c = 0; c < 3; ++c) {
      const float fill = mode == ErasingMode::rand ? noise() : 0.0F;
      for (int64_t y = box.top; y < box.top + box.height; ++y) {
        float* row = chw.data() + (c * picture.height + y) * picture.width + box.left;
        for (int64_t x = 0; x < box.width; ++x) row[x] = mode == ErasingMode::pixel ? noise() : fill;
      }
    }
  }
}

/// Both with the draws of `rng`: a probability of 0 draws nothing.
void erase_randomly(Rng& rng, const ErasingOptions& options, Size picture, std::span<float> chw);

}  // namespace gtsa::data
