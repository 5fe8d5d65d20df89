#include "core/kernels/activations.h"

#include <cmath>

#include "core/kernels/simd.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/activations.cpp"
#include <hwy/foreach_target.h>
// Last: foreach_target.h decides what it defines.
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gtsa::kernels::HWY_NAMESPACE {
namespace {
#if GTSA_PLAIN_TARGET

void BiasGelu(float* x, const float* bias, int64_t rows, int64_t width, float* y) {
  reference::bias_gelu(x, bias, rows, width, y);
}

void GeluBackward(const float* x, int64_t rows, int64_t width, float* dy, float* dbias) {
  reference::gelu_backward(x, rows, width, dy, dbias);
}

void LayerNorm(const float* x, int64_t rows, int64_t width, const float* weight, const float* bias, float eps, float* y,
               RowMoments* moments) {
  reference::layer_norm(x, rows, width, weight, bias, eps, y, moments);
}

void LayerNormBackward(const float* x, const RowMoments* moments, int64_t rows, int64_t width, const float* weight,
                       const float* dy, float* dx, float* dweight, float* dbias) {
  reference::layer_norm_backward(x, moments, rows, width, weight, dy, dx, dweight, dbias);
}

void AddRows(const float* x, int64_t rows, int64_t width, float* sums) { reference::add_rows(x, rows, width, sums); }

void AddBranch(const float* x, const float* branch, const float* bias, float scale, int64_t rows, int64_t width,
               float* y) {
  reference::add_branch(x, branch, bias, scale, rows, width, y);
}

#else
namespace hn = hwy::HWY_NAMESPACE;

/// Calls part(d, at) for all of [0, n): whole vectors first, then one by one.
template <class Part>
HWY_INLINE void ForAll(int64_t n, const Part& part) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) part(d, i);
  for (; i < n; ++i) part(one, i);
}

/// erf(z) for |z| <= 3.9 as z P(z^2) / Q(z^2), and the value at 3.9 beyond: a rational minimax fit of degrees 5 and 5
/// (relative error 1.8e-8 in exact arithmetic, 3.6e-7 in float32).
template <class D, class V>
HWY_INLINE V Erf(D d, V z) {
  const auto x = hn::Min(hn::Max(z, hn::Set(d, -3.9F)), hn::Set(d, 3.9F));
  const auto t = hn::Mul(x, x);
  auto p = hn::Set(d, 2.0664831481553847e-06F);
  for (const float c : {0.0002850590681191534F, 0.0037382387090474367F, 0.05266775190830231F, 0.18966442346572876F,
                        1.1283791065216064F}) {
    p = hn::MulAdd(p, t, hn::Set(d, c));
  }
  auto q = hn::Set(d, 3.826995816780254e-05F);
  for (const float c :
       {0.0011573487427085638F, 0.014914063736796379F, 0.11381795257329941F, 0.5014185309410095F, 1.0F}) {
    q = hn::MulAdd(q, t, hn::Set(d, c));
  }
  return hn::Div(hn::Mul(x, p), q);
}

/// Phi(x), the normal distribution.
template <class D, class V>
HWY_INLINE V NormalCdf(D d, V x) {
  constexpr float kRootHalf = 0.70710678118654752F;
  const auto half = hn::Set(d, 0.5F);
  return hn::MulAdd(half, Erf(d, hn::Mul(x, hn::Set(d, kRootHalf))), half);
}

void BiasGelu(float* x, const float* bias, int64_t rows, int64_t width, float* y) {
  for (int64_t row = 0; row < rows; ++row, x += width, y += width) {
    ForAll(width, [&](auto d, int64_t i) HWY_ATTR {
      auto v = hn::LoadU(d, x + i);
      if (bias != nullptr) {
        v = hn::Add(v, hn::LoadU(d, bias + i));
        if (x != y) hn::StoreU(v, d, x + i);
      }
      hn::StoreU(hn::Mul(v, NormalCdf(d, v)), d, y + i);
    });
  }
}

void GeluBackward(const float* x, int64_t rows, int64_t width, float* dy, float* dbias) {
  constexpr float kDensity = 0.39894228040143268F;  // 1 / sqrt(2 pi)
  for (int64_t row = 0; row < rows; ++row, x += width, dy += width) {
    ForAll(width, [&](auto d, int64_t i) HWY_ATTR {
      const auto v = hn::LoadU(d, x + i);
      const auto e = hn::Exp(d, hn::Mul(hn::Mul(v, v), hn::Set(d, -0.5F)));
      const auto slope = hn::MulAdd(hn::Mul(v, hn::Set(d, kDensity)), e, NormalCdf(d, v));
      const auto dx = hn::Mul(hn::LoadU(d, dy + i), slope);
      hn::StoreU(dx, d, dy + i);
      if (dbias != nullptr) hn::StoreU(hn::Add(hn::LoadU(d, dbias + i), dx), d, dbias + i);
    });
  }
}

