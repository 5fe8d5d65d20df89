#pragma once
// Mixup (Zhang et al., ICLR 2018) and CutMix (Yun et al., ICCV 2019) as timm does them (golden mixup_cutmix). Draws and
// their application are apart, and both are pure.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/rng.h"

namespace gtsa::transfer {

struct MixingOptions {
  double mixup = 0;           ///< alpha of Beta(alpha, alpha); 0: off
  double cutmix = 0;          ///< the same of CutMix
  double probability = 1;     ///< that anything is mixed
  double switch_share = 0.5;  ///< share of CutMix where both are on
  enum class Mode { batch, pair, elem } mode = Mode::batch;
  /// Sides of CutMix's box as shares of the picture's, from a to b, instead of by lambda; switches CutMix on.
  std::optional<std::pair<double, double>> cutmix_minmax;

  bool on() const { return mixup > 0 || cutmix > 0 || cutmix_minmax; }
  /// Throws UsageError naming all that cannot be.
  void check() const;
};

/// "batch", "pair", "elem".
std::string name_of(MixingOptions::Mode mode);
/// Throws UsageError naming the three.
MixingOptions::Mode mixing_mode_named(std::string_view name);

/// Rows [top, bottom), columns [left, right).
struct CutBox {
  int64_t top = 0, bottom = 0, left = 0, right = 0;
  int64_t area() const { return (bottom - top) * (right - left); }
  bool operator==(const CutBox&) const = default;
};

/// What becomes of one sample: it keeps `lambda` of itself, the rest is its partner's, sample n - 1 - i of the batch.
struct Mix {
  double lambda = 1;          ///< for targets: corrected by the box's true area
  std::optional<CutBox> cut;  ///< CutMix: the partner's pixels in this box; else Mixup
  bool operator==(const Mix&) const = default;
};

/// The square of area share 1 - lambda about (y, x), clipped to the picture. An odd side loses a pixel, as in the
/// original.
CutBox cut_box(int64_t size, double lambda, int64_t y, int64_t x);
/// 1 - area / size^2.
double kept_share(const CutBox& box, int64_t size);

/// Beta(alpha, alpha) of two Gamma(alpha) (Marsaglia & Tsang, ACM TOMS 26(3), 2000).
double draw_beta(Rng& rng, double alpha);

/// Names the draws of a micro-batch. Its first sample and the step are the key, so that ranks and steps differ; since
/// partners lie in one micro-batch, another micro-batch size mixes other pairs (as the original does per process).
struct MixingKey {
  uint64_t seed = 0;
  uint64_t step = 0;
  uint64_t first_sample = 0;  ///< place in the step's whole batch, over all ranks and micro-batches
};

/// Throws UsageError for an odd number of pictures, of which one would have no partner.
void check_pairs(int64_t samples);

/// One Mix a sample for `samples` pictures of `size` x `size`. Streams (seed, step, first_sample [+ i], mixing): one
/// for the batch in mode batch, one a sample (a pair's first) else. Throws as check_pairs().
std::vector<Mix> draw_mixing(const MixingOptions& options, int64_t samples, int64_t size, const MixingKey& key);

/// images [n, 3, S, S] -> mixed ones, in memory of their own.
at::Tensor mix_images(const at::Tensor& images, std::span<const Mix> mixes);

/// labels I64 [n] -> F32 [n, classes]: lambda * t(own) + (1 - lambda) * t(partner's), where t has 1 - smoothing +
/// smoothing / classes at its class and smoothing / classes elsewhere.
at::Tensor mix_targets(const at::Tensor& labels, std::span<const Mix> mixes, int64_t classes, double smoothing);

}  // namespace gtsa::transfer
