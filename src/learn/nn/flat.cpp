#include "learn/nn/flat.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "core/base/error.h"

namespace gtsa::nn {

bool Layout::is_prefix_of(const Layout& longer) const {
  if (slots.size() > longer.slots.size()) return false;
  return std::equal(slots.begin(), slots.end(), longer.slots.begin(),
                    [](const Slot& a, const Slot& b) { return a.offset == b.offset && a.shape == b.shape; });
}

int64_t Layout::find(const std::string& name) const {
  const auto found = std::find_if(slots.begin(), slots.end(), [&](const Slot& slot) { return slot.name == name; });
  return found == slots.end() ? -1 : found - slots.begin();
}

Layout lay_out(const Parameters& network) {
  Layout layout;
  network([&](const std::string& name, at::Tensor& tensor) {
    const int64_t size = tensor.numel();
    layout.slots.push_back({name, layout.size, size, tensor.sizes().vec()});
    layout.size += (size + kSlotAlignment - 1) / kSlotAlignment * kSlotAlignment;
  });
  return layout;
}

void Flat::zero_grads() {
  const at::NoGradGuard no_grad;
  grads.zero_();
  std::fill(touched->begin(), touched->end(), uint8_t{0});
}

Flat bind(const Parameters& network, bool with_grads, at::Device device) {
  const at::NoGradGuard no_grad;
  Flat flat;
  flat.layout = lay_out(network);
  const auto options = at::TensorOptions().dtype(at::kFloat).device(device);
  flat.values = at::zeros({flat.layout.size}, options);
  flat.touched = std::make_shared<std::vector<uint8_t>>();
  if (with_grads) {
    flat.grads = at::zeros({flat.layout.size}, options);
    flat.touched->resize(flat.layout.slots.size());
  }
  size_t next = 0;
  network([&](const std::string& name, at::Tensor& tensor) {
    const size_t index = next++;
    const Slot& slot = flat.layout.slots.at(index);
    GTSA_CHECK(tensor.is_meta() || !tensor.defined(), "{} is bound already", name);
    // Detached: a leaf with a version counter of its own, so that the optimiser may write the buffer between two
    // forwards.
    tensor = flat.values.narrow(0, slot.offset, slot.size).view(slot.shape).detach();
    if (!with_grads) return;
    tensor.set_requires_grad(true);
    tensor.mutable_grad() = flat.grads.narrow(0, slot.offset, slot.size).view(slot.shape).detach();
    tensor.register_hook([touched = flat.touched, index](const at::Tensor&) { (*touched)[index] = 1; });
  });
  return flat;
}

}  // namespace gtsa::nn
