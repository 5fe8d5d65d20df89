#include "core/kernels/adamw.h"

#include "core/kernels/simd.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/adamw.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gtsa::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Every operation is a separate rounding, as in the reference: no fused multiply-add, so all targets give the same
// bits.
void AdamW(float* value, const float* gradient, float* m, float* v, float* teacher, int64_t n, const AdamWStep& s,
           const AverageStep& a) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto clip = hn::Set(d, s.clip), keep = hn::Set(d, s.keep), b1 = hn::Set(d, s.beta1),
             c1 = hn::Set(d, s.one_minus_beta1);
  const auto b2 = hn::Set(d, s.beta2), c2 = hn::Set(d, s.one_minus_beta2), size = hn::Set(d, s.step_size);
  const auto root = hn::Set(d, s.root_bias2), eps = hn::Set(d, s.eps);
  const auto mo = hn::Set(d, a.momentum), om = hn::Set(d, a.one_minus_momentum);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto g = hn::Mul(clip, hn::LoadU(d, gradient + i));
    const auto m1 = hn::Add(hn::Mul(b1, hn::LoadU(d, m + i)), hn::Mul(c1, g));
    const auto v1 = hn::Add(hn::Mul(b2, hn::LoadU(d, v + i)), hn::Mul(c2, hn::Mul(g, g)));
    hn::StoreU(m1, d, m + i);
    hn::StoreU(v1, d, v + i);
    const auto denominator = hn::Add(hn::Div(hn::Sqrt(v1), root), eps);
    const auto x = hn::Sub(hn::Mul(keep, hn::LoadU(d, value + i)), hn::Mul(size, hn::Div(m1, denominator)));
    hn::StoreU(x, d, value + i);
    if (teacher != nullptr) {
      hn::StoreU(hn::Add(hn::Mul(mo, hn::LoadU(d, teacher + i)), hn::Mul(om, x)), d, teacher + i);
    }
  }
  adamw_reference(value + i, gradient + i, m + i, v + i, teacher == nullptr ? nullptr : teacher + i, n - i, s, a);
}

double SumOfSquares(const float* values, int64_t n) {
  // Eight running sums whatever the vector's width, so that every target adds in the same order.
  const hn::CappedTag<double, 8> d;
  const hn::Rebind<float, decltype(d)> f;
  constexpr int64_t kSums = 8;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  HWY_ALIGN double sums[kSums] = {};
  const int64_t whole = n / kSums * kSums;
  for (int64_t lane = 0; lane < kSums; lane += lanes) {
    auto sum = hn::Zero(d);
    for (int64_t i = lane; i < whole; i += kSums) {
      const auto x = hn::PromoteTo(d, hn::LoadU(f, values + i));
      sum = hn::Add(sum, hn::Mul(x, x));
    }
    hn::StoreU(sum, d, sums + lane);
  }
  for (int64_t i = whole; i < n; ++i) sums[i - whole] += static_cast<double>(values[i]) * values[i];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

}  // namespace gtsa::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>
#include <cmath>

namespace gtsa::kernels {

HWY_EXPORT(AdamW);
HWY_EXPORT(SumOfSquares);

namespace {
constexpr int64_t kChunk = 4096;
}

void adamw(float* value, const float* gradient, float* m, float* v, float* teacher, int64_t n, const AdamWStep& step,
           const AverageStep& average) {
  if (scalar_forced()) return adamw_reference(value, gradient, m, v, teacher, n, step, average);
  HWY_DYNAMIC_DISPATCH(AdamW)(value, gradient, m, v, teacher, n, step, average);
}

void adamw_reference(float* value, const float* gradient, float* m, float* v, float* teacher, int64_t n,
                     const AdamWStep& s, const AverageStep& a) {
  for (int64_t i = 0; i < n; ++i) {
    const float g = s.clip * gradient[i];
    m[i] = s.beta1 * m[i] + s.one_minus_beta1 * g;
    v[i] = s.beta2 * v[i] + s.one_minus_beta2 * (g * g);
    value[i] = s.keep * value[i] - s.step_size * (m[i] / (std::sqrt(v[i]) / s.root_bias2 + s.eps));
    if (teacher != nullptr) teacher[i] = a.momentum * teacher[i] + a.one_minus_momentum * value[i];
  }
}

void average(float* teacher, const float* student, int64_t n, const AverageStep& a) {
  for (int64_t i = 0; i < n; ++i) teacher[i] = a.momentum * teacher[i] + a.one_minus_momentum * student[i];
}

double sum_of_squares(const float* values, int64_t n) {
  if (scalar_forced()) return sum_of_squares_reference(values, n);
  double total = 0;
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    total += HWY_DYNAMIC_DISPATCH(SumOfSquares)(values + begin, std::min(kChunk, n - begin));
  }
  return total;
}

double sum_of_squares_reference(const float* values, int64_t n) {
  double total = 0;
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    const int64_t size = std::min(kChunk, n - begin);
    double sums[8] = {};
    for (int64_t i = 0; i < size; ++i) sums[i % 8] += static_cast<double>(values[begin + i]) * values[begin + i];
    total += ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  }
  return total;
}

}  // namespace gtsa::kernels
#endif
