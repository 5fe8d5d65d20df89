#pragma once
// DINO's samples (Caron et al., ICCV 2021; docs/dino.md): random resized crops, mirrored, with colours drawn
// anew for each view; no turns and no boxes, since only class tokens are compared.

#include <cstdint>
#include <vector>

#include "core/data/loader.h"
#include "core/data/view_plan.h"
#include "core/image/decode.h"

namespace gtsa::data {

/// How views are drawn. Defaults are the original's.
struct DinoViewOptions {
  std::vector<int64_t> crop_sizes{224, 96};                     ///< side in pixels: global, local
  std::vector<int64_t> num_crops{2, 8};                         ///< views of a kind; two or more global ones
  std::vector<Range> area_shares{{0.4F, 1.0F}, {0.05F, 0.4F}};  ///< share of the photograph's area, by kind
  float flip_probability = 0.5F;
  ColourOptions colours{
      .brightness = {0.6F, 1.4F}, .contrast = {0.6F, 1.4F}, .saturation = {0.8F, 1.2F}, .hue = {-0.1F, 0.1F}};
  /// Of the first global view, of the second (and any further one), of local ones.
  std::vector<float> blur_probability{1.0F, 0.1F, 0.5F};
  std::vector<float> solarize_probability{0.0F, 0.2F, 0.0F};
  image::DecodeOptions decode;
  uint64_t seed = 0;  ///< of the views; the sampler has its own

  int64_t global_views() const { return num_crops.at(0); }
  int64_t views() const { return num_crops.at(0) + num_crops.at(1); }
  /// Throws UsageError naming what cannot be.
  void check() const;
};

/// The views of a photograph at `place` in the permutation of `epoch`, globals first. Streams are keyed as GTSA's:
/// crops by photograph, colours (with flip and solarisation) by view.
std::vector<ViewPlan> plan_dino_views(Size photo, const DinoViewOptions& options, uint64_t epoch, uint64_t place);

/// Buffers of B photographs (G global views of side S, L local ones of side s):
///   global f32 [G, B, 3, S, S], local f32 [L, B, 3, s, s]   normalised pixels, view-major
class DinoRecipe final : public Recipe {
 public:
  explicit DinoRecipe(DinoViewOptions options);
  std::vector<BufferSpec> buffers(int64_t batch) const override;
  void make(const PhotoRef& photo, const SampleKey& key, int64_t slot, Batch& batch) const override;

 private:
  DinoViewOptions options_;
};

}  // namespace gtsa::data
