#pragma once
// DINO's two networks (docs/dino.md): student and teacher, each an encoder whose class token goes through a
// head. Their layouts are equal; the teacher is an average of the student and never trained.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "learn/nn/dino_head.h"
#include "learn/nn/flat.h"
#include "learn/nn/vit.h"

namespace gtsa::ssl {

struct DinoOptions {
  nn::VitOptions vit;
  nn::DinoHeadOptions head;  ///< head.in = vit.embed_dim
  struct Views {
    int64_t count = 0;  ///< a photograph
    int64_t size = 0;   ///< side in pixels
  };
  Views global{2, 224};
  Views local{8, 96};

  int64_t views() const { return global.count + local.count; }
  /// Pairs of a teacher's view and another view of the student, all of equal weight.
  int64_t pairs() const { return global.count * (views() - 1); }
  /// Throws UsageError naming all that cannot be.
  void check() const;
};

/// Names PREFIX.backbone.*, PREFIX.head.*: what the role's part of a checkpoint is called.
struct DinoNetwork {
  nn::Vit backbone;
  nn::DinoHead head;
  void walk(const nn::Walk& visit);
};

/// On the meta device: nn::bind it.
DinoNetwork make_dino_network(const DinoOptions& options);

/// The original's initial weights, of a bound network.
void init(DinoNetwork& network, uint64_t seed);

struct DinoOutput {
  at::Tensor class_token;  ///< [n, C], normed
  at::Tensor logits;       ///< [n, prototypes]
};

/// Views of one size [n, 3, side, side]; `drop_path` may be null.
DinoOutput forward(const DinoNetwork& network, const at::Tensor& views, const nn::DropPath* drop_path = nullptr);

}  // namespace gtsa::ssl
