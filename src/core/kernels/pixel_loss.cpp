#include "core/kernels/pixel_loss.h"

#include <algorithm>
#include <cmath>

#include "core/kernels/simd.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/pixel_loss.cpp"
#include <hwy/foreach_target.h>
// Last: foreach_target.h decides what they define.
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "core/kernels/for_all-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gtsa::kernels::HWY_NAMESPACE {
namespace {
#if GTSA_PLAIN_TARGET

void AddPixelLosses(const PixelRow& row, float* scratch, float* gradient, PixelSums& sums) {
  reference::add_pixel_losses(row, scratch, gradient, sums);
}

void Blend(const float* a, const float* b, float weight, int64_t n, float* y) { reference::blend(a, b, weight, n, y); }

void AddScaled(const float* x, float weight, int64_t n, float* y) { reference::add_scaled(x, weight, n, y); }

#else
namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::CappedTag<float, kClassMultiple>;

/// y = (1 - weight) * a + weight * b; returns the largest. n is a multiple of kClassMultiple.
HWY_INLINE float BlendAndMost(const float* a, const float* b, float weight, int64_t n, float* y) {
  const Floats d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto of_a = hn::Set(d, 1 - weight), of_b = hn::Set(d, weight);
  auto most = hn::Set(d, kNoClass);
  for (int64_t i = 0; i < n; i += lanes) {
    const auto v = hn::MulAdd(hn::LoadU(d, b + i), of_b, hn::Mul(hn::LoadU(d, a + i), of_a));
    hn::StoreU(v, d, y + i);
    most = hn::Max(most, v);
  }
  return hn::GetLane(hn::MaxOfLanes(d, most));
}

/// row = exp(row - most); returns the sum.
HWY_INLINE float ExpAndSum(float* row, int64_t n, float most) {
  const Floats d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto largest = hn::Set(d, most);
  auto sum = hn::Zero(d);
  for (int64_t i = 0; i < n; i += lanes) {
    const auto e = hn::Exp(d, hn::Sub(hn::LoadU(d, row + i), largest));
    hn::StoreU(e, d, row + i);
    sum = hn::Add(sum, e);
  }
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

/// a += of_a * x, b += of_b * x, one after the other where they are the same row.
HWY_INLINE void AddToBoth(const float* x, float of_a, float of_b, int64_t n, float* a, float* b) {
  const Floats d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto to_a = hn::Set(d, of_a), to_b = hn::Set(d, of_b);
  for (int64_t i = 0; i < n; i += lanes) {
    const auto v = hn::LoadU(d, x + i);
    hn::StoreU(hn::MulAdd(v, to_a, hn::LoadU(d, a + i)), d, a + i);
    hn::StoreU(hn::MulAdd(v, to_b, hn::LoadU(d, b + i)), d, b + i);
  }
}

void AddPixelLosses(const PixelRow& row, float* scratch, float* gradient, PixelSums& sums) {
  for (int64_t x = 0; x < row.pixels; ++x) {
    const int32_t label = row.labels[x];
    if (label < 0) continue;
    const int64_t first = row.first[x] * row.classes, second = row.second[x] * row.classes;
    const float weight = row.weight[x];
    const float most = BlendAndMost(row.logits + first, row.logits + second, weight, row.classes, scratch);
    const float of_label = scratch[label];
    const float sum = ExpAndSum(scratch, row.classes, most);
    sums.loss += std::log(double{sum}) + most - of_label;
    sums.correct += of_label >= most;
    ++sums.labelled;
    if (gradient == nullptr) continue;
    // softmax - truth, times the weights of the two patches
    scratch[label] -= sum;
    const float share = 1 / sum;
    AddToBoth(scratch, (1 - weight) * share, weight * share, row.classes, gradient + first, gradient + second);
  }
}

void Blend(const float* a, const float* b, float weight, int64_t n, float* y) {
  ForAll(n, [&](auto d, int64_t i) HWY_ATTR {
    const auto from_a = hn::Mul(hn::LoadU(d, a + i), hn::Set(d, 1 - weight));
    hn::StoreU(hn::MulAdd(hn::LoadU(d, b + i), hn::Set(d, weight), from_a), d, y + i);
  });
}

void AddScaled(const float* x, float weight, int64_t n, float* y) {
  ForAll(n, [&](auto d, int64_t i) HWY_ATTR {
    hn::StoreU(hn::MulAdd(hn::LoadU(d, x + i), hn::Set(d, weight), hn::LoadU(d, y + i)), d, y + i);
  });
}

#endif
}  // namespace
}  // namespace gtsa::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace gtsa::kernels {
HWY_EXPORT(AddPixelLosses);
HWY_EXPORT(Blend);
HWY_EXPORT(AddScaled);

void add_pixel_losses(const PixelRow& row, float* scratch, float* gradient, PixelSums& sums) {
  if (scalar_forced()) return reference::add_pixel_losses(row, scratch, gradient, sums);
  HWY_DYNAMIC_DISPATCH(AddPixelLosses)(row, scratch, gradient, sums);
}

void blend(const float* a, const float* b, float weight, int64_t n, float* y) {
  if (scalar_forced()) return reference::blend(a, b, weight, n, y);
  HWY_DYNAMIC_DISPATCH(Blend)(a, b, weight, n, y);
}

void add_scaled(const float* x, float weight, int64_t n, float* y) {
  if (scalar_forced()) return reference::add_scaled(x, weight, n, y);
  HWY_DYNAMIC_DISPATCH(AddScaled)(x, weight, n, y);
}

namespace reference {

void add_pixel_losses(const PixelRow& row, float* scratch, float* gradient, PixelSums& sums) {
  const int64_t classes = row.classes;
  for (int64_t x = 0; x < row.pixels; ++x) {
    const int32_t label = row.labels[x];
    if (label < 0) continue;
    const int64_t first = row.first[x] * classes, second = row.second[x] * classes;
    const float weight = row.weight[x];
    blend(row.logits + first, row.logits + second, weight, classes, scratch);
    const double most = *std::max_element(scratch, scratch + classes);
    double sum = 0;
    for (int64_t k = 0; k < classes; ++k) sum += std::exp(scratch[k] - most);
    sums.loss += std::log(sum) + most - scratch[label];
    sums.correct += scratch[label] >= most;
    ++sums.labelled;
    if (gradient == nullptr) continue;
    for (int64_t k = 0; k < classes; ++k) {
      const double slope = std::exp(scratch[k] - most) / sum - (k == label ? 1 : 0);
      gradient[first + k] += static_cast<float>(slope * (1 - weight));
      gradient[second + k] += static_cast<float>(slope * weight);
    }
  }
}

void blend(const float* a, const float* b, float weight, int64_t n, float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = (1 - weight) * a[i] + weight * b[i];
}

void add_scaled(const float* x, float weight, int64_t n, float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] += weight * x[i];
}

}  // namespace reference
}  // namespace gtsa::kernels
#endif  // HWY_ONCE
