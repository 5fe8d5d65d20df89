#include "core/kernels/attention.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/kernels/product.h"
#include "core/kernels/simd.h"
#include "core/kernels/targets.h"
#include "core/kernels/transpose.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/attention.cpp"
#include <hwy/foreach_target.h>
// Last: foreach_target.h decides what it defines.
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gtsa::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

int64_t WholeVectors(int64_t n) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>()));
  return n / lanes * lanes;
}

/// row = exp(row - most); returns the sum.
float ExpAndSum(float* row, int64_t n, float most) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const int64_t whole = WholeVectors(n);
  auto sums = hn::Zero(d);
  for (int64_t i = 0; i < whole; i += static_cast<int64_t>(hn::Lanes(d))) {
    const auto e = hn::Exp(d, hn::Sub(hn::LoadU(d, row + i), hn::Set(d, most)));
    hn::StoreU(e, d, row + i);
    sums = hn::Add(sums, e);
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, sums));
  for (int64_t i = whole; i < n; ++i) {
    hn::StoreU(hn::Exp(one, hn::Set(one, row[i] - most)), one, row + i);
    sum += row[i];
  }
  return sum;
}

float Largest(const float* row, int64_t n) {
  const hn::ScalableTag<float> d;
  const int64_t whole = WholeVectors(n);
  auto most = hn::Set(d, row[0]);
  for (int64_t i = 0; i < whole; i += static_cast<int64_t>(hn::Lanes(d))) most = hn::Max(most, hn::LoadU(d, row + i));
  float largest = hn::GetLane(hn::MaxOfLanes(d, most));
  for (int64_t i = whole; i < n; ++i) largest = std::max(largest, row[i]);
  return largest;
}

float Dot(const float* a, const float* b, int64_t n) {
  const hn::ScalableTag<float> d;
  const int64_t whole = WholeVectors(n);
  auto sums = hn::Zero(d);
  for (int64_t i = 0; i < whole; i += static_cast<int64_t>(hn::Lanes(d))) {
    sums = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), sums);
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, sums));
  for (int64_t i = whole; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

/// row *= factor.
void Scale(float* row, int64_t n, float factor) {
  for (int64_t i = 0; i < n; ++i) row[i] *= factor;
}

/// dscores = weights * (dweights - mean), in place of dweights.
void SoftmaxAdjoint(const float* weights, int64_t n, float mean, float* dweights) {
  for (int64_t i = 0; i < n; ++i) dweights[i] = weights[i] * (dweights[i] - mean);
}

}  // namespace
}  // namespace gtsa::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gtsa::kernels {
HWY_EXPORT(ExpAndSum);
HWY_EXPORT(Largest);
HWY_EXPORT(Dot);
HWY_EXPORT(Scale);
HWY_EXPORT(SoftmaxAdjoint);

namespace {

/// Where a unit's matrices [tokens, head_dim] begin, and the steps from token to token.
struct Unit {
  int64_t query, step;  ///< in qkv; keys and values lie `width` and 2 `width` further on
  int64_t out, width;   ///< in out, whose step is `width`
  int64_t row_sums;     ///< in log_sums
};

Unit unit_of(const AttentionShape& s, int64_t unit) {
  const int64_t sample = unit / s.heads, head = unit % s.heads, width = s.heads * s.head_dim;
  return {sample * s.tokens * 3 * width + head * s.head_dim, 3 * width, sample * s.tokens * width + head * s.head_dim,
          width, unit * s.tokens};
}

float scale_of(const AttentionShape& s) { return 1.0F / std::sqrt(static_cast<float>(s.head_dim)); }

/// c [tokens, tokens] = alpha a b^T of two matrices [tokens, head_dim]. Small products read b fast only where it lies
/// turned: `turned` has room for it.
void pairwise(const AttentionShape& s, float alpha, Factor a, Factor b, float* turned, float* c) {
  transpose(b.values, b.step, s.tokens, s.head_dim, turned, s.tokens);
  product({s.tokens, s.tokens, s.head_dim}, alpha, a, {turned, s.tokens}, 0, c, s.tokens);
}

float* scratch(std::vector<float>& memory, int64_t size) {
  if (std::ssize(memory) < size) memory.resize(static_cast<size_t>(size));
  return memory.data();
}

}  // namespace

