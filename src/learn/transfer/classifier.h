#pragma once
// A Vision Transformer with a head of classes, in the original's form and in the two usual ones.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "learn/nn/layers.h"
#include "learn/nn/vit.h"

namespace gtsa::transfer {

/// What stands between the last block's tokens and the logits.
enum class HeadKind {
  original,     ///< mean of the patch tokens, without the encoder's final norm -> mlp_head: LayerNorm (1e-5), linear.
                ///< `norm`, `head` and `fc_norm` exist, as in the original's files, and take no part
  global_pool,  ///< mean of the patch tokens -> `fc_norm` (1e-6) -> `head`; the encoder has no `norm`
  cls,          ///< class token -> `norm` (1e-6) -> `head`
};

/// "original", "global_pool", "cls".
std::string name_of(HeadKind head);
/// Throws UsageError naming the three.
HeadKind head_named(std::string_view name);

struct ClassifierOptions {
  nn::VitOptions vit;
  HeadKind head = HeadKind::original;
  int64_t classes = 1000;
  /// Throws UsageError naming all that cannot be.
  void check() const;
};

/// Names and order are those of the original's and timm's files: the encoder's, `norm`, then the head's. Which of the
/// head's layers there are is up to HeadKind; the others have no tensors.
struct Classifier {
  ClassifierOptions options;
  nn::Vit encoder;        ///< its `norm` is absent for global_pool
  nn::Linear head;        ///< [classes, C]
  nn::LayerNorm fc_norm;  ///< [C]; not for cls
  struct MlpHead {
    nn::LayerNorm norm;  ///< mlp_head.0
    nn::Linear linear;   ///< mlp_head.1
  } mlp_head;            ///< original alone

  Classifier() = default;
  Classifier(Classifier&&) = default;
  Classifier& operator=(Classifier&&) = default;
  void walk(const nn::Walk& visit);
};

/// On the meta device. Throws UsageError as options.check().
Classifier make_classifier(const ClassifierOptions& options);

/// From scratch: the encoder as pretraining begins; of the head linear weights N(0, 0.02), biases 0, gains 1.
void init(Classifier& classifier, uint64_t seed);

/// The head's beginning on an encoder that has learned: its live linear layer is N(0, 2e-5) and so, in the original, is
/// the gain in front of it. The logits begin at practically 0, the loss at ln(classes), and the head learns before it
/// can disturb the encoder.
void init_head_small(Classifier& classifier, uint64_t seed);

/// images [n, 3, S, S] -> logits [n, classes]. `drop_path` may be null.
at::Tensor forward(const Classifier& classifier, const at::Tensor& images, const nn::DropPath* drop_path = nullptr);

}  // namespace gtsa::transfer
