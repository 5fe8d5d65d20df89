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

/// A crop inside a photograph of at least one pixel: share and ratio are drawn up to geometry::kCropTries times, then
/// the top and the left edge; where none fits, the largest centre crop within the ratios.
Rect draw_resized_crop(Rng& rng, Size photo, const ResizedCropOptions& options);

}  // namespace gtsa::data
