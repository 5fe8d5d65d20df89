#include "core/kernels/resample.h"

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

// A product of 8 and 23 bits does not fit the multiply-add of 16-bit pairs, so weights come as high * 2^15 + low and
// each half has its own sum. A partial sum of the low half may wrap around; the total fits 32 bits, so arithmetic
// modulo 2^32 gives it exactly. Highway leaves open how the pair sums are spread over two registers until
// RearrangeToOddPlusEven.
template <class V32>
struct PairSums {
  V32 low0, low1, high0, high1;
};

template <class D32, class V32 = hn::Vec<D32> >
PairSums<V32> zero_sums(D32 d32) {
  const auto zero = hn::Zero(d32);
  return {zero, zero, zero, zero};
}

template <class D32, class V16, class V32>
HWY_INLINE void accumulate(D32 d32, V16 pairs, V16 low, V16 high, PairSums<V32>& sums) {
  sums.low0 = hn::ReorderWidenMulAccumulate(d32, pairs, low, sums.low0, sums.low1);
  sums.high0 = hn::ReorderWidenMulAccumulate(d32, pairs, high, sums.high0, sums.high1);
}

/// (total + 2^21) >> 22, not yet clipped.
template <class D32, class V32>
HWY_INLINE V32 rounded(D32 d32, const PairSums<V32>& sums) {
  const auto low = hn::RearrangeToOddPlusEven(sums.low0, sums.low1);
  const auto high = hn::RearrangeToOddPlusEven(sums.high0, sums.high1);
  const auto total = hn::Add(hn::Add(hn::ShiftLeft<15>(high), low), hn::Set(d32, 1 << 21));
  return hn::ShiftRight<22>(total);
}

/// Bytes [x, x + lanes) of output row `o`.
template <class D16>
HWY_INLINE void resample_column_block(D16 d16, const uint8_t* first_row, ptrdiff_t stride, const ResampleAxis& axis,
                                      size_t o, uint8_t* out) {
  const hn::Repartition<int32_t, D16> d32;
  const hn::Rebind<uint8_t, D16> d8;
  const int32_t* low = axis.low_pairs.data() + static_cast<int64_t>(o) * axis.capacity / 2;
  const int32_t* high = axis.high_pairs.data() + static_cast<int64_t>(o) * axis.capacity / 2;
  const int32_t count = axis.count[o];
  auto sums0 = zero_sums(d32), sums1 = zero_sums(d32);
  for (int32_t y = 0; y < count; y += 2, first_row += 2 * stride) {
    const uint8_t* second_row = first_row + (y + 1 < count ? stride : 0);  // its weight is 0 behind the last
    const auto a = hn::PromoteTo(d16, hn::LoadU(d8, first_row));
    const auto b = hn::PromoteTo(d16, hn::LoadU(d8, second_row));
    const auto weights_low = hn::BitCast(d16, hn::Set(d32, low[y / 2]));
    const auto weights_high = hn::BitCast(d16, hn::Set(d32, high[y / 2]));
    accumulate(d32, hn::InterleaveLower(d16, a, b), weights_low, weights_high, sums0);
    accumulate(d32, hn::InterleaveUpper(d16, a, b), weights_low, weights_high, sums1);
  }
  // Interleaving and ReorderDemote2To both work within blocks, so the order is restored.
  hn::StoreU(hn::DemoteTo(d8, hn::ReorderDemote2To(d16, rounded(d32, sums0), rounded(d32, sums1))), d8, out);
}

void ResampleColumns(const uint8_t* in, ptrdiff_t in_stride, int64_t row_bytes, const ResampleAxis& axis, uint8_t* out,
                     ptrdiff_t out_stride) {
  const hn::ScalableTag<int16_t> d16;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d16));
  if (row_bytes < lanes) return reference::resample_columns(in, in_stride, row_bytes, axis, out, out_stride);
  for (int64_t o = 0; o < axis.outputs; ++o) {
    const auto at = static_cast<size_t>(o);
    const uint8_t* rows = in + axis.first[at] * in_stride;
    uint8_t* to = out + o * out_stride;
    for (int64_t x = 0; x + lanes <= row_bytes; x += lanes) {
      resample_column_block(d16, rows + x, in_stride, axis, at, to + x);
    }
    const int64_t last = row_bytes - lanes;  // overlaps its neighbour
    if (row_bytes % lanes != 0) resample_column_block(d16, rows + last, in_stride, axis, at, to + last);
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
  HWY_DYNAMIC_DISPATCH(ResampleColumns)(in, in_stride, row_bytes, axis, out, out_stride);
}

}  // namespace gtsa::kernels
#endif  // HWY_ONCE
