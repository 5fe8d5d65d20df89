#pragma once
// A frozen network as probes see it: pictures in, one row of features a patch, or a
// picture, out.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "learn/nn/heads.h"
#include "learn/nn/vit.h"

namespace gtsa::probe {

/// What stands for a whole picture. All of them behind the final norm.
enum class Pool : uint8_t {
  cls,       ///< the class token of the last block, C values
  mean,      ///< the mean of the last block's patch tokens, C values
  cls_mean,  ///< both, side by side, 2 C values: DINO's linear evaluation of the base model, in another order of values
  last4,     ///< the class tokens of the last four blocks, side by side, 4 C values: DINO's of the small model
};
/// "cls", "mean", "cls+mean", "last4".
const std::vector<std::string>& pool_names();
std::string name_of(Pool pool);
/// Throws UsageError for other names.
Pool pool_named(const std::string& name);

/// Functions, so that a test can put any features in the networks' place. They may hold references: use it while the
/// networks live.
struct Frozen {
  int64_t image_size = 0;  ///< side in pixels of the views it was trained on
  int64_t patch_size = 0;
  /// images F32 [n, 3, H, W] in host memory -> features F32 [n, (H/p) * (W/p), C] in host memory, row by row.
  std::function<at::Tensor(const at::Tensor& images)> encode;
  /// What `encode` gave, on its grid -> projected [n, T, D]. Empty if there is no projector.
  std::function<at::Tensor(const at::Tensor& tokens, nn::Grid grid)> project;
  /// images as above -> what the class token looks at, F32 [n, heads, T] in host memory (nn::class_attention). May be
  /// empty.
  std::function<at::Tensor(const at::Tensor& images)> attend;
  /// images as above -> what stands for each, F32 [n, D] in host memory. Throws Error if the network has too few blocks
  /// for it. May be empty.
  std::function<at::Tensor(const at::Tensor& images, Pool pool)> describe;
  /// Tells encoders apart: a hash of sizes and weights. May be empty.
  std::function<uint64_t()> fingerprint;
};

/// The networks must outlive what is returned; nothing is copied. `projector` may be null.
Frozen freeze(const nn::Vit& encoder, const nn::ConvHead* projector);

/// Gives the network to probe, each time anew: during training, the teacher of the moment.
using FrozenProvider = std::function<Frozen()>;

}  // namespace gtsa::probe
