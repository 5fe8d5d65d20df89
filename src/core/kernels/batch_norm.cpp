#include "core/kernels/batch_norm.h"

#include <algorithm>

#include "core/kernels/simd.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/batch_norm.cpp"
#include <hwy/foreach_target.h>
// Last: foreach_target.h decides what they define.
#include <hwy/highway.h>

#include "core/kernels/for_all-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gtsa::kernels::HWY_NAMESPACE {
namespace {
#if GTSA_PLAIN_TARGET

void AddSquares(const float* x, int64_t rows, int64_t width, const float* mean, float* sums) {
  reference::add_squares(x, rows, width, mean, sums);
}

void ScaleRelu(const float* x, int64_t rows, int64_t width, const ChannelScale& channels, float* y) {
  reference::scale_relu(x, rows, width, channels, y);
}

void AddReluGradients(const float* x, const float* dy, int64_t rows, int64_t width, const ChannelScale& channels,
                      float* sums, float* products) {
  reference::add_relu_gradients(x, dy, rows, width, channels, sums, products);
}

void ScaleReluBackward(const float* x, const float* dy, int64_t rows, int64_t width, const ChannelScale& channels,
                       const float* slope, const float* offset, float* dx) {
  reference::scale_relu_backward(x, dy, rows, width, channels, slope, offset, dx);
}

#else
namespace hn = hwy::HWY_NAMESPACE;

void AddSquares(const float* x, int64_t rows, int64_t width, const float* mean, float* sums) {
  for (int64_t row = 0; row < rows; ++row, x += width) {
    ForAll(width, [&](auto d, int64_t c) HWY_ATTR {
      const auto off = hn::Sub(hn::LoadU(d, x + c), hn::LoadU(d, mean + c));
      hn::StoreU(hn::MulAdd(off, off, hn::LoadU(d, sums + c)), d, sums + c);
    });
  }
}

/// Before the ReLU. Forward and backward form it alike, so they agree on its sign.
template <class D>
HWY_INLINE auto Normed(D d, const float* x, const ChannelScale& channels, int64_t c) {
  return hn::MulAdd(hn::LoadU(d, x + c), hn::LoadU(d, channels.scale + c), hn::LoadU(d, channels.shift + c));
}

/// dy where the ReLU lets it through.
template <class D>
HWY_INLINE auto Passed(D d, const float* x, const float* dy, const ChannelScale& channels, int64_t c) {
  return hn::IfThenElseZero(hn::Gt(Normed(d, x, channels, c), hn::Zero(d)), hn::LoadU(d, dy + c));
}

void ScaleRelu(const float* x, int64_t rows, int64_t width, const ChannelScale& channels, float* y) {
  for (int64_t row = 0; row < rows; ++row, x += width, y += width) {
    ForAll(width,
           [&](auto d, int64_t c) HWY_ATTR { hn::StoreU(hn::Max(Normed(d, x, channels, c), hn::Zero(d)), d, y + c); });
  }
}

void AddReluGradients(const float* x, const float* dy, int64_t rows, int64_t width, const ChannelScale& channels,
                      float* sums, float* products) {
  for (int64_t row = 0; row < rows; ++row, x += width, dy += width) {
    ForAll(width, [&](auto d, int64_t c) HWY_ATTR {
      const auto g = Passed(d, x, dy, channels, c);
      const auto off = hn::Sub(hn::LoadU(d, x + c), hn::LoadU(d, channels.mean + c));
      hn::StoreU(hn::Add(hn::LoadU(d, sums + c), g), d, sums + c);
      hn::StoreU(hn::MulAdd(g, off, hn::LoadU(d, products + c)), d, products + c);
    });
  }
}

void ScaleReluBackward(const float* x, const float* dy, int64_t rows, int64_t width, const ChannelScale& channels,
                       const float* slope, const float* offset, float* dx) {
  for (int64_t row = 0; row < rows; ++row, x += width, dy += width, dx += width) {
    ForAll(width, [&](auto d, int64_t c) HWY_ATTR {
      const auto g = Passed(d, x, dy, channels, c);
      const auto off = hn::Sub(hn::LoadU(d, x + c), hn::LoadU(d, channels.mean + c));
      const auto common = hn::MulAdd(hn::LoadU(d, slope + c), off, hn::LoadU(d, offset + c));
      hn::StoreU(hn::MulAdd(hn::LoadU(d, channels.scale + c), g, common), d, dx + c);
    });
  }
}

#endif
}  // namespace
}  // namespace gtsa::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace gtsa::kernels {
HWY_EXPORT(AddSquares);
HWY_EXPORT(ScaleRelu);
HWY_EXPORT(AddReluGradients);
HWY_EXPORT(ScaleReluBackward);

