#pragma once
// What a GTSA step costs, by counting: nothing is run.

#include <cstdint>
#include <vector>

#include "learn/nn/cost.h"
#include "learn/ssl/gtsa_network.h"

namespace gtsa::ssl {

/// Floating-point operations of one photograph's training step in GFLOP (a multiply and an add are two): every product
/// and convolution counted as direct, forward once and backward twice for the student, forward for the teacher, the
/// similarities of the correspondence loss once.
double gflop_per_image(const GtsaOptions& options);

/// The products of a step's layers for `batch` photographs, convolutions as products of unfolded maps: all of a step
/// but attention, pooling and similarities. The rate of these products alone is what a step is compared with.
std::vector<nn::Product> layer_products(const GtsaOptions& options, int64_t batch);

/// Peak memory of a step in bytes: weights, gradients, moments, teacher, and what backward keeps of `micro_batch`
/// photographs. Counted from the shapes; measured peaks are within a third of it (docs/results.md).
double memory_bytes(const GtsaOptions& options, int64_t micro_batch);

}  // namespace gtsa::ssl
