#pragma once
// What the schedules of pretraining follow, GTSA's and DINO's alike (docs/method.md 4).

#include <cstdint>

#include "learn/train/task.h"

namespace gtsa::ssl {

/// Steps are optimiser steps.
struct Schedule {
  double lr = 1e-3;  ///< peak
  double min_lr = 1e-6;
  int64_t warmup_steps = 0;
  double weight_decay = 0.04;
  double weight_decay_end = 0.4;
  double momentum = 0.996;  ///< teacher's share of itself at step 0; 1 at the end

  /// Learning rate, weight decay and momenta at a position.
  train::Values values(const train::Position& position) const;
};

}  // namespace gtsa::ssl
