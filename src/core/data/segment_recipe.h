#pragma once
// Samples of segmentation: a crop of a photograph and the classes of its pixels, augmented for training.

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/data/loader.h"
#include "core/data/segment_plan.h"
#include "core/image/image.h"
#include "core/image/label_map.h"

namespace gtsa::data {

/// A photograph and the label map that belongs to it.
struct LabelledPhoto {
  image::Image photo;
  image::LabelMap labels;
};

/// Reads both. Throws Error naming the files: what cannot be read, sizes that differ, labels beyond the rule.
LabelledPhoto read_labelled(const PhotoRef& photo, const std::filesystem::path& annotation, const LabelRule& rule,
                            const image::DecodeOptions& decode);

/// Buffers of B photographs: images f32 [B, 3, S, S] (normalised, padded with 0), labels i32 [B, S, S] (classes;
/// kIgnored where nothing is labelled and where padded).
///
/// A sample is a pure function of the seed, its key's epoch and place, the photograph and its labels.
class SegmentRecipe final : public Recipe {
 public:
  /// `annotations`: by number of the file in the data set.
  SegmentRecipe(std::vector<std::filesystem::path> annotations, SegmentOptions options);
  const SegmentOptions& options() const { return options_; }

  std::vector<BufferSpec> buffers(int64_t batch) const override;
  void make(const PhotoRef& photo, const SampleKey& key, int64_t slot, Batch& batch) const override;
  /// The same of a photograph and labels that were read.
  void make(const LabelledPhoto& labelled, const SampleKey& key, int64_t slot, Batch& batch) const;

 private:
  std::vector<std::filesystem::path> annotations_;
  SegmentOptions options_;
};

}  // namespace gtsa::data
