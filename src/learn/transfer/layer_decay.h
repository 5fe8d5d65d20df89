#pragma once
// Layer-wise learning rates: the nearer to the pixels, the slower (BEiT's and MAE's rule; golden layer_decay_*).

#include <cstdint>
#include <string_view>
#include <vector>

#include "learn/nn/flat.h"
#include "learn/train/task.h"

namespace gtsa::transfer {

/// 0: class token, position and patch embedding; i + 1: block i; depth + 1: all that comes after the blocks.
int64_t layer_of(std::string_view name, int64_t depth);

/// lr_scale = decay^(depth + 1 - layer). No weight decay for tensors of one dimension, class token and position
/// embedding. Names are the encoder's own (`blocks.0.norm1.weight`), without a prefix.
std::vector<train::Row> layer_decay_rows(const nn::Layout& layout, int64_t depth, double decay);

}  // namespace gtsa::transfer