void attention(const AttentionShape& s, int64_t first, int64_t last, const float* qkv, float* out, float* log_sums) {
  if (scalar_forced()) return reference::attention(s, first, last, qkv, out, log_sums);
  thread_local std::vector<float> memory;
  const int64_t t = s.tokens;
  float *weights = scratch(memory, t * (t + s.head_dim)), *turned = weights + t * t;
  for (int64_t unit = first; unit < last; ++unit) {
    const Unit u = unit_of(s, unit);
    const float *query = qkv + u.query, *key = query + u.width, *value = key + u.width;
    pairwise(s, scale_of(s), {query, u.step}, {key, u.step}, turned, weights);
    for (int64_t i = 0; i < t; ++i) {
      float* row = weights + i * t;
      const float most = HWY_DYNAMIC_DISPATCH(Largest)(row, t);
      const float sum = HWY_DYNAMIC_DISPATCH(ExpAndSum)(row, t, most);
      if (log_sums != nullptr) log_sums[u.row_sums + i] = most + std::log(sum);
      HWY_DYNAMIC_DISPATCH(Scale)(row, t, 1.0F / sum);
    }
    product({t, s.head_dim, t}, 1.0F, {weights, t}, {value, u.step}, 0, out + u.out, u.width);
  }
}

void attention_backward(const AttentionShape& s, int64_t first, int64_t last, const float* qkv, float* out,
                        const float* log_sums, const float* dout, float* dqkv) {
  if (scalar_forced()) return reference::attention_backward(s, first, last, qkv, out, log_sums, dout, dqkv);
  thread_local std::vector<float> memory;
  const int64_t t = s.tokens, d = s.head_dim;
  float *weights = scratch(memory, t * (2 * t + d)), *dweights = weights + t * t, *turned = dweights + t * t;
  const float scale = scale_of(s);
  for (int64_t unit = first; unit < last; ++unit) {
    const Unit u = unit_of(s, unit);
    const float *query = qkv + u.query, *key = query + u.width, *value = key + u.width;
    float *dquery = dqkv + u.query, *dkey = dquery + u.width, *dvalue = dkey + u.width;
    pairwise(s, scale, {query, u.step}, {key, u.step}, turned, weights);
    for (int64_t i = 0; i < t; ++i) HWY_DYNAMIC_DISPATCH(ExpAndSum)(weights + i * t, t, log_sums[u.row_sums + i]);
    product({t, d, t}, 1.0F, {weights, t}, {value, u.step}, 0, out + u.out, u.width);
    product({t, d, t}, 1.0F, {weights, t, true}, {dout + u.out, u.width}, 0, dvalue, u.step);
    pairwise(s, 1.0F, {dout + u.out, u.width}, {value, u.step}, turned, dweights);
    for (int64_t i = 0; i < t; ++i) {
      // The weighted mean of a row of dweights is the product of out and dout.
      const float mean = HWY_DYNAMIC_DISPATCH(Dot)(out + u.out + i * u.width, dout + u.out + i * u.width, d);
      HWY_DYNAMIC_DISPATCH(SoftmaxAdjoint)(weights + i * t, t, mean, dweights + i * t);
    }
    product({t, d, t}, scale, {dweights, t}, {key, u.step}, 0, dquery, u.step);
    product({t, d, t}, scale, {dweights, t, true}, {query, u.step}, 0, dkey, u.step);
  }
}

