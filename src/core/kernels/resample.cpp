#include "core/kernels/resample.h"

#include <cstring>

#include "core/kernels/resample_vnni.h"
#include "core/kernels/simd.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/resample.cpp"
#include <hwy/foreach_target.h>
// Last: foreach_target.h decides what it defines.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gtsa::kernels::HWY_NAMESPACE {
#if GTSA_PLAIN_TARGET

void ResampleColumns(const uint8_t* in, ptrdiff_t in_stride, int64_t row_bytes, const ResampleAxis& axis, uint8_t* out,
                     ptrdiff_t out_stride) {
  reference::resample_columns(in, in_stride, row_bytes, axis, out, out_stride);
}

#else
namespace hn = hwy::HWY_NAMESPACE;

// Vectors of 256 bits: 32 samples at a time divide the common sides of views, and wider ones are no faster where
// these were timed.
using D16 = hn::CappedTag<int16_t, 16>;
using D8 = hn::Rebind<uint8_t, D16>;
using D32 = hn::Repartition<int32_t, D16>;
using V16 = hn::Vec<D16>;
using V32 = hn::Vec<D32>;
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(D16()));

/// Inputs and weights of one output row. An odd last input has a row behind it, with weight 0.
struct Taps {
  const uint8_t* row;
  ptrdiff_t stride;
  int32_t pairs;
  const int16_t* low;
  const int16_t* high;
};

HWY_INLINE V16 repeated_pair(const int16_t* weights) {
  int32_t pair;
  std::memcpy(&pair, weights, sizeof pair);
  return hn::BitCast(D16(), hn::Set(D32(), pair));
}

// A product of 8 and 23 bits does not fit the multiply-add of 16-bit pairs, so weights come as high * 2^15 + low and
// each half has its own sum. A partial sum of the low half may wrap around; the total fits 32 bits, so arithmetic
// modulo 2^32 gives it exactly. Highway leaves open how the pair sums are spread over two registers until
// RearrangeToOddPlusEven.
struct PairSums {
  V32 low0, low1, high0, high1;

  HWY_INLINE PairSums()
      : low0(hn::Zero(D32())), low1(hn::Zero(D32())), high0(hn::Zero(D32())), high1(hn::Zero(D32())) {}

  HWY_INLINE void add(V16 pairs, V16 low, V16 high) {
    low0 = hn::ReorderWidenMulAccumulate(D32(), pairs, low, low0, low1);
    high0 = hn::ReorderWidenMulAccumulate(D32(), pairs, high, high0, high1);
  }

  /// (total + 2^21) >> 22, not yet clipped.
  HWY_INLINE V32 rounded() const {
    const auto low = hn::RearrangeToOddPlusEven(low0, low1), high = hn::RearrangeToOddPlusEven(high0, high1);
    return hn::ShiftRight<22>(hn::Add(hn::Add(hn::ShiftLeft<15>(high), low), hn::Set(D32(), 1 << 21)));
  }
};

/// kLanes samples side by side. Interleaving and ReorderDemote2To both work within blocks of 128 bits, so the order is
/// restored.
struct SampleSums {
  PairSums lower, upper;

  HWY_INLINE SampleSums() {}

  HWY_INLINE void add(const uint8_t* first, const uint8_t* second, V16 low, V16 high) {
    const V16 a = hn::PromoteTo(D16(), hn::LoadU(D8(), first)), b = hn::PromoteTo(D16(), hn::LoadU(D8(), second));
    lower.add(hn::InterleaveLower(D16(), a, b), low, high);
    upper.add(hn::InterleaveUpper(D16(), a, b), low, high);
  }

  HWY_INLINE void store(uint8_t* out) const {
    hn::StoreU(hn::DemoteTo(D8(), hn::ReorderDemote2To(D16(), lower.rounded(), upper.rounded())), D8(), out);
  }
};

/// Samples [x, x + 2 kLanes) of one output row.
HWY_INLINE void resample_block(const Taps& taps, int64_t x, uint8_t* out) {
  SampleSums left, right;
  const uint8_t* row = taps.row + x;
  for (int32_t pair = 0; pair < taps.pairs; ++pair, row += 2 * taps.stride) {
    const V16 low = repeated_pair(taps.low + 2 * pair), high = repeated_pair(taps.high + 2 * pair);
    left.add(row, row + taps.stride, low, high);
    right.add(row + kLanes, row + taps.stride + kLanes, low, high);
  }
  left.store(out + x);
  right.store(out + x + kLanes);
}

void ResampleColumns(const uint8_t* in, ptrdiff_t in_stride, int64_t row_bytes, const ResampleAxis& axis, uint8_t* out,
                     ptrdiff_t out_stride) {
  constexpr int64_t kBlock = 2 * kLanes;
  if (row_bytes < kBlock) return reference::resample_columns(in, in_stride, row_bytes, axis, out, out_stride);
  const int64_t outputs = axis.outputs, capacity = axis.capacity;
  for (int64_t o = 0; o < outputs; ++o) {
    const auto at = static_cast<size_t>(o);
    const Taps taps{in + axis.first[at] * in_stride, in_stride, (axis.count[at] + 1) / 2,
                    axis.low.data() + o * capacity, axis.high.data() + o * capacity};
    for (int64_t x = 0; x + kBlock <= row_bytes; x += kBlock) resample_block(taps, x, out + o * out_stride);
    // The last block overlaps its neighbour.
    if (row_bytes % kBlock != 0) resample_block(taps, row_bytes - kBlock, out + o * out_stride);
  }
}

#endif  // GTSA_PLAIN_TARGET
}  // namespace gtsa::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gtsa::kernels {
HWY_EXPORT(ResampleColumns);

void resample_columns(const uint8_t* in, ptrdiff_t in_stride, int64_t row_bytes, const ResampleAxis& axis, uint8_t* out,
                      ptrdiff_t out_stride) {
  if (scalar_forced()) return reference::resample_columns(in, in_stride, row_bytes, axis, out, out_stride);
  if (vnni_allowed() && row_bytes >= kVnniSamples)
    return resample_columns_vnni(in, in_stride, row_bytes, axis, out, out_stride);
  HWY_DYNAMIC_DISPATCH(ResampleColumns)(in, in_stride, row_bytes, axis, out, out_stride);
}

}  // namespace gtsa::kernels
#endif  // HWY_ONCE
