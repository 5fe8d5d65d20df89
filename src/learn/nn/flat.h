#pragma once
// Flat networks: all parameters of a role (student, teacher) are views into one buffer and their gradients into
// another, so that clipping, AdamW, the teacher's average and bucket reduction are passes over memory.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "learn/nn/walk.h"

namespace gtsa::nn {

/// Where a parameter lives. Offsets and sizes in elements; row-major.
struct Slot {
  std::string name;
  int64_t offset = 0;  ///< a multiple of kSlotAlignment
  int64_t size = 0;
  std::vector<int64_t> shape;
};

inline constexpr int64_t kSlotAlignment = 64;

struct Layout {
  std::vector<Slot> slots;
  int64_t size = 0;  ///< elements of the buffer, padding included; a multiple of kSlotAlignment

  /// True if `longer` begins with the same slots (offsets and shapes; names differ by role), so that one loop over this
  /// layout's elements pairs the parameters of both.
  bool is_prefix_of(const Layout& longer) const;
  /// Index of the slot of that name, or -1.
  int64_t find(const std::string& name) const;
};

/// The parameters one after the other, in the order of the walk, each at the next multiple of kSlotAlignment.
Layout lay_out(const Parameters& network);

/// A role's memory. Padding between slots is zero and stays zero.
struct Flat {
  Layout layout;
  at::Tensor values;  ///< F32 [layout.size]
  at::Tensor grads;   ///< F32 [layout.size]; undefined if the role is not trained
  /// One a slot: 1 since a gradient entered the slot's row (backward reached it); a row that stays 0 is skipped by the
  /// optimiser, which is not the same as a gradient of zero. Empty if the role is not trained.
  std::shared_ptr<std::vector<uint8_t>> touched;

  /// Gradients to zero, nothing touched: the beginning of a step.
  void zero_grads();
};

/// Gives a network (on the meta device) its memory: each tensor becomes a leaf that views the flat buffer. With
/// gradients, each leaf asks for a gradient, which backward adds in place to its view of `grads`. Values are zero:
/// initialise or load them.
Flat bind(const Parameters& network, bool with_grads, at::Device device = at::kCPU);

template <Walkable Network>
Layout lay_out(Network& network) {
  return nn::lay_out(parameters(network));
}
template <Walkable Network>
Flat bind(Network& network, bool with_grads, at::Device device = at::kCPU) {
  return nn::bind(parameters(network), with_grads, device);  // qualified: std::bind is not meant
}

}  // namespace gtsa::nn