namespace reference {
namespace {

/// weights [tokens, tokens] = softmax of a unit's scores, and the logarithms of the rows' sums.
void plain_weights(const AttentionShape& s, const Unit& u, const float* qkv, std::vector<double>& weights,
                   std::vector<double>& log_sums) {
  for (int64_t i = 0; i < s.tokens; ++i) {
    double* row = weights.data() + i * s.tokens;
    for (int64_t j = 0; j < s.tokens; ++j) {
      double score = 0;
      for (int64_t c = 0; c < s.head_dim; ++c) {
        score += double{qkv[u.query + i * u.step + c]} * qkv[u.query + u.width + j * u.step + c];
      }
      row[j] = score / std::sqrt(static_cast<double>(s.head_dim));
    }
    const double most = *std::max_element(row, row + s.tokens);
    double sum = 0;
    for (int64_t j = 0; j < s.tokens; ++j) sum += row[j] = std::exp(row[j] - most);
    for (int64_t j = 0; j < s.tokens; ++j) row[j] /= sum;
    log_sums[static_cast<size_t>(i)] = most + std::log(sum);
  }
}

}  // namespace

void attention(const AttentionShape& s, int64_t first, int64_t last, const float* qkv, float* out, float* log_sums) {
  std::vector<double> weights(static_cast<size_t>(s.tokens * s.tokens)), sums(static_cast<size_t>(s.tokens));
  for (int64_t unit = first; unit < last; ++unit) {
    const Unit u = unit_of(s, unit);
    plain_weights(s, u, qkv, weights, sums);
    for (int64_t i = 0; i < s.tokens; ++i) {
      if (log_sums != nullptr) log_sums[u.row_sums + i] = static_cast<float>(sums[static_cast<size_t>(i)]);
      for (int64_t c = 0; c < s.head_dim; ++c) {
        double sum = 0;
        for (int64_t j = 0; j < s.tokens; ++j) {
          sum += weights[static_cast<size_t>(i * s.tokens + j)] * qkv[u.query + 2 * u.width + j * u.step + c];
        }
        out[u.out + i * u.width + c] = static_cast<float>(sum);
      }
    }
  }
}

void attention_backward(const AttentionShape& s, int64_t first, int64_t last, const float* qkv, float* out,
                        const float*, const float* dout, float* dqkv) {
  const int64_t t = s.tokens, d = s.head_dim;
  const double scale = 1 / std::sqrt(static_cast<double>(d));
  std::vector<double> weights(static_cast<size_t>(t * t)), sums(static_cast<size_t>(t));
  for (int64_t unit = first; unit < last; ++unit) {
    const Unit u = unit_of(s, unit);
    reference::attention(s, unit, unit + 1, qkv, out, nullptr);
    plain_weights(s, u, qkv, weights, sums);
    const float *query = qkv + u.query, *key = query + u.width, *value = key + u.width;
    std::vector<double> dquery(static_cast<size_t>(t * d)), dkey(dquery), dvalue(dquery);
    for (int64_t i = 0; i < t; ++i) {
      const float *o = out + u.out + i * u.width, *g = dout + u.out + i * u.width;
      double mean = 0;
      for (int64_t c = 0; c < d; ++c) mean += double{o[c]} * g[c];
      for (int64_t j = 0; j < t; ++j) {
        const double weight = weights[static_cast<size_t>(i * t + j)];
        double dweight = 0;
        for (int64_t c = 0; c < d; ++c) dweight += double{g[c]} * value[j * u.step + c];
        const double dscore = weight * (dweight - mean) * scale;
        for (int64_t c = 0; c < d; ++c) {
          dvalue[static_cast<size_t>(j * d + c)] += weight * g[c];
          dquery[static_cast<size_t>(i * d + c)] += dscore * key[j * u.step + c];
          dkey[static_cast<size_t>(j * d + c)] += dscore * query[i * u.step + c];
        }
      }
    }
    for (int64_t i = 0; i < t * d; ++i) {
      float* place = dqkv + u.query + i / d * u.step + i % d;
      place[0] = static_cast<float>(dquery[static_cast<size_t>(i)]);
      place[u.width] = static_cast<float>(dkey[static_cast<size_t>(i)]);
      place[2 * u.width] = static_cast<float>(dvalue[static_cast<size_t>(i)]);
    }
  }
}

}  // namespace reference
}  // namespace gtsa::kernels
#endif  // HWY_ONCE
