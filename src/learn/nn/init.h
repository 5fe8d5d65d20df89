#pragma once
// Initial weights (the original's distributions, docs/method.md 2.1-2.3), drawn from keyed streams: a tensor's values
// depend on the seed and on its place in the walk alone.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/base/rng.h"
#include "learn/nn/dino_head.h"
#include "learn/nn/fpn.h"
#include "learn/nn/heads.h"
#include "learn/nn/vit.h"

namespace gtsa::nn {

/// Gives each tensor of a role, in the order of its walk, the stream (seed, Purpose::init, sample = index).
struct InitStreams {
  uint64_t seed = 0;
  uint64_t next_tensor = 0;
  Rng next() { return Rng({seed, 0, next_tensor++, 0, Purpose::init}); }
};

/// N(0, deviation). Filled on the CPU, whatever the device, so that a seed means the same weights everywhere.
void fill_normal(at::Tensor& tensor, double deviation, Rng rng);
void fill_constant(at::Tensor& tensor, float value);

/// N(0, 0.02) for linear weights, class token and position embedding (the original truncates at +-2, a hundred
/// deviations away); LayerNorm 1 and 0; linear biases 0; patch embedding uniform within +-1/sqrt(fan_in), weight and
/// bias.
void init(Vit& vit, InitStreams& streams);
/// Weights N(0, 0.02), biases 0.
void init(ConvHead& head, InitStreams& streams);
/// Linear weight and bias uniform within +-1/sqrt(fan_in); LayerNorm 1 and 0.
void init(RotationHead& head, InitStreams& streams);
/// MLP weights N(0, 0.02), biases 0; directions uniform within +-1/sqrt(bottleneck), norms 1.
void init(DinoHead& head, InitStreams& streams);

/// Weights uniform within +-sqrt(6 / (fan_in + fan_out)) (Xavier), biases 0.
void init(FpnNeck& neck, InitStreams& streams);
/// Convolutions N(0, sqrt(2 / fan_out)) (Kaiming), batch norms 1 and 0, classifier N(0, 0.01) and biases 0; running
/// statistics 0 and 1.
void init(FpnHead& head, InitStreams& streams);

}  // namespace gtsa::nn
