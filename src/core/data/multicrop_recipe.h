#pragma once
// GTSA's samples: the views of a photograph, their overlap boxes and turns, and the pooling matrices made of them.

#include <cstdint>
#include <vector>

#include "core/data/loader.h"
#include "core/data/pooling_buffers.h"
#include "core/data/view_plan.h"
#include "core/image/decode.h"

namespace gtsa::data {

struct MultiCropOptions {
  ViewOptions views;
  int64_t patch_size = 16;    ///< pixels; divides every crop size
  std::vector<int64_t> bins;  ///< side of the pooled map by kind; empty: default_bins() of the kind's grid
  image::DecodeOptions decode;
  uint64_t seed = 0;  ///< of the views; the sampler has its own

  /// Throws UsageError naming what does not fit together.
  void check() const;
};

/// What the pooling matrices look like under these options.
PoolingShape pooling_shape(const MultiCropOptions& options);

/// Buffers of B photographs (G global views of side S, L local ones of side s, V = G + L):
///   global f32 [G, B, 3, S, S], local f32 [L, B, 3, s, s]   normalised pixels, view-major
///   turns i64 [V, B]                                        quarter turns, anticlockwise, 0..3
///   boxes_global f32 [B, G, V, 4], boxes_all f32 [B, V, G, 4]   overlaps in pixels of global q and of view v
///   capped u8 [B]                                           1: the photograph's crops ran out of candidates
///   (ViewOptions) and those of pooling_specs().
class MultiCropRecipe final : public Recipe {
 public:
  explicit MultiCropRecipe(MultiCropOptions options);
  const MultiCropOptions& options() const { return options_; }

  std::vector<BufferSpec> buffers(int64_t batch) const override;
  void make(const PhotoRef& photo, const SampleKey& key, int64_t slot, Batch& batch) const override;
  /// The same of a decoded photograph.
  void make(const image::Image& photo, const SampleKey& key, int64_t slot, Batch& batch) const;

 private:
  MultiCropOptions options_;
  PoolingShape pooling_;
};

}  // namespace gtsa::data
