#pragma once
// AdamW over a flat network, clipping (by tensor or over all) and the teacher's average in two passes over memory
// (docs/architecture.md).

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "learn/nn/flat.h"
#include "learn/nn/walk.h"
#include "learn/train/task.h"

namespace gtsa::train {

struct AdamWOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double clip = 3.0;  ///< largest L2 norm of a gradient; 0: no clipping
  /// What the norm is taken over: each tensor by itself (pretraining), or all tensors together (fine-tuning).
  enum class ClipOver { tensor, all } clip_over = ClipOver::tensor;
};

/// What the first pass found. Norms are of the gradients as they came, before clipping.
struct GradientNorms {
  double total = 0;          ///< of all rows together
  std::vector<double> rows;  ///< one a slot
  /// The first slot whose gradient is not finite.
  std::optional<std::string> not_finite;
};

class AdamW {
 public:
  /// `averaged` may be null; its layout is a prefix of `trained`'s. Both must outlive the optimiser.
  AdamW(nn::Flat& trained, nn::Flat* averaged, std::vector<Row> rows, const AdamWOptions& options);

  /// First pass: norms in double over fixed chunks, the same for any number of threads.
  GradientNorms norms() const;
  /// Second pass: clip, AdamW and teacher = m * teacher + (1 - m) * student. A row that backward did not touch keeps
  /// value, moments and count (its teacher's twin still averages).
  void step(const GradientNorms& norms, double lr, double weight_decay, double momentum, int64_t position);
  /// The teacher's average alone.
  void average(double momentum);

  /// Moments as tensors named "exp_avg.NAME" and "exp_avg_sq.NAME", and the counts as "step" (int64, one a slot).
  void walk(const nn::Walk& visit);

 private:
  struct Chunk {
    size_t row;
    int64_t begin;  ///< element in the flat buffer
    int64_t size;
  };
  float* average_of(size_t row, int64_t begin) const;

  nn::Flat& trained_;
  nn::Flat* averaged_;
  std::vector<Row> rows_;
  AdamWOptions options_;
  std::vector<Chunk> chunks_;
  at::Tensor first_moment_;
  at::Tensor second_moment_;
  at::Tensor counts_;
};

}  // namespace gtsa::train