/// Sum of f(d, i) over [0, n).
template <class F>
HWY_INLINE float Sum(int64_t n, const F& f) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto sums = hn::Zero(d);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) sums = hn::Add(sums, f(d, i));
  float sum = hn::GetLane(hn::SumOfLanes(d, sums));
  for (; i < n; ++i) sum += hn::GetLane(f(one, i));
  return sum;
}

void LayerNorm(const float* x, int64_t rows, int64_t width, const float* weight, const float* bias, float eps, float* y,
               RowMoments* moments) {
  const auto share = 1.0F / static_cast<float>(width);
  for (int64_t row = 0; row < rows; ++row, x += width, y += width) {
    const float mean = share * Sum(width, [&](auto d, int64_t i) HWY_ATTR { return hn::LoadU(d, x + i); });
    const float variance = share * Sum(width, [&](auto d, int64_t i) HWY_ATTR {
                             const auto off = hn::Sub(hn::LoadU(d, x + i), hn::Set(d, mean));
                             return hn::Mul(off, off);
                           });
    const float scale = 1.0F / std::sqrt(variance + eps);
    ForAll(width, [&](auto d, int64_t i) HWY_ATTR {
      auto v = hn::Mul(hn::Sub(hn::LoadU(d, x + i), hn::Set(d, mean)), hn::Set(d, scale));
      if (weight != nullptr) v = hn::MulAdd(v, hn::LoadU(d, weight + i), hn::LoadU(d, bias + i));
      hn::StoreU(v, d, y + i);
    });
    if (moments != nullptr) moments[row] = {mean, scale};
  }
}

void LayerNormBackward(const float* x, const RowMoments* moments, int64_t rows, int64_t width, const float* weight,
                       const float* dy, float* dx, float* dweight, float* dbias) {
  const auto share = 1.0F / static_cast<float>(width);
  for (int64_t row = 0; row < rows; ++row, x += width, dy += width, dx += width) {
    const auto [mean, scale] = moments[row];
    const auto normed = [&](auto d, int64_t i) HWY_ATTR {
      return hn::Mul(hn::Sub(hn::LoadU(d, x + i), hn::Set(d, mean)), hn::Set(d, scale));
    };
    const auto weighted = [&](auto d, int64_t i) HWY_ATTR {
      const auto g = hn::LoadU(d, dy + i);
      return weight == nullptr ? g : hn::Mul(g, hn::LoadU(d, weight + i));
    };
    const float sum = share * Sum(width, weighted);
    const float along =
        share * Sum(width, [&](auto d, int64_t i) HWY_ATTR { return hn::Mul(weighted(d, i), normed(d, i)); });
    ForAll(width, [&](auto d, int64_t i) HWY_ATTR {
      const auto g = hn::LoadU(d, dy + i), n = normed(d, i);
      const auto inner = hn::Sub(weighted(d, i), hn::MulAdd(n, hn::Set(d, along), hn::Set(d, sum)));
      if (weight != nullptr) {
        hn::StoreU(hn::MulAdd(g, n, hn::LoadU(d, dweight + i)), d, dweight + i);
        hn::StoreU(hn::Add(g, hn::LoadU(d, dbias + i)), d, dbias + i);
      }
      hn::StoreU(hn::Mul(inner, hn::Set(d, scale)), d, dx + i);
    });
  }
}

void AddRows(const float* x, int64_t rows, int64_t width, float* sums) {
  for (int64_t row = 0; row < rows; ++row, x += width) {
    ForAll(width, [&](auto d, int64_t i)
                      HWY_ATTR { hn::StoreU(hn::Add(hn::LoadU(d, sums + i), hn::LoadU(d, x + i)), d, sums + i); });
  }
}

void AddBranch(const float* x, const float* branch, const float* bias, float scale, int64_t rows, int64_t width,
               float* y) {
  for (int64_t row = 0; row < rows; ++row, x += width, branch += width, y += width) {
    ForAll(width, [&](auto d, int64_t i) HWY_ATTR {
      const auto sum = hn::Add(hn::LoadU(d, branch + i), hn::LoadU(d, bias + i));
      hn::StoreU(hn::MulAdd(hn::Set(d, scale), sum, hn::LoadU(d, x + i)), d, y + i);
    });
  }
}

#endif  // GTSA_PLAIN_TARGET
}  // namespace
}  // namespace gtsa::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace gtsa::kernels {
HWY_EXPORT(BiasGelu);
HWY_EXPORT(GeluBackward);
HWY_EXPORT(LayerNorm);
HWY_EXPORT(LayerNormBackward);
HWY_EXPORT(AddRows);
HWY_EXPORT(AddBranch);

void bias_gelu(float* x, const float* bias, int64_t rows, int64_t width, float* y) {
  if (scalar_forced()) return reference::bias_gelu(x, bias, rows, width, y);
  HWY_DYNAMIC_DISPATCH(BiasGelu)(x, bias, rows, width, y);
}

void gelu_backward(const float* x, int64_t rows, int64_t width, float* dy, float* dbias) {
  if (scalar_forced()) return reference::gelu_backward(x, rows, width, dy, dbias);
  HWY_DYNAMIC_DISPATCH(GeluBackward)(x, rows, width, dy, dbias);
}

