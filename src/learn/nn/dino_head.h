#pragma once
// DINO's head: an MLP to a bottleneck, whose direction alone is compared with a set of prototypes.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "learn/nn/layers.h"

namespace gtsa::nn {

struct DinoHeadOptions {
  int64_t in = 384;
  int64_t hidden = 2048;
  int64_t bottleneck = 256;
  int64_t out = 65536;          ///< prototypes
  bool norm_last_layer = true;  ///< the prototypes' norms stay 1: weight_g is not trained
};

/// Names mlp.0, mlp.2, mlp.4 (their places in the original's sequence) and last_layer.weight_g, last_layer.weight_v.
struct DinoHead {
  DinoHeadOptions options;
  Linear mlp0, mlp2, mlp4;
  at::Tensor weight_g;  ///< [out, 1], norms of the prototypes
  at::Tensor weight_v;  ///< [out, bottleneck], their directions

  DinoHead() = default;
  DinoHead(DinoHead&&) = default;
  DinoHead& operator=(DinoHead&&) = default;
  void walk(const Walk& visit);
};

/// On the meta device.
DinoHead make_dino_head(const DinoHeadOptions& options);

/// Features [n, in] -> logits [n, out]: x = mlp(features), x / max(|x|, 1e-12) times the prototypes g v / |v|.
at::Tensor forward(const DinoHead& head, const at::Tensor& features);

}  // namespace gtsa::nn
