#include "core/kernels/mix.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/kernels/simd.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/mix.cpp"
#include <hwy/foreach_target.h>
// Last: foreach_target.h decides what they define.
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gtsa::kernels::HWY_NAMESPACE {
#if GTSA_PLAIN_TARGET

void Mix(const float* in, int64_t width, const Taps& taps, int64_t begin, int64_t end, float* out) {
  reference::mix(in, width, taps, begin, end, out);
}
void MixAndFindLargest(const float* in, int64_t width, const Taps& taps, int64_t begin, int64_t end, uint16_t* out) {
  reference::mix_and_find_largest(in, width, taps, begin, end, out);
}
void AddSoftmax(const float* in, int64_t rows, int64_t width, float share, float* out) {
  reference::add_softmax(in, rows, width, share, out);
}

#else
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using DI = hn::RebindToSigned<D>;
using V = hn::Vec<D>;

/// The taps of one output.
struct Sources {
  const float* in;
  int64_t width;
  const int64_t* index;
  const float* weight;
  int64_t count;

  Sources(const float* in_rows, int64_t row_width, const Taps& taps, int64_t i)
      : in(in_rows),
        width(row_width),
        index(taps.index.data() + taps.first[static_cast<size_t>(i)]),
        weight(taps.weight.data() + taps.first[static_cast<size_t>(i)]),
        count(taps.first[static_cast<size_t>(i) + 1] - taps.first[static_cast<size_t>(i)]) {}

  // Products and sums are rounded one by one, as the reference's: the same bits at every level.
  HWY_ATTR V vector_at(D d, int64_t x) const {
    V sum = hn::Mul(hn::Set(d, weight[0]), hn::LoadU(d, in + index[0] * width + x));
    for (int64_t k = 1; k < count; ++k) {
      sum = hn::Add(sum, hn::Mul(hn::Set(d, weight[k]), hn::LoadU(d, in + index[k] * width + x)));
    }
    return sum;
  }
  float at(int64_t x) const {
    float sum = weight[0] * in[index[0] * width + x];
    for (int64_t k = 1; k < count; ++k) sum += weight[k] * in[index[k] * width + x];
    return sum;
  }
};

void Mix(const float* in, int64_t width, const Taps& taps, int64_t begin, int64_t end, float* out) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t i = begin; i < end; ++i, out += width) {
    const Sources sources(in, width, taps, i);
    int64_t x = 0;
    for (; x + lanes <= width; x += lanes) hn::StoreU(sources.vector_at(d, x), d, out + x);
    for (; x < width; ++x) out[x] = sources.at(x);
  }
}

void MixAndFindLargest(const float* in, int64_t width, const Taps& taps, int64_t begin, int64_t end, uint16_t* out) {
  const D d;
  const DI di;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  HWY_ALIGN float values[HWY_MAX_BYTES / sizeof(float)];
  HWY_ALIGN int32_t places[HWY_MAX_BYTES / sizeof(float)];
  for (int64_t i = begin; i < end; ++i) {
    const Sources sources(in, width, taps, i);
    // Each lane keeps its own largest and where it was.
    V largest = hn::Set(d, -std::numeric_limits<float>::infinity());
    auto here = hn::Iota(di, 0), place = here;
    int64_t x = 0;
    for (; x + lanes <= width; x += lanes) {
      const V sum = sources.vector_at(d, x);
      const auto larger = hn::Gt(sum, largest);
      largest = hn::IfThenElse(larger, sum, largest);
      place = hn::IfThenElse(hn::RebindMask(di, larger), here, place);
      here = hn::Add(here, hn::Set(di, static_cast<int32_t>(lanes)));
    }
    float best = -std::numeric_limits<float>::infinity();
    int32_t best_place = 0;
    if (x > 0) {
      hn::Store(largest, d, values);
      hn::Store(place, di, places);
      best = values[0];
      best_place = places[0];
      for (int64_t lane = 1; lane < lanes; ++lane) {
        if (values[lane] > best || (values[lane] == best && places[lane] < best_place)) {
          best = values[lane];
          best_place = places[lane];
        }
      }
    }
    for (; x < width; ++x) {
      const float sum = sources.at(x);
      if (sum > best) {
        best = sum;
        best_place = static_cast<int32_t>(x);
      }
    }
    *out++ = static_cast<uint16_t>(best_place);
  }
}

