#pragma once
// The random resized crop of classification and of DINO (torchvision 0.14, timm 0.4; MAE's rule for linear probes).

#include "core/base/rng.h"
#include "core/data/view_plan.h"
#include "core/geometry/types.h"

namespace gtsa::data {

struct ResizedCropOptions {
  Range area_share{0.08F, 1.0F};  ///< of the photograph's area
  Range ratio{3.F / 4, 4.F / 3};  ///< width over height; drawn uniformly in its logarithm
  /// A crop that does not fit is cut at the photograph's sides instead of drawn again: the rule of MAE's linear probe.
  bool one_shot = false;
  /// Throws UsageError naming what is no range of shares or ratios.
  void check() const;
  bool operator==(const ResizedCropOptions&) const = default;
};

/// The draws of geometry::random_resized_crop from a stream, in float32 as the originals draw them.
class CropDraws {
 public:
  CropDraws(Rng& rng, Range area_share, Range log_ratio) : rng_(rng), area_share_(area_share), log_ratio_(log_ratio) {}
  float area_share() { return rng_.uniform(area_share_.low, area_share_.high); }
  float log_aspect() { return rng_.uniform(log_ratio_.low, log_ratio_.high); }
  int64_t below(int64_t n) { return rng_.below(static_cast<uint32_t>(n)); }

 private:
  Rng& rng_;
  Range area_share_;
  Range log_ratio_;
};

/// A crop inside a photograph of at least one pixel: share and ratio are drawn up to geometry::kCropTries times, then
/// the top and the left edge; where none fits, the largest centre crop within the ratios.
Rect draw_resized_crop(Rng& rng, Size photo, const ResizedCropOptions& options);

}  // namespace gtsa::data
