#include "core/data/resized_crop.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/geometry/crop.h"

namespace gtsa::data {
namespace {

Rect clipped_crop(Size photo, CropDraws& draws) {
  const float area_share = draws.area_share();
  const Size wanted = geometry::crop_extent(photo, area_share, draws.log_aspect());
  const Size crop{std::clamp<int64_t>(wanted.width, 1, photo.width),
                  std::clamp<int64_t>(wanted.height, 1, photo.height)};
  const int64_t top = draws.below(photo.height - crop.height + 1);
  const int64_t left = draws.below(photo.width - crop.width + 1);
  return {left, top, crop.width, crop.height};
}

}  // namespace

void ResizedCropOptions::check() const {
  if (!(area_share.low > 0 && area_share.low <= area_share.high && area_share.high <= 1)) {
    throw UsageError("crops of {:g} to {:g} of a photograph's area: shares lie between 0 and 1, the smaller one first",
                     area_share.low, area_share.high);
  }
  if (!(ratio.low > 0 && ratio.low <= ratio.high && std::isfinite(ratio.high))) {
    throw UsageError("crops with ratios from {:g} to {:g}: ratios are above 0, the smaller one first", ratio.low,
                     ratio.high);
  }
}

Rect draw_resized_crop(Rng& rng, Size photo, const ResizedCropOptions& options) {
  GTSA_CHECK(photo.width > 0 && photo.height > 0, "a photograph of {} x {} has pixels", photo.width, photo.height);
  CropDraws draws(rng, options.area_share, {std::log(options.ratio.low), std::log(options.ratio.high)});
  if (options.one_shot) return clipped_crop(photo, draws);
  return geometry::random_resized_crop(photo, draws, options.ratio.low, options.ratio.high).crop;
}

}  // namespace gtsa::data
