#pragma once
// The one way by which every command brings weights from a file into a network.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/formats/safetensors.h"
#include "learn/nn/walk.h"

namespace gtsa::model {

/// What became of the names on both sides.
struct LoadReport {
  std::string source;                  ///< the file
  std::string prefix;                  ///< what stands before the network's names there: "momentum_encoder."
  std::vector<std::string> matched;    ///< names in the network, `resized` among them
  std::vector<std::string> missing;    ///< names in the network that the file lacks
  std::vector<std::string> left_over;  ///< names in the file that were not used
  std::vector<std::string> resized;    ///< "pos_embed 14x14 -> 8x8"

  /// For people: a line for each of the four, long lists shortened by their common prefixes.
  std::string table() const;
};

struct LoadOptions {
  std::string source;
  /// What may stand before the network's names. The one under which most names are found is taken, of equals the first.
  std::vector<std::string> prefixes;
  /// Otherwise a missing tensor is an error.
  bool allow_missing = false;
};

/// Prefixes under which encoders are found, in order of preference: a teacher's before a student's.
const std::vector<std::string>& encoder_prefixes();

/// The prefix under which the file has an encoder (by its `patch_embed.proj.weight`), if any.
std::optional<std::string> find_encoder(const formats::Safetensors& file);

/// Copies what matches by name into `network` (bound to memory). Values are converted to the network's dtype; a
/// position embedding of another grid is resized (bicubic by size, half-pixel rule, as timm does). Throws Error, with
/// the likely cause, if nothing matches, a shape differs, a tensor is missing, or the file has further blocks: never
/// silently a part. Then nothing has been changed.
LoadReport load_weights(const nn::Parameters& network, const formats::Safetensors& file, const LoadOptions& options);

/// Position embedding [1, 1 + g0^2, C] -> [1, 1 + g^2, C]: class token as it is, patches bicubic (a = -0.75, no
/// antialiasing).
at::Tensor resized_pos_embed(const at::Tensor& pos_embed, int64_t grid);

/// A name of an encoder's tensor as mmsegmentation's ViT has it, and back: "blocks.0.attn.qkv.weight" and
/// "layers.0.attn.attn.in_proj_weight". Other names stay as they are.
std::string mmsegmentation_name(const std::string& name);
std::string name_from_mmsegmentation(const std::string& name);

/// Says in one line why no encoder is found in the file: "names of a detector (roi_head.*)".
std::string why_no_encoder(const formats::Safetensors& file);

}  // namespace gtsa::model
