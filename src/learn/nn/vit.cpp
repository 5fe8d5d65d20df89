#include "learn/nn/vit.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/upsample_bicubic2d.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/rng.h"

namespace gtsa::nn {
namespace {

/// Samples that keep a branch; undefined if all do. keep: U8 [n].
at::Tensor kept_samples(const at::Tensor& keep) {
  const auto* kept = keep.data_ptr<uint8_t>();
  std::vector<int64_t> samples;
  for (int64_t i = 0; i < keep.size(0); ++i) {
    if (kept[i] != 0) samples.push_back(i);
  }
  return std::ssize(samples) == keep.size(0) ? at::Tensor() : at::tensor(samples, at::kLong);
}

/// Tokens before the first block, with the position embedding `positions` [1, 1 + T, C]: [n, 1 + T, C].
at::Tensor embed(const Vit& vit, const at::Tensor& images, const at::Tensor& positions) {
  const VitOptions& o = vit.options;
  const Linear projection{vit.patch_embed.proj.weight.flatten(1), vit.patch_embed.proj.bias};
  const at::Tensor x = ops::linear(ops::patches(images, o.patch_size), projection);
  return at::cat({vit.cls_token.expand({images.size(0), 1, o.embed_dim}), x}, 1) + positions;
}

/// The same with the original's position embedding for pictures of this size.
at::Tensor embed(const Vit& vit, const at::Tensor& images) {
  const int64_t height = images.size(2), width = images.size(3);
  token_grid(vit.options, height, width);
  return embed(vit, images, resize_pos_embed(vit.pos_embed, vit.options.patch_size, height, width));
}

/// Called with each block's number and the tokens behind it.
using AfterBlock = std::function<void(int64_t block, const at::Tensor& x)>;

/// x as embed() gives it -> tokens after block `end` - 1, without final norm: [n, 1 + T, C].
at::Tensor forward_blocks(const Vit& vit, at::Tensor x, const DropPath* drop_path, int64_t end,
                          const AfterBlock& after = {}) {
  const VitOptions& o = vit.options;
  GTSA_CHECK(drop_path == nullptr || drop_path->keep.sizes() == at::IntArrayRef({o.depth, 2, x.size(0)}),
             "drop path masks are for another batch or depth");
  for (int64_t j = 0; j < end; ++j) {
    const Block& block = vit.blocks[static_cast<size_t>(j)];
    const double rate = drop_path == nullptr ? 0 : o.drop_path_rate(j);
    const auto options = [&](int64_t branch) {
      ops::BranchOptions branches{
          .heads = o.num_heads, .eps = kVitNormEps, .scale = 1 / (1 - rate), .recompute = o.checkpointing};
      if (rate > 0) branches.kept = kept_samples(drop_path->keep[j][branch]);
      return branches;
    };
    x = ops::attention_branch(x, block.norm1, block.attn, options(0));
    x = ops::mlp_branch(x, block.norm2, block.mlp, options(1));
    if (after) after(j, x);
  }
  return x;
}

/// Side of the grid of a position embedding [1, 1 + g^2, C].
int64_t grid_side(const at::Tensor& pos_embed) {
  const int64_t patches = pos_embed.size(1) - 1;
  const auto side = static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(patches))));
  GTSA_CHECK(side * side == patches, "a position embedding of {} patches is not square", patches);
  return side;
}

/// Bicubically (a = -0.75, half-pixel rule, indices clamped); a scale that is not given is out / in.
at::Tensor resized(const at::Tensor& pos_embed, Grid grid, c10::optional<double> row_scale,
                   c10::optional<double> column_scale) {
  const int64_t side = grid_side(pos_embed);
  const at::Tensor map = pos_embed.narrow(1, 1, side * side).unflatten(1, {side, side}).permute({0, 3, 1, 2});
  const at::Tensor patches = at::upsample_bicubic2d(map, {grid.rows, grid.columns}, false, row_scale, column_scale);
  return at::cat({pos_embed.narrow(1, 0, 1), patches.flatten(2).transpose(1, 2)}, 1);
}

}  // namespace

