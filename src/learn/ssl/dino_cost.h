#pragma once
// What a DINO step costs, by counting: nothing is run.

#include <cstdint>

#include "learn/ssl/dino_network.h"

namespace gtsa::ssl {

/// Of one photograph's training step in GFLOP: every product, forward once and backward twice for the student, forward
/// for the teacher.
double gflop_per_image(const DinoOptions& options);

/// Peak memory of a step in bytes: weights, gradients, moments, teacher, and what backward keeps of `micro_batch`
/// photographs.
double memory_bytes(const DinoOptions& options, int64_t micro_batch);

}  // namespace gtsa::ssl
