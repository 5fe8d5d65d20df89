#include "core/kernels/transpose.h"

#include <algorithm>

#include "core/kernels/simd.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/transpose.cpp"
#include <hwy/foreach_target.h>
// Last: foreach_target.h decides what it defines.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gtsa::kernels::HWY_NAMESPACE {
#if GTSA_PLAIN_TARGET

void Transpose(const uint8_t* in, ptrdiff_t in_stride, int64_t rows, int64_t columns, uint8_t* out,
               ptrdiff_t out_stride) {
  reference::transpose(in, in_stride, rows, columns, out, out_stride);
}

#else
namespace hn = hwy::HWY_NAMESPACE;

// A tile of 16 columns and 16 rows a block of 128 bits: vector i holds row i of every block's rows.
using Bytes = hn::CappedTag<uint8_t, 32>;
using V = hn::Vec<Bytes>;
constexpr int64_t kSide = 16;
constexpr int64_t kTileRows = static_cast<int64_t>(hn::MaxLanes(Bytes()));

HWY_INLINE V load_blocks(const uint8_t* in, ptrdiff_t in_stride) {
  const Bytes d;
  if constexpr (kTileRows == kSide) {
    return hn::LoadU(d, in);
  } else {
    const hn::Half<Bytes> block;
    return hn::Combine(d, hn::LoadU(block, in + kSide * in_stride), hn::LoadU(block, in));
  }
}

/// A byte's address in a tile is four bits of row and four of column; interleaving rows i and i + 8 turns these eight
/// bits round by one place.
HWY_INLINE void turn_addresses(const V* from, V* to) {
  const Bytes d;
  for (int i = 0; i < 8; ++i) {
    to[2 * i] = hn::InterleaveLower(d, from[i], from[i + 8]);
    to[2 * i + 1] = hn::InterleaveUpper(d, from[i], from[i + 8]);
  }
}

HWY_INLINE void transpose_tile(const uint8_t* in, ptrdiff_t in_stride, uint8_t* out, ptrdiff_t out_stride) {
  V a[kSide], b[kSide];
  for (int i = 0; i < kSide; ++i) a[i] = load_blocks(in + i * in_stride, in_stride);
  turn_addresses(a, b);
  turn_addresses(b, a);
  turn_addresses(a, b);
  turn_addresses(b, a);
  for (int i = 0; i < kSide; ++i) hn::StoreU(a[i], Bytes(), out + i * out_stride);
}

void Transpose(const uint8_t* in, ptrdiff_t in_stride, int64_t rows, int64_t columns, uint8_t* out,
               ptrdiff_t out_stride) {
  if (rows < kTileRows || columns < kSide) return reference::transpose(in, in_stride, rows, columns, out, out_stride);
  // Tiles beside each other share cache lines. The last tile of either direction overlaps its neighbour.
  constexpr int64_t kCacheLine = 64;
  for (int64_t begin = 0; begin < columns; begin += kCacheLine) {
    const int64_t end = std::min(begin + kCacheLine, columns);
    for (int64_t y = 0; y < rows; y += kTileRows) {
      const int64_t top = std::min(y, rows - kTileRows);
      for (int64_t x = begin; x < end; x += kSide) {
        const int64_t left = std::min(x, columns - kSide);
        transpose_tile(in + top * in_stride + left, in_stride, out + left * out_stride + top, out_stride);
      }
    }
  }
}

#endif  // GTSA_PLAIN_TARGET
}  // namespace gtsa::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gtsa::kernels {
HWY_EXPORT(Transpose);

void transpose(const uint8_t* in, ptrdiff_t in_stride, int64_t rows, int64_t columns, uint8_t* out,
               ptrdiff_t out_stride) {
  if (scalar_forced()) return reference::transpose(in, in_stride, rows, columns, out, out_stride);
  HWY_DYNAMIC_DISPATCH(Transpose)(in, in_stride, rows, columns, out, out_stride);
}

namespace reference {

void transpose(const uint8_t* in, ptrdiff_t in_stride, int64_t rows, int64_t columns, uint8_t* out,
               ptrdiff_t out_stride) {
  for (int64_t y = 0; y < rows; ++y) {
    for (int64_t x = 0; x < columns; ++x) out[x * out_stride + y] = in[y * in_stride + x];
  }
}

}  // namespace reference
}  // namespace gtsa::kernels
#endif  // HWY_ONCE
