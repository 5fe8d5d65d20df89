#pragma once
// What a step of fine-tuning costs, by counting: nothing is run.

#include <cstdint>

#include "learn/transfer/classifier.h"

namespace gtsa::transfer {

/// Of one picture's training step in GFLOP: every product, forward once and backward twice.
double gflop_per_image(const ClassifierOptions& options);

/// Peak memory of a step in bytes: weights, gradients, moments, and what backward keeps of `micro_batch` pictures.
double memory_bytes(const ClassifierOptions& options, int64_t micro_batch);

}  // namespace gtsa::transfer
