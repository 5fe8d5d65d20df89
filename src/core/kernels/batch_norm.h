#pragma once
// Batch normalisation followed by ReLU: y = max(0, scale * x + shift) with a scale and a shift a channel, and what its
// gradient needs. Rows [rows, width] of float32, one channel a column; callers share rows out among threads. Levels
// agree to rounding.

#include <cstdint>

namespace gtsa::kernels {

/// A channel's numbers, [width] each.
struct ChannelScale {
  const float* mean = nullptr;
  const float* scale = nullptr;
  const float* shift = nullptr;
};

/// sums [width] += the rows' sum of (x - mean)^2.
void add_squares(const float* x, int64_t rows, int64_t width, const float* mean, float* sums);

/// y = max(0, scale * x + shift); y may be x.
void scale_relu(const float* x, int64_t rows, int64_t width, const ChannelScale& channels, float* y);

/// g = dy where scale * x + shift > 0, else 0: sums [width] += the rows' sum of g, products [width] += that of
/// g * (x - mean).
void add_relu_gradients(const float* x, const float* dy, int64_t rows, int64_t width, const ChannelScale& channels,
                        float* sums, float* products);

/// dx = scale * g + slope * (x - mean) + offset with g as above; slope and offset [width]. dx may be dy.
void scale_relu_backward(const float* x, const float* dy, int64_t rows, int64_t width, const ChannelScale& channels,
                         const float* slope, const float* offset, float* dx);

namespace reference {
void add_squares(const float* x, int64_t rows, int64_t width, const float* mean, float* sums);
void scale_relu(const float* x, int64_t rows, int64_t width, const ChannelScale& channels, float* y);
void add_relu_gradients(const float* x, const float* dy, int64_t rows, int64_t width, const ChannelScale& channels,
                        float* sums, float* products);
void scale_relu_backward(const float* x, const float* dy, int64_t rows, int64_t width, const ChannelScale& channels,
                         const float* slope, const float* offset, float* dx);
}  // namespace reference

}  // namespace gtsa::kernels
