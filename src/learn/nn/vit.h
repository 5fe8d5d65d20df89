#pragma once
// The Vision Transformer (pre-norm blocks, class token, learned position embedding), with names and order of timm's.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "learn/nn/block.h"
#include "learn/nn/layers.h"
#include "learn/nn/ops.h"

namespace gtsa::nn {

struct VitOptions {
  int64_t image_size = 224;    ///< side in pixels of the pictures whose grid the position embedding stores
  int64_t patch_size = 16;     ///< side of a patch in pixels
  int64_t embed_dim = 384;     ///< width C of a token
  int64_t depth = 12;          ///< number of blocks
  int64_t num_heads = 6;       ///< attention heads; divides embed_dim
  double drop_path = 0.1;      ///< rate of the last block's residual branches; block j has drop_path * j / (depth - 1)
  bool checkpointing = false;  ///< keep the branches' inputs alone for backward and make the rest again: the same bits
  int64_t mlp_ratio = 4;       ///< width of a block's MLP over embed_dim

  /// Side of the grid of the position embedding.
  int64_t grid() const { return image_size / patch_size; }
  double drop_path_rate(int64_t block) const {
    return depth > 1 ? drop_path * static_cast<double>(block) / static_cast<double>(depth - 1) : 0.0;
  }
  /// Throws UsageError naming all that cannot be.
  void check() const;
};

struct PatchEmbed {
  Conv2d proj;  ///< [C, 3, p, p]
  void walk(const Walk& visit);
};

struct Vit {
  VitOptions options;
  at::Tensor cls_token;  ///< [1, 1, C]
  at::Tensor pos_embed;  ///< [1, 1 + grid^2, C], class token's first
  PatchEmbed patch_embed;
  std::vector<Block> blocks;
  LayerNorm
      norm;  ///< without tensors in a network that pools tokens before any norm; then only forward_unnormed() runs

  Vit() = default;
  Vit(Vit&&) = default;
  Vit& operator=(Vit&&) = default;
  void walk(const Walk& visit);
};

/// A network on the meta device: bind it (flat.h), then give it values (init.h, or a file). Throws UsageError as
/// options.check().
Vit make_vit(const VitOptions& options);

/// Of every norm inside the encoder and the final one.
inline constexpr double kVitNormEps = 1e-6;

/// Which residual branches of which samples are kept in one forward: U8 [depth, 2, n] on the CPU, 1 = kept; the middle
/// axis is (attention, MLP). What is kept is divided by 1 - rate (VitOptions::drop_path_rate).
struct DropPath {
  at::Tensor keep;
};

/// Names the samples of a forward: views first_view .. first_view + views, each of them of `samples` consecutive
/// samples, so n = views * samples, view-major.
struct DropPathKey {
  uint64_t seed = 0;
  uint64_t step = 0;
  uint64_t first_sample = 0;  ///< place of the first sample in the step's whole batch, over all ranks and micro-batches
  int64_t samples = 0;
  uint32_t first_view = 0;
  int64_t views = 0;
};

/// A branch is kept if u >= rate, u uniform in [0, 1) from the stream (seed, step, sample, view, Purpose::drop_path),
/// drawn block by block, attention before MLP: no micro-batch, worker or rank changes a draw.
DropPath draw_drop_path(const VitOptions& options, const DropPathKey& key);

struct VitOutput {
  at::Tensor class_token;  ///< [n, C]
  at::Tensor tokens;       ///< [n, T, C], row by row
};

/// Grid of tokens that pictures of this height and width give: what does not fill a patch is dropped. Throws Error
/// below one patch.
Grid token_grid(const VitOptions& options, int64_t height, int64_t width);

/// images [n, 3, height, width] -> normed patch tokens [n, T, C], class token dropped. Any height and width of a patch
/// or more; `drop_path` may be null (nothing is dropped).
at::Tensor forward_tokens(const Vit& vit, const at::Tensor& images, const DropPath* drop_path = nullptr);

/// The same with the class token (final norm applied).
VitOutput forward_features(const Vit& vit, const at::Tensor& images, const DropPath* drop_path = nullptr);

/// The class tokens of the last `count` blocks (1..depth), each through the final norm, side by side in the order of
/// the blocks: [n, count * C]. What DINO's linear evaluation sees.
at::Tensor forward_class_tokens(const Vit& vit, const at::Tensor& images, int64_t count);

/// Feature maps of dense tasks: patch tokens [n, T, C] as some of the blocks leave them, without final norm.
struct VitMaps {
  Grid grid;
  std::vector<at::Tensor> maps;
};

/// The maps behind `blocks` (counted from 0, ascending), by mmsegmentation's rules: images [n, 3, height, width] of any
/// size are padded with 0 at the right and at the bottom to whole patches, and the position embedding is the one of
/// pos_embed_on().
VitMaps forward_maps(const Vit& vit, const at::Tensor& images, std::span<const int64_t> blocks,
                     const DropPath* drop_path = nullptr);

/// Class token (first) and patch tokens as the last block leaves them, without final norm: [n, 1 + T, C].
at::Tensor forward_unnormed(const Vit& vit, const at::Tensor& images, const DropPath* drop_path = nullptr);

/// What the class token looks at in the last block: its attention to the T patches, [n, num_heads, T] of images as in
/// forward_tokens. A head's weights and the class token's own add up to 1.
at::Tensor class_attention(const Vit& vit, const at::Tensor& images);

/// Position embedding [1, 1 + g0^2, C] for pictures of `height` x `width` pixels: as it is if they are square and have
/// g0^2 patches, else the patch part is resized bicubically (a = -0.75, half-pixel rule, indices clamped, no
/// antialiasing) with (rows + 0.1) / g0 and (columns + 0.1) / g0 as the scale of coordinates, as in DINO's and the
/// original's code. Differentiable.
at::Tensor resize_pos_embed(const at::Tensor& pos_embed, int64_t patch_size, int64_t height, int64_t width);

/// Position embedding [1, 1 + g0^2, C] for a grid of tokens, by mmsegmentation's rule: as it is if the grid has g0^2
/// tokens, whatever its shape (its rows then follow each other unresized), else resized bicubically as in
/// resize_pos_embed() but with in / out as the scale. Differentiable.
at::Tensor pos_embed_on(const at::Tensor& pos_embed, Grid grid);

}  // namespace gtsa::nn
