#pragma once
// A Vision Transformer that names the class of every pixel: Semantic FPN on the outputs of four of its blocks.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "learn/nn/fpn.h"
#include "learn/nn/vit.h"

namespace gtsa::transfer {

/// The ends of the quarters of `depth` blocks, counted from 0: 2, 5, 8, 11 of 12.
std::vector<int64_t> default_taps(int64_t depth);

struct SegmenterOptions {
  nn::VitOptions vit{.image_size = 512, .drop_path = 0};  ///< image_size: the crop that it is trained on
  /// Blocks whose outputs the neck sees, counted from 0, early to late: nn::kFpnLevels of them.
  std::vector<int64_t> taps = default_taps(12);
  int64_t neck_width = 256;  ///< 1 to 4096
  int64_t head_width = 128;  ///< 1 to 4096
  int64_t classes = 150;     ///< 1 to 32,768
  double dropout = 0.1;      ///< of whole channels, before the classifier, in training
  /// Throws UsageError naming all that cannot be.
  void check() const;
};

/// Parameters under mmsegmentation's names (`backbone.layers.0.ln1.weight`, `neck.*`, `decode_head.*`), so that a
/// checkpoint can be read there.
struct Segmenter {
  SegmenterOptions options;
  nn::Vit encoder;  ///< without final norm
  nn::FpnNeck neck;
  nn::FpnHead head;

  Segmenter() = default;
  Segmenter(Segmenter&&) = default;
  Segmenter& operator=(Segmenter&&) = default;
  void walk(const nn::Walk& visit);
  /// running_mean and running_var of each batch norm.
  void walk_buffers(const nn::Walk& visit);
};

/// Parameters on the meta device (nn::bind gives them memory). Throws UsageError as options.check().
Segmenter make_segmenter(const SegmenterOptions& options);

/// The encoder as pretraining begins; neck Xavier uniform, the head's convolutions Kaiming normal (fan-out), classifier
/// N(0, 0.01), biases 0, batch norms 1 and 0; running means 0, variances 1.
void init(Segmenter& segmenter, uint64_t seed);

/// Logits as tokens [n, T, classes] of maps on `grid`.
struct SegmentLogits {
  nn::Grid grid;
  at::Tensor tokens;
};

/// A forward pass in training. images [n, 3, H, W]; `drop_path` may be null.
SegmentLogits forward_training(const Segmenter& segmenter, const at::Tensor& images, nn::FpnTraining& training,
                               const nn::DropPath* drop_path = nullptr);

/// Evaluation (running statistics, nothing dropped). images [n, 3, H, W] of any H and W, padded inside with 0 at the
/// right and at the bottom to whole patches -> logits [n, classes, rows, columns], one a patch.
at::Tensor forward(const Segmenter& segmenter, const at::Tensor& images);

}  // namespace gtsa::transfer
