#include "learn/transfer/layer_decay.h"

#include <charconv>
#include <cmath>

#include "core/base/error.h"

namespace gtsa::transfer {

int64_t layer_of(std::string_view name, int64_t depth) {
  if (name == "cls_token" || name == "pos_embed" || name.starts_with("patch_embed.")) return 0;
  constexpr std::string_view kBlocks = "blocks.";
  if (!name.starts_with(kBlocks)) return depth + 1;
  int64_t block = 0;
  const auto [rest, code] = std::from_chars(name.data() + kBlocks.size(), name.data() + name.size(), block);
  GTSA_CHECK(code == std::errc{} && block < depth, "{} of a network of depth {}", name, depth);
  return block + 1;
}

std::vector<train::Row> layer_decay_rows(const nn::Layout& layout, int64_t depth, double decay) {
  std::vector<train::Row> rows;
  for (const nn::Slot& slot : layout.slots) {
    const bool decays = slot.shape.size() > 1 && slot.name != "cls_token" && slot.name != "pos_embed";
    const auto steps = static_cast<double>(depth + 1 - layer_of(slot.name, depth));
    rows.push_back({.decay_scale = decays ? 1.0 : 0.0, .lr_scale = std::pow(decay, steps)});
  }
  return rows;
}

}  // namespace gtsa::transfer
