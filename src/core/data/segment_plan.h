#pragma once
// How a photograph and its labels become a training sample of segmentation (spec: segmentation, section 2.1): plans are
// pure values of their key and of the labels, which decide about the crop.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/base/rng.h"
#include "core/data/segment_labels.h"
#include "core/data/view_plan.h"
#include "core/geometry/types.h"
#include "core/image/decode.h"
#include "core/image/image.h"
#include "core/image/label_map.h"
#include "core/image/photometric.h"

namespace gtsa::data {

/// How a sample is made. Defaults are the original's.
struct SegmentOptions {
  int64_t crop = 512;             ///< side S of the square sample, pixels
  Size scale{2048, 512};          ///< bounds of the longer and the shorter side before the ratio (geometry::rescaled)
  Range scale_ratio{0.5F, 2.0F};  ///< multiplies `scale`
  double category_bound = 0.75;   ///< a crop's most frequent class has less than this share of its labelled pixels
  float flip = 0.5F;              ///< probability
  bool photometric = true;        ///< colours are distorted
  LabelRule labels;
  image::DecodeOptions decode{.apply_exif = false};  ///< labels lie in stored pixels
  uint64_t seed = 0;                                 ///< of the draws; the sampler has its own

  /// Throws UsageError naming what is out of range.
  void check() const;
};

/// The steps are done in the order of the fields.
struct SegmentPlan {
  Size resized;       ///< of the whole photograph
  Rect crop;          ///< in the resized photograph; at most S x S
  bool flip = false;  ///< left and right exchanged
  image::PhotometricPlan colours;
  bool operator==(const SegmentPlan&) const = default;
};

/// Crops that are looked at before one is taken unseen.
inline constexpr int kCropLooks = 10;

/// A crop of side `side`, or shorter where the picture is: offsets are drawn by `below(n)` (uniform in [0, n)), first
/// the top, then the left, and anew while is_mixed(crop) is false; the last of kCropLooks + 1 is taken unseen.
Rect draw_mixed_crop(Size picture, int64_t side, const std::function<int64_t(int64_t n)>& below,
                     const std::function<bool(const Rect& crop)>& is_mixed);

/// Pixels by class of a crop of the labels resized to `resized`: [classes]; ignored ones are not counted.
std::vector<int64_t> class_counts(const image::LabelMap& labels, const LabelRule& rule, Size resized, const Rect& crop);

/// True if more than one class is there and the most frequent one has less than `bound` of the counted pixels; always
/// true where the bound is 1.
bool is_mixed(std::span<const int64_t> counts, double bound);

/// The plan of a photograph at `place` in the permutation of `epoch`, one stream of draws for all of it (crops last:
/// their number depends on the labels). `labels` are of the photograph's size and within the rule.
SegmentPlan plan_segment(const image::LabelMap& labels, const SegmentOptions& options, uint64_t epoch, uint64_t place);

/// The sample's pixels: normalised float32 [3, side, side], padded at the right and at the bottom with 0, which is the
/// mean colour. Scratch memory stays with the thread.
void execute_into(const image::Image& photo, const SegmentPlan& plan, int64_t side, std::span<float> chw);
/// The sample's classes [side, side], padded with kIgnored.
void execute_into(const image::LabelMap& labels, const LabelRule& rule, const SegmentPlan& plan, int64_t side,
                  std::span<int32_t> classes);

/// What evaluation sees: the photograph resized to `size` (geometry::rescaled), mirrored if `flip`, of that the part
/// `window`, normalised float32 [3, window.height, window.width]. Not padded. Scratch memory stays with the thread.
void segment_input_into(const image::Image& photo, Size size, bool flip, const Rect& window, std::span<float> chw);

}  // namespace gtsa::data