void VitOptions::check() const {
  std::string faults;
  const auto refuse = [&](const std::string& fault) { faults += (faults.empty() ? "" : "; ") + fault; };
  if (patch_size < 1) refuse(fmt::format("patch_size {} is below 1", patch_size));
  if (image_size < patch_size) {
    refuse(fmt::format("image_size {} is smaller than a patch of {} pixels", image_size, patch_size));
  }
  if (depth < 1) refuse(fmt::format("depth {} is below 1", depth));
  if (num_heads < 1 || embed_dim < 1 || embed_dim % num_heads != 0) {
    refuse(fmt::format("embed_dim {} does not divide into {} heads", embed_dim, num_heads));
  }
  if (!(drop_path >= 0 && drop_path < 1)) refuse(fmt::format("drop_path {} is outside [0, 1)", drop_path));
  if (!faults.empty()) throw UsageError("no such Vision Transformer: {}", faults);
}

void PatchEmbed::walk(const Walk& visit) { proj.walk(under("proj.", visit)); }

void Vit::walk(const Walk& visit) {
  visit("cls_token", cls_token);
  visit("pos_embed", pos_embed);
  patch_embed.walk(under("patch_embed.", visit));
  for (size_t i = 0; i < blocks.size(); ++i) blocks[i].walk(under("blocks." + std::to_string(i) + ".", visit));
  if (norm.weight.defined()) norm.walk(under("norm.", visit));
}

Vit make_vit(const VitOptions& options) {
  options.check();
  const int64_t width = options.embed_dim;
  Vit vit;
  vit.options = options;
  vit.cls_token = on_meta({1, 1, width});
  vit.pos_embed = on_meta({1, 1 + options.grid() * options.grid(), width});
  vit.patch_embed.proj = make_conv(3, width, options.patch_size);
  for (int64_t j = 0; j < options.depth; ++j) {
    vit.blocks.push_back(
        {make_layer_norm(width),
         {make_linear(width, 3 * width), make_linear(width, width)},
         make_layer_norm(width),
         {make_linear(width, options.mlp_ratio * width), make_linear(options.mlp_ratio * width, width)}});
  }
  vit.norm = make_layer_norm(width);
  return vit;
}

DropPath draw_drop_path(const VitOptions& options, const DropPathKey& key) {
  const int64_t n = key.views * key.samples;
  at::Tensor keep = at::empty({options.depth, 2, n}, at::kByte);
  auto* kept = keep.data_ptr<uint8_t>();
  for (int64_t i = 0; i < n; ++i) {
    Rng rng({key.seed, key.step, key.first_sample + static_cast<uint64_t>(i % key.samples),
             key.first_view + static_cast<uint32_t>(i / key.samples), Purpose::drop_path});
    for (int64_t branch = 0; branch < 2 * options.depth; ++branch) {
      kept[branch * n + i] = rng.uniform() >= static_cast<float>(options.drop_path_rate(branch / 2));
    }
  }
  return {keep};
}

Grid token_grid(const VitOptions& options, int64_t height, int64_t width) {
  const Grid grid{height / options.patch_size, width / options.patch_size};
  if (grid.tokens() < 1) {
    throw Error(
        "a picture of {} x {} pixels is smaller than a patch of {} x {}; enlarge it or use a smaller patch size", width,
        height, options.patch_size, options.patch_size);
  }
  return grid;
}

at::Tensor forward_unnormed(const Vit& vit, const at::Tensor& images, const DropPath* drop_path) {
  return forward_blocks(vit, embed(vit, images), drop_path, vit.options.depth);
}

at::Tensor forward_tokens(const Vit& vit, const at::Tensor& images, const DropPath* drop_path) {
  const at::Tensor x = forward_unnormed(vit, images, drop_path);
  // The norm is each token's own, so the class token may go first.
  return ops::layer_norm(x.narrow(1, 1, x.size(1) - 1), vit.norm, kVitNormEps);
}

