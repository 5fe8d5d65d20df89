#pragma once
// Semantic FPN on a Vision Transformer's maps (Kirillov et al., "Panoptic feature pyramid networks", CVPR 2019), as the
// original's segmentation has it: the neck and the head are made for strides 4, 8, 16 and 32, but all maps have one
// stride, the patch. Names are mmsegmentation's.
//
// Maps are tokens [n, rows * columns, channels] as everywhere (ops.h).

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "learn/nn/batch_norm.h"
#include "learn/nn/layers.h"
#include "learn/nn/ops.h"

namespace gtsa::nn {

/// Maps that the neck sees, of blocks early to late.
inline constexpr int64_t kFpnLevels = 4;

/// Names lateral_convs.i.conv., fpn_convs.i.conv.
struct FpnNeck {
  std::vector<Conv2d> laterals;  ///< 1x1, [width, in, 1, 1]
  std::vector<Conv2d> outputs;   ///< 3x3, [width, width, 3, 3]

  FpnNeck() = default;
  FpnNeck(FpnNeck&&) = default;
  FpnNeck& operator=(FpnNeck&&) = default;
  void walk(const Walk& visit);
};

/// On the meta device.
FpnNeck make_fpn_neck(int64_t in, int64_t width);

/// maps of one size, [n, T, in] each -> as many [n, T, width]: output i sees the sum of the laterals i, i + 1, .. (the
/// way down resizes each to the size of the one before: here they are equal).
std::vector<at::Tensor> forward(const FpnNeck& neck, std::span<const at::Tensor> maps, Grid grid);

struct FpnHeadOptions {
  int64_t in = 256;
  int64_t width = 128;
  int64_t classes = 150;
  double dropout = 0.1;  ///< rate at which whole channels are dropped before the classifier, in training
};

/// Level i is convolved as often as a map of stride 4 * 2^i would be doubled to reach stride 4, at least once; from
/// level 1 on each convolution is followed by a doubling.
inline constexpr std::array<int64_t, kFpnLevels> kFpnUnits{1, 1, 2, 3};

/// 3x3 convolution without bias, batch norm, ReLU.
struct FpnUnit {
  Conv2d conv;
  BatchNorm bn;
};

/// Names conv_seg., scale_heads.LEVEL.K.conv., scale_heads.LEVEL.K.bn. where K counts units and doublings alike: 0, 2, 4.
struct FpnHead {
  FpnHeadOptions options;
  Conv2d classifier;  ///< conv_seg: 1x1, [classes, width, 1, 1]
  std::array<std::vector<FpnUnit>, kFpnLevels> levels;

  FpnHead() = default;
  FpnHead(FpnHead&&) = default;
  FpnHead& operator=(FpnHead&&) = default;
  void walk(const Walk& visit);
  void walk_buffers(const Walk& visit);
};

/// On the meta device.
FpnHead make_fpn_head(const FpnHeadOptions& options);

/// What a forward pass in training takes along and brings back. Without one a forward pass is an evaluation.
struct FpnTraining {
  at::Tensor keep;                    ///< F32 [n, width]: 1 for a channel that dropout keeps, else 0; undefined: all
  std::vector<BatchMoments> moments;  ///< out: of each batch norm, in the order of the walk
  SumOverRanks sum_over_ranks;
};

/// The neck's maps, kFpnLevels of them, [n, T, in] on `grid` -> logits [n, T, classes] on the same grid.
///
/// Levels 1, 2, 3 grow to 2, 4 and 8 times the grid and are shrunk back by plain bilinear sampling, which reads two
/// samples of each and drops the others: so does the original, whose maps were meant to be of different strides. The
/// last doubling and the shrinking are both linear and run as one.
at::Tensor forward(const FpnHead& head, std::span<const at::Tensor> maps, Grid grid, FpnTraining* training = nullptr);

/// Adds the moments of one forward pass in training to running statistics, in the order of the head's walk_buffers: a
/// mean and a variance a norm.
void update_running(std::span<at::Tensor> statistics, std::span<const BatchMoments> moments);

/// Keep masks of `samples` samples, F32 [samples, width]: channel c of a sample is kept if u >= rate, u uniform in [0, 1)
/// from the stream (seed, step, sample, Purpose::segment_dropout). `first_sample` is the first one's place in the step's
/// whole batch over all ranks and micro-batches.
struct ChannelDropKey {
  uint64_t seed = 0;
  uint64_t step = 0;
  uint64_t first_sample = 0;
  int64_t samples = 0;
};
at::Tensor draw_channel_keep(const FpnHeadOptions& options, const ChannelDropKey& key);

namespace ops {

/// Bilinear interpolation with half-pixel centres and clamped edges (align_corners = false, no antialiasing) of `in`
/// samples at `out` places, as a matrix F32 [out, in] whose rows have one or two weights.
at::Tensor interpolation(int64_t in, int64_t out);

/// tokens [n, T, C] on `grid` -> [n, T', C]: `down` [rows', rows] along the columns, `across` [columns', columns] along
/// the rows. Both are constant.
at::Tensor resample(const at::Tensor& tokens, Grid grid, const at::Tensor& down, const at::Tensor& across);

}  // namespace ops

namespace reference {

/// Level `level` of the head as it is written in the original: [n, T, in] -> a map [n, width, 2^d rows, 2^d columns]
/// where d doublings follow the level's units (none for level 0).
at::Tensor scale_head(const FpnHead& head, int64_t level, const at::Tensor& map, Grid grid, FpnTraining* training);
at::Tensor forward(const FpnHead& head, std::span<const at::Tensor> maps, Grid grid, FpnTraining* training);

}  // namespace reference
}  // namespace gtsa::nn