void add_squares(const float* x, int64_t rows, int64_t width, const float* mean, float* sums) {
  if (scalar_forced()) return reference::add_squares(x, rows, width, mean, sums);
  HWY_DYNAMIC_DISPATCH(AddSquares)(x, rows, width, mean, sums);
}

void scale_relu(const float* x, int64_t rows, int64_t width, const ChannelScale& channels, float* y) {
  if (scalar_forced()) return reference::scale_relu(x, rows, width, channels, y);
  HWY_DYNAMIC_DISPATCH(ScaleRelu)(x, rows, width, channels, y);
}

void add_relu_gradients(const float* x, const float* dy, int64_t rows, int64_t width, const ChannelScale& channels,
                        float* sums, float* products) {
  if (scalar_forced()) return reference::add_relu_gradients(x, dy, rows, width, channels, sums, products);
  HWY_DYNAMIC_DISPATCH(AddReluGradients)(x, dy, rows, width, channels, sums, products);
}

void scale_relu_backward(const float* x, const float* dy, int64_t rows, int64_t width, const ChannelScale& channels,
                         const float* slope, const float* offset, float* dx) {
  if (scalar_forced()) return reference::scale_relu_backward(x, dy, rows, width, channels, slope, offset, dx);
  HWY_DYNAMIC_DISPATCH(ScaleReluBackward)(x, dy, rows, width, channels, slope, offset, dx);
}

namespace reference {
namespace {

float normed(float x, const ChannelScale& channels, int64_t c) { return x * channels.scale[c] + channels.shift[c]; }

}  // namespace

void add_squares(const float* x, int64_t rows, int64_t width, const float* mean, float* sums) {
  for (int64_t i = 0; i < rows * width; ++i) {
    const float off = x[i] - mean[i % width];
    sums[i % width] += off * off;
  }
}

void scale_relu(const float* x, int64_t rows, int64_t width, const ChannelScale& channels, float* y) {
  for (int64_t i = 0; i < rows * width; ++i) y[i] = std::max(0.0F, normed(x[i], channels, i % width));
}

void add_relu_gradients(const float* x, const float* dy, int64_t rows, int64_t width, const ChannelScale& channels,
                        float* sums, float* products) {
  for (int64_t i = 0; i < rows * width; ++i) {
    const int64_t c = i % width;
    if (!(normed(x[i], channels, c) > 0)) continue;
    sums[c] += dy[i];
    products[c] += dy[i] * (x[i] - channels.mean[c]);
  }
}

void scale_relu_backward(const float* x, const float* dy, int64_t rows, int64_t width, const ChannelScale& channels,
                         const float* slope, const float* offset, float* dx) {
  for (int64_t i = 0; i < rows * width; ++i) {
    const int64_t c = i % width;
    const float g = normed(x[i], channels, c) > 0 ? dy[i] : 0.0F;
    dx[i] = channels.scale[c] * g + slope[c] * (x[i] - channels.mean[c]) + offset[c];
  }
}

}  // namespace reference
}  // namespace gtsa::kernels
#endif  // HWY_ONCE