VitOutput forward_features(const Vit& vit, const at::Tensor& images, const DropPath* drop_path) {
  const at::Tensor x = ops::layer_norm(forward_unnormed(vit, images, drop_path), vit.norm, kVitNormEps);
  return {x.select(1, 0), x.narrow(1, 1, x.size(1) - 1)};
}

at::Tensor forward_class_tokens(const Vit& vit, const at::Tensor& images, int64_t count) {
  GTSA_CHECK(count >= 1 && count <= vit.options.depth, "class tokens of {} blocks of {}", count, vit.options.depth);
  const int64_t depth = vit.options.depth;
  std::vector<at::Tensor> tokens;
  forward_blocks(vit, embed(vit, images), nullptr, depth, [&](int64_t block, const at::Tensor& x) {
    if (block >= depth - count) tokens.push_back(ops::layer_norm(x.select(1, 0), vit.norm, kVitNormEps));
  });
  return at::cat(tokens, 1);
}

VitMaps forward_maps(const Vit& vit, const at::Tensor& images, std::span<const int64_t> blocks,
                     const DropPath* drop_path) {
  const int64_t p = vit.options.patch_size, height = images.size(2), width = images.size(3);
  const Grid grid{(height + p - 1) / p, (width + p - 1) / p};
  const int64_t below = grid.rows * p - height, right = grid.columns * p - width;
  const at::Tensor padded = below + right > 0 ? at::constant_pad_nd(images, {0, right, 0, below}) : images;
  VitMaps result{grid, {}};
  const at::Tensor x = embed(vit, padded, pos_embed_on(vit.pos_embed, grid));
  forward_blocks(vit, x, drop_path, blocks.back() + 1, [&](int64_t block, const at::Tensor& tokens) {
    for (auto times = std::count(blocks.begin(), blocks.end(), block); times > 0; --times) {
      result.maps.push_back(tokens.narrow(1, 1, grid.tokens()));
    }
  });
  return result;
}

at::Tensor class_attention(const Vit& vit, const at::Tensor& images) {
  const VitOptions& o = vit.options;
  const Block& last = vit.blocks.back();
  const at::Tensor x = forward_blocks(vit, embed(vit, images), nullptr, o.depth - 1);
  const at::Tensor qkv = ops::linear(ops::layer_norm(x, last.norm1, kVitNormEps), last.attn.qkv)
                             .unflatten(2, {3, o.num_heads, o.embed_dim / o.num_heads});  // [n, 1 + T, 3, h, C / h]
  const at::Tensor query = qkv.select(2, 0).select(1, 0).unsqueeze(2);                    // [n, h, 1, C / h]
  const at::Tensor keys = qkv.select(2, 1).transpose(1, 2).transpose(2, 3);               // [n, h, C / h, 1 + T]
  const double scale = 1 / std::sqrt(static_cast<double>(o.embed_dim / o.num_heads));
  const at::Tensor weights = (at::matmul(query, keys) * scale).softmax(-1).squeeze(2);
  return weights.narrow(2, 1, weights.size(2) - 1);
}

at::Tensor resize_pos_embed(const at::Tensor& pos_embed, int64_t patch_size, int64_t height, int64_t width) {
  const Grid grid{height / patch_size, width / patch_size};
  const int64_t stored = pos_embed.size(1) - 1;
  if (grid.tokens() == stored && height == width) return pos_embed;
  const auto side = static_cast<double>(grid_side(pos_embed));
  return resized(pos_embed, grid, (static_cast<double>(grid.rows) + 0.1) / side,
                 (static_cast<double>(grid.columns) + 0.1) / side);
}

at::Tensor pos_embed_on(const at::Tensor& pos_embed, Grid grid) {
  if (grid.tokens() == pos_embed.size(1) - 1) return pos_embed;
  return resized(pos_embed, grid, {}, {});
}

}  // namespace gtsa::nn