void layer_norm(const float* x, int64_t rows, int64_t width, const float* weight, const float* bias, float eps,
                float* y, RowMoments* moments) {
  if (scalar_forced()) return reference::layer_norm(x, rows, width, weight, bias, eps, y, moments);
  HWY_DYNAMIC_DISPATCH(LayerNorm)(x, rows, width, weight, bias, eps, y, moments);
}

void layer_norm_backward(const float* x, const RowMoments* moments, int64_t rows, int64_t width, const float* weight,
                         const float* dy, float* dx, float* dweight, float* dbias) {
  if (scalar_forced()) return reference::layer_norm_backward(x, moments, rows, width, weight, dy, dx, dweight, dbias);
  HWY_DYNAMIC_DISPATCH(LayerNormBackward)(x, moments, rows, width, weight, dy, dx, dweight, dbias);
}

void add_rows(const float* x, int64_t rows, int64_t width, float* sums) {
  if (scalar_forced()) return reference::add_rows(x, rows, width, sums);
  HWY_DYNAMIC_DISPATCH(AddRows)(x, rows, width, sums);
}

void add_branch(const float* x, const float* branch, const float* bias, float scale, int64_t rows, int64_t width,
                float* y) {
  if (scalar_forced()) return reference::add_branch(x, branch, bias, scale, rows, width, y);
  HWY_DYNAMIC_DISPATCH(AddBranch)(x, branch, bias, scale, rows, width, y);
}

namespace reference {
namespace {

double normal_cdf(double x) { return 0.5 * std::erfc(-x * std::sqrt(0.5)); }

}  // namespace

void bias_gelu(float* x, const float* bias, int64_t rows, int64_t width, float* y) {
  for (int64_t i = 0; i < rows * width; ++i) {
    if (bias != nullptr) x[i] += bias[i % width];
    y[i] = static_cast<float>(x[i] * normal_cdf(x[i]));
  }
}

void gelu_backward(const float* x, int64_t rows, int64_t width, float* dy, float* dbias) {
  constexpr double kDensity = 0.39894228040143268;  // 1 / sqrt(2 pi)
  for (int64_t i = 0; i < rows * width; ++i) {
    const double v = x[i];
    dy[i] = static_cast<float>(dy[i] * (normal_cdf(v) + v * kDensity * std::exp(-0.5 * v * v)));
    if (dbias != nullptr) dbias[i % width] += dy[i];
  }
}

void layer_norm(const float* x, int64_t rows, int64_t width, const float* weight, const float* bias, float eps,
                float* y, RowMoments* moments) {
  for (int64_t row = 0; row < rows; ++row, x += width, y += width) {
    double mean = 0, variance = 0;
    for (int64_t i = 0; i < width; ++i) mean += double{x[i]} / static_cast<double>(width);
    for (int64_t i = 0; i < width; ++i) variance += (x[i] - mean) * (x[i] - mean) / static_cast<double>(width);
    const double scale = 1 / std::sqrt(variance + eps);
    for (int64_t i = 0; i < width; ++i) {
      const double normed = (x[i] - mean) * scale;
      y[i] = static_cast<float>(weight == nullptr ? normed : normed * weight[i] + bias[i]);
    }
    if (moments != nullptr) moments[row] = {static_cast<float>(mean), static_cast<float>(scale)};
  }
}

void layer_norm_backward(const float* x, const RowMoments* moments, int64_t rows, int64_t width, const float* weight,
                         const float* dy, float* dx, float* dweight, float* dbias) {
  for (int64_t row = 0; row < rows; ++row, x += width, dy += width, dx += width) {
    const auto [mean, scale] = moments[row];
    double sum = 0, along = 0;
    for (int64_t i = 0; i < width; ++i) {
      const double g = double{dy[i]} * (weight == nullptr ? 1.0F : weight[i]);
      sum += g / static_cast<double>(width);
      along += g * (x[i] - mean) * scale / static_cast<double>(width);
    }
    for (int64_t i = 0; i < width; ++i) {
      const double g = dy[i], normed = (double{x[i]} - mean) * scale;
      if (weight != nullptr) {
        dweight[i] += static_cast<float>(g * normed);
        dbias[i] += static_cast<float>(g);
      }
      dx[i] = static_cast<float>((g * (weight == nullptr ? 1.0F : weight[i]) - sum - normed * along) * scale);
    }
  }
}

void add_rows(const float* x, int64_t rows, int64_t width, float* sums) {
  for (int64_t i = 0; i < rows * width; ++i) sums[i % width] += x[i];
}

void add_branch(const float* x, const float* branch, const float* bias, float scale, int64_t rows, int64_t width,
                float* y) {
  for (int64_t i = 0; i < rows * width; ++i) y[i] = x[i] + scale * (branch[i] + bias[i % width]);
}

}  // namespace reference
}  // namespace gtsa::kernels
#endif  // HWY_ONCE
