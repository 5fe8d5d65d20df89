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
namespace {
#if GTSA_PLAIN_TARGET

template <class T>
void transpose_values(const T* in, ptrdiff_t in_stride, int64_t rows, int64_t columns, T* out, ptrdiff_t out_stride) {
  reference::transpose(in, in_stride, rows, columns, out, out_stride);
}

#else
namespace hn = hwy::HWY_NAMESPACE;

// A tile has as many columns as a block of 128 bits has values, and as many rows a block: vector i holds row i of every
// block's rows.
template <class T>
using Tag = hn::CappedTag<T, 32 / sizeof(T)>;
template <class T>
constexpr int64_t kSide = static_cast<int64_t>(16 / sizeof(T));
template <class T>
constexpr int64_t kTileRows = static_cast<int64_t>(hn::MaxLanes(Tag<T>()));

template <class T>
HWY_INLINE hn::Vec<Tag<T>> load_blocks(const T* in, ptrdiff_t in_stride) {
  const Tag<T> d;
  if constexpr (kTileRows<T> == kSide<T>) {
    return hn::LoadU(d, in);
  } else {
    const hn::Half<Tag<T>> block;
    return hn::Combine(d, hn::LoadU(block, in + kSide<T> * in_stride), hn::LoadU(block, in));
  }
}

/// A value's address in a tile is as many bits of row as of column; interleaving rows i and i + kSide / 2 turns these
/// bits round by one place.
template <class T>
HWY_INLINE void turn_addresses(const hn::Vec<Tag<T>>* from, hn::Vec<Tag<T>>* to) {
  const Tag<T> d;
  for (int64_t i = 0; i < kSide<T> / 2; ++i) {
    to[2 * i] = hn::InterleaveLower(d, from[i], from[i + kSide<T> / 2]);
    to[2 * i + 1] = hn::InterleaveUpper(d, from[i], from[i + kSide<T> / 2]);
  }
}

template <class T>
HWY_INLINE void transpose_tile(const T* in, ptrdiff_t in_stride, T* out, ptrdiff_t out_stride) {
  hn::Vec<Tag<T>> a[kSide<T>], b[kSide<T>];
  for (int64_t i = 0; i < kSide<T>; ++i) a[i] = load_blocks(in + i * in_stride, in_stride);
  for (int64_t turned = 1; turned < kSide<T>; turned *= 4) {  // two bits a round
    turn_addresses<T>(a, b);
    turn_addresses<T>(b, a);
  }
  for (int64_t i = 0; i < kSide<T>; ++i) hn::StoreU(a[i], Tag<T>(), out + i * out_stride);
}

template <class T>
void transpose_values(const T* in, ptrdiff_t in_stride, int64_t rows, int64_t columns, T* out, ptrdiff_t out_stride) {
  if (rows < kTileRows<T> || columns < kSide<T>) {
    return reference::transpose(in, in_stride, rows, columns, out, out_stride);
  }
  // Tiles beside each other share cache lines. The last tile of either direction overlaps its neighbour.
  constexpr auto kCacheLine = static_cast<int64_t>(64 / sizeof(T));
  for (int64_t begin = 0; begin < columns; begin += kCacheLine) {
    const int64_t end = std::min(begin + kCacheLine, columns);
    for (int64_t y = 0; y < rows; y += kTileRows<T>) {
      const int64_t top = std::min(y, rows - kTileRows<T>);
      for (int64_t x = begin; x < end; x += kSide<T>) {
        const int64_t left = std::min(x, columns - kSide<T>);
        transpose_tile(in + top * in_stride + left, in_stride, out + left * out_stride + top, out_stride);
      }
    }
  }
}

#endif  // GTSA_PLAIN_TARGET
}  // namespace

void TransposeBytes(const uint8_t* in, ptrdiff_t in_stride, int64_t rows, int64_t columns, uint8_t* out,
                    ptrdiff_t out_stride) {
  transpose_values(in, in_stride, rows, columns, out, out_stride);
}

void TransposeFloats(const float* in, ptrdiff_t in_stride, int64_t rows, int64_t columns, float* out,
                     ptrdiff_t out_stride) {
  transpose_values(in, in_stride, rows, columns, out, out_stride);
}

}  // namespace gtsa::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gtsa::kernels {
HWY_EXPORT(TransposeBytes);
HWY_EXPORT(TransposeFloats);

void transpose(const uint8_t* in, ptrdiff_t in_stride, int64_t rows, int64_t columns, uint8_t* out,
               ptrdiff_t out_stride) {
  if (scalar_forced()) return reference::transpose(in, in_stride, rows, columns, out, out_stride);
  HWY_DYNAMIC_DISPATCH(TransposeBytes)(in, in_stride, rows, columns, out, out_stride);
}

void transpose(const float* in, ptrdiff_t in_stride, int64_t rows, int64_t columns, float* out, ptrdiff_t out_stride) {
  if (scalar_forced()) return reference::transpose(in, in_stride, rows, columns, out, out_stride);
  HWY_DYNAMIC_DISPATCH(TransposeFloats)(in, in_stride, rows, columns, out, out_stride);
}

}  // namespace gtsa::kernels
#endif  // HWY_ONCE
