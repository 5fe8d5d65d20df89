#include "core/kernels/resample.h"

#include <algorithm>
#include <cstring>

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

void ResampleRows(const uint8_t* in, ptrdiff_t in_stride, int64_t rows, const ResampleAxis& axis, uint8_t* out,
                  ptrdiff_t out_stride) {
  reference::resample_rows(in, in_stride, rows, axis, out, out_stride);
}

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

// Horizontal pass: one 128-bit block a row. A block of 16 bytes holds five pixels, of which four are taken: two
// shuffles lay them out as pairs (R0 R1)(G0 G1)(B0 B1)(0 0) of 16 bits, so the sums of a pixel's channels stand side by
// side.
using Bytes = hn::CappedTag<uint8_t, 32>;
constexpr size_t kRows = hn::MaxLanes(Bytes()) / 16;

HWY_ALIGN constexpr uint8_t kFirstPair[16] = {0, 128, 3, 128, 1, 128, 4, 128, 2, 128, 5, 128, 128, 128, 128, 128};
HWY_ALIGN constexpr uint8_t kSecondPair[16] = {6, 128, 9, 128, 7, 128, 10, 128, 8, 128, 11, 128, 128, 128, 128, 128};

template <class D>
HWY_INLINE hn::Vec<D> load_blocks(D d, const uint8_t* const* rows, size_t offset) {
  if constexpr (kRows == 1) {
    return hn::LoadU(d, rows[0] + offset);
  } else {
    const hn::Half<D> block;
    return hn::Combine(d, hn::LoadU(block, rows[1] + offset), hn::LoadU(block, rows[0] + offset));
  }
}

/// One group of kRows rows. Four bytes are stored a pixel; the fourth is overwritten by the next pixel, the last pixel
/// stores three.
void resample_row_group(const uint8_t* const* in, const ResampleAxis& axis, uint8_t* const* out) {
  const Bytes d8;
  const hn::Repartition<int16_t, Bytes> d16;
  const hn::Repartition<int32_t, Bytes> d32;
  const hn::Rebind<uint8_t, decltype(d32)> narrow;
  const auto first_pair = hn::LoadDup128(d8, kFirstPair);
  const auto second_pair = hn::LoadDup128(d8, kSecondPair);
  HWY_ALIGN uint8_t pixels[4 * kRows];

  for (int64_t o = 0; o < axis.outputs; ++o) {
    const auto at = static_cast<size_t>(o);
    const int32_t* low = axis.low_pairs.data() + o * axis.capacity / 2;
    const int32_t* high = axis.high_pairs.data() + o * axis.capacity / 2;
    auto sums0 = zero_sums(d32), sums1 = zero_sums(d32);
    size_t offset = 3 * static_cast<size_t>(axis.first[at]);
    for (int32_t x = 0; x < axis.count[at]; x += 4, offset += 12, low += 2, high += 2) {
      const auto bytes = load_blocks(d8, in, offset);
      accumulate(d32, hn::BitCast(d16, hn::TableLookupBytesOr0(bytes, first_pair)),
                 hn::BitCast(d16, hn::Set(d32, low[0])), hn::BitCast(d16, hn::Set(d32, high[0])), sums0);
      accumulate(d32, hn::BitCast(d16, hn::TableLookupBytesOr0(bytes, second_pair)),
                 hn::BitCast(d16, hn::Set(d32, low[1])), hn::BitCast(d16, hn::Set(d32, high[1])), sums1);
    }
    const PairSums<hn::Vec<decltype(d32)> > sums{hn::Add(sums0.low0, sums1.low0), hn::Add(sums0.low1, sums1.low1),
                                                 hn::Add(sums0.high0, sums1.high0), hn::Add(sums0.high1, sums1.high1)};
    hn::StoreU(hn::DemoteTo(narrow, rounded(d32, sums)), narrow, pixels);
    const size_t bytes = o + 1 < axis.outputs ? 4 : 3;
    for (size_t r = 0; r < kRows; ++r) std::memcpy(out[r] + 3 * o, pixels + 4 * r, bytes);
  }
}

void ResampleRows(const uint8_t* in, ptrdiff_t in_stride, int64_t rows, const ResampleAxis& axis, uint8_t* out,
                  ptrdiff_t out_stride) {
  for (int64_t y = 0; y < rows; y += static_cast<int64_t>(kRows)) {
    const uint8_t* from[kRows];
    uint8_t* to[kRows];
    for (size_t r = 0; r < kRows; ++r) {
      const int64_t row = std::min(y + static_cast<int64_t>(r), rows - 1);  // a last odd row is done twice
      from[r] = in + row * in_stride;
      to[r] = out + row * out_stride;
    }
    resample_row_group(from, axis, to);
  }
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
HWY_EXPORT(ResampleRows);
HWY_EXPORT(ResampleColumns);

void resample_rows(const uint8_t* in, ptrdiff_t in_stride, int64_t rows, const ResampleAxis& axis, uint8_t* out,
                   ptrdiff_t out_stride) {
  if (scalar_forced()) return reference::resample_rows(in, in_stride, rows, axis, out, out_stride);
  HWY_DYNAMIC_DISPATCH(ResampleRows)(in, in_stride, rows, axis, out, out_stride);
}

void resample_columns(const uint8_t* in, ptrdiff_t in_stride, int64_t row_bytes, const ResampleAxis& axis, uint8_t* out,
                      ptrdiff_t out_stride) {
  if (scalar_forced()) return reference::resample_columns(in, in_stride, row_bytes, axis, out, out_stride);
  HWY_DYNAMIC_DISPATCH(ResampleColumns)(in, in_stride, row_bytes, axis, out, out_stride);
}

}  // namespace gtsa::kernels
#endif  // HWY_ONCE
