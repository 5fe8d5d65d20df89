#pragma once
// Linear evaluation of frozen features: one layer trained on them by softmax regression, by MAE's protocol or DINO's.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace gtsa::probe {

/// Defaults are MAE's (He et al., "Masked autoencoders are scalable vision learners", 2022, A.1).
struct LinearOptions {
  int64_t epochs = 90;
  int64_t warmup_epochs = 10;  ///< in which the rate rises from 0
  int64_t batch = 512;         ///< pictures a step; more than there are counts as all of them
  double base_lr = 0.1;        ///< for 256 pictures a step: the rate is base_lr * batch / 256
  double trust = 0.001;        ///< LARS's; 0: plain descent with momentum
  double momentum = 0.9;
  double weight_decay = 0;
  bool batch_norm = true;      ///< features are standardised by their batch in training, then by the running moments
  bool rate_by_epoch = false;  ///< the cosine moves on once an epoch, not at every step
  bool drop_last = true;       ///< an epoch's incomplete last batch is left out
  uint64_t seed = 0;           ///< of weights and order
  /// Throws UsageError naming what cannot be.
  void check() const;
};

/// DINO's: plain descent at 0.001 a 256, batches of 128, a cosine once an epoch over 100 epochs, no norm, no warm-up.
LinearOptions dino_protocol();

/// Features and classes of pictures.
struct LabelledFeatures {
  at::Tensor values;            ///< F32 [n, D]
  std::vector<int64_t> labels;  ///< [n]
};

/// The layer, and what stands before it: (x - mean) / sqrt(variance + 1e-6), where there is a batch norm.
struct LinearHead {
  at::Tensor weight;          ///< F32 [classes, D]
  at::Tensor bias;            ///< F32 [classes]
  at::Tensor mean, variance;  ///< F32 [D], running moments; undefined without batch norm
  /// values F32 [n, D] -> [n, classes]
  at::Tensor logits(const at::Tensor& values) const;
};

/// Shares in [0, 1].
struct LinearEpoch {
  int64_t epoch = 0;  ///< from 0
  double loss = 0;    ///< mean over the epoch's steps
  double lr = 0;      ///< of its last step
  double top1 = 0, top5 = 0;
};

struct LinearResult {
  std::vector<LinearEpoch> epochs;
  LinearHead head;  ///< after the last epoch
  const LinearEpoch& last() const { return epochs.back(); }
  /// The first one with the highest top-1.
  const LinearEpoch& best() const;
};

/// `training(epoch)` gives what an epoch trains on: as many rows each time, of one width. Weights start N(0, 0.01),
/// biases 0; rows come in a new order each epoch. `after` is told each epoch's figures. The same for the same features,
/// options, threads and BLAS. Throws Error if the loss is not finite.
LinearResult train_linear(const std::function<const LabelledFeatures&(int64_t epoch)>& training,
                          const LabelledFeatures& validation, int64_t classes, const LinearOptions& options,
                          const std::function<void(const LinearEpoch&)>& after = {});

}  // namespace gtsa::probe