void AddSoftmax(const float* in, int64_t rows, int64_t width, float share, float* out) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  std::vector<float> exponentials(static_cast<size_t>(width));
  float* const exps = exponentials.data();
  for (int64_t row = 0; row < rows; ++row, in += width, out += width) {
    const float largest = *std::max_element(in, in + width);
    V sums = hn::Zero(d);
    int64_t x = 0;
    for (; x + lanes <= width; x += lanes) {
      const V each = hn::Exp(d, hn::Sub(hn::LoadU(d, in + x), hn::Set(d, largest)));
      hn::StoreU(each, d, exps + x);
      sums = hn::Add(sums, each);
    }
    float sum = hn::GetLane(hn::SumOfLanes(d, sums));
    for (; x < width; ++x) sum += exps[x] = std::exp(in[x] - largest);
    const float scale = share / sum;
    for (x = 0; x < width; ++x) out[x] += scale * exps[x];
  }
}

#endif  // GTSA_PLAIN_TARGET
}  // namespace gtsa::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gtsa::kernels {
HWY_EXPORT(Mix);
HWY_EXPORT(MixAndFindLargest);
HWY_EXPORT(AddSoftmax);

std::span<const int64_t> Taps::indices(int64_t i) const {
  return std::span(index).subspan(
      static_cast<size_t>(first.at(static_cast<size_t>(i))),
      static_cast<size_t>(first.at(static_cast<size_t>(i) + 1) - first[static_cast<size_t>(i)]));
}

std::span<const float> Taps::weights(int64_t i) const {
  return std::span(weight).subspan(static_cast<size_t>(first.at(static_cast<size_t>(i))), indices(i).size());
}

void Taps::add(int64_t source, float share) {
  index.push_back(source);
  weight.push_back(share);
}

void mix(const float* in, int64_t width, const Taps& taps, int64_t begin, int64_t end, float* out) {
  if (scalar_forced()) return reference::mix(in, width, taps, begin, end, out);
  HWY_DYNAMIC_DISPATCH(Mix)(in, width, taps, begin, end, out);
}

void mix_and_find_largest(const float* in, int64_t width, const Taps& taps, int64_t begin, int64_t end, uint16_t* out) {
  if (scalar_forced()) return reference::mix_and_find_largest(in, width, taps, begin, end, out);
  HWY_DYNAMIC_DISPATCH(MixAndFindLargest)(in, width, taps, begin, end, out);
}

void add_softmax(const float* in, int64_t rows, int64_t width, float share, float* out) {
  if (scalar_forced()) return reference::add_softmax(in, rows, width, share, out);
  HWY_DYNAMIC_DISPATCH(AddSoftmax)(in, rows, width, share, out);
}

namespace reference {

void mix(const float* in, int64_t width, const Taps& taps, int64_t begin, int64_t end, float* out) {
  for (int64_t i = begin; i < end; ++i) {
    const auto indices = taps.indices(i);
    const auto weights = taps.weights(i);
    for (int64_t x = 0; x < width; ++x) {
      float sum = weights[0] * in[indices[0] * width + x];
      for (size_t k = 1; k < indices.size(); ++k) sum += weights[k] * in[indices[k] * width + x];
      *out++ = sum;
    }
  }
}

void mix_and_find_largest(const float* in, int64_t width, const Taps& taps, int64_t begin, int64_t end, uint16_t* out) {
  std::vector<float> sums(static_cast<size_t>(width));
  for (int64_t i = begin; i < end; ++i) {
    reference::mix(in, width, taps, i, i + 1, sums.data());
    float best = -std::numeric_limits<float>::infinity();
    *out = 0;
    for (size_t x = 0; x < sums.size(); ++x) {
      if (!(sums[x] > best)) continue;
      best = sums[x];
      *out = static_cast<uint16_t>(x);
    }
    ++out;
  }
}

void add_softmax(const float* in, int64_t rows, int64_t width, float share, float* out) {
  for (int64_t row = 0; row < rows; ++row, in += width, out += width) {
    const float largest = *std::max_element(in, in + width);
    double sum = 0;
    for (int64_t x = 0; x < width; ++x) sum += std::exp(static_cast<double>(in[x] - largest));
    for (int64_t x = 0; x < width; ++x) {
      out[x] += static_cast<float>(share * std::exp(static_cast<double>(in[x] - largest)) / sum);
    }
  }
}

}  // namespace reference
}  // namespace gtsa::kernels
#endif  // HWY_ONCE
