#pragma once
// Samples of classification: one view of a photograph and its class, augmented for training, or as evaluation sees it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/data/erasing.h"
#include "core/data/loader.h"
#include "core/data/randaugment.h"
#include "core/data/resized_crop.h"
#include "core/image/decode.h"
#include "core/image/image.h"
#include "core/image/planes.h"
#include "core/image/resample.h"

namespace gtsa::data {

/// How a view is made. Defaults are those of fine-tuning, without RandAugment and erasing.
struct ClassifyOptions {
  int64_t input_size = 224;  ///< side S of the square view, pixels
  /// Crop, flip, RandAugment and erasing are drawn. Off: the evaluation transform, which draws nothing.
  bool augment = true;
  ResizedCropOptions crop;
  image::Filter filter = image::Filter::bicubic;  ///< of resizing and of RandAugment's geometry
  float flip = 0.5F;                              ///< probability
  std::string randaugment;                        ///< policy (randaugment.h); empty = none
  ErasingOptions erasing{.probability = 0};
  image::DecodeOptions decode{.apply_exif = false};  ///< the original ignores EXIF's orientation
  uint64_t seed = 0;                                 ///< of the draws; the sampler has its own

  /// Throws UsageError naming what is out of range.
  void check() const;
};

/// Shorter side to which evaluation resizes a photograph before it takes the centre (image::resize_shorter_side):
/// int(S / 0.875), so 256 for 224; S for S > 224.
int64_t evaluation_side(int64_t input_size);

/// What the network sees of a photograph in evaluation, before it is normalised: [S, S].
image::Image evaluation_view(const image::Image& photo, int64_t input_size,
                             image::Filter filter = image::Filter::bicubic);

/// Buffers of B photographs: images f32 [B, 3, S, S] (normalised), labels i64 [B].
///
/// A sample is a pure function of the seed, its key's epoch and place, and the photograph. Where a file was bad, the
/// batch's key says `replaced` and the sample is its stand-in's, label and all: evaluation must not count it.
class ClassifyRecipe final : public Recipe {
 public:
  /// `labels`: by number of the file in the data set.
  ClassifyRecipe(std::vector<int64_t> labels, ClassifyOptions options);
  const ClassifyOptions& options() const { return options_; }

  std::vector<BufferSpec> buffers(int64_t batch) const override;
  void make(const PhotoRef& photo, const SampleKey& key, int64_t slot, Batch& batch) const override;
  /// The same of a decoded photograph.
  void make(const image::Image& photo, const SampleKey& key, int64_t slot, Batch& batch) const;

 private:
  void make_view(const image::Image& photo, const SampleKey& key, image::Planes& view) const;

  std::vector<int64_t> labels_;
  ClassifyOptions options_;
  std::optional<RandAugmentPolicy> policy_;
};

}  // namespace gtsa::data
