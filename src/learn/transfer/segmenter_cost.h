#pragma once
// What a step of segmentation's fine-tuning costs, by counting: nothing is run.

#include <cstdint>

#include "learn/transfer/segmenter.h"

namespace gtsa::transfer {

/// Of one crop's training step in GFLOP: every product, forward once and backward twice, convolutions as written.
double gflop_per_image(const SegmenterOptions& options);

/// Peak memory of a step in bytes: weights, gradients, moments, what backward keeps of `micro_batch` crops, and what the
/// largest convolution works with.
double memory_bytes(const SegmenterOptions& options, int64_t micro_batch);

}  // namespace gtsa::transfer
