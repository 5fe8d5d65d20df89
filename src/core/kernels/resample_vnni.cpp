// Written with intrinsics, not Highway: version 1.0 has no such multiply-add.

#include "core/kernels/resample_vnni.h"

#include <cstring>
#include <type_traits>

#include "core/base/error.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define GTSA_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#define GTSA_VNNI_INLINE GTSA_VNNI __attribute__((always_inline)) inline

namespace gtsa::kernels {
namespace {

/// The digits of four weights.
struct Digits {
  __m256i d0, d1, d2;
};

/// Sums of eight samples, a digit each.
struct DigitSums {
  __m256i d0, d1, d2;
};

/// Interleaving twice lays the four inputs of a sample side by side; group g then holds samples 4 g to 4 g + 3 of each
/// block of 16.
struct SampleSums {
  DigitSums group0, group1, group2, group3;
};

GTSA_VNNI_INLINE __m256i load(const uint8_t* bytes) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
}

GTSA_VNNI_INLINE __m256i repeated_quad(const int8_t* digits) {
  int32_t quad;
  std::memcpy(&quad, digits, sizeof quad);
  return _mm256_set1_epi32(quad);
}

GTSA_VNNI_INLINE void add(__m256i inputs, const Digits& digits, DigitSums& sums) {
  sums.d0 = _mm256_dpbusd_epi32(sums.d0, inputs, digits.d0);
  sums.d1 = _mm256_dpbusd_epi32(sums.d1, inputs, digits.d1);
  sums.d2 = _mm256_dpbusd_epi32(sums.d2, inputs, digits.d2);
}

GTSA_VNNI_INLINE void add(__m256i a, __m256i b, __m256i c, __m256i d, const Digits& digits, SampleSums& sums) {
  const __m256i lower_ab = _mm256_unpacklo_epi8(a, b), lower_cd = _mm256_unpacklo_epi8(c, d);
  const __m256i upper_ab = _mm256_unpackhi_epi8(a, b), upper_cd = _mm256_unpackhi_epi8(c, d);
  add(_mm256_unpacklo_epi16(lower_ab, lower_cd), digits, sums.group0);
  add(_mm256_unpackhi_epi16(lower_ab, lower_cd), digits, sums.group1);
  add(_mm256_unpacklo_epi16(upper_ab, upper_cd), digits, sums.group2);
  add(_mm256_unpackhi_epi16(upper_ab, upper_cd), digits, sums.group3);
}

/// Sum >> 22, not yet clipped.
GTSA_VNNI_INLINE __m256i shifted(const DigitSums& sums) {
  const __m256i high = _mm256_add_epi32(_mm256_slli_epi32(sums.d2, 8), sums.d1);
  return _mm256_srai_epi32(_mm256_add_epi32(_mm256_slli_epi32(high, 8), sums.d0), 22);
}

GTSA_VNNI_INLINE void store(const SampleSums& sums, uint8_t* out) {
  const __m256i lower = _mm256_packs_epi32(shifted(sums.group0), shifted(sums.group1));
  const __m256i upper = _mm256_packs_epi32(shifted(sums.group2), shifted(sums.group3));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm256_packus_epi16(lower, upper));
}

/// Inputs and weights of one output row. Rows behind the last input have weight 0.
struct Taps {
  const uint8_t* row;
  ptrdiff_t stride;
  const int8_t *d0, *d1, *d2;
};

/// Samples [x, x + kVnniSamples). With a constant number of quadruples everything but the samples stays in registers
/// from one block to the next.
template <class Quads>
GTSA_VNNI_INLINE void resample_block(const Taps& taps, Quads quads, int64_t x, uint8_t* out) {
  const __m256i zero = _mm256_setzero_si256(), half = _mm256_set1_epi32(1 << 21);
  SampleSums sums{{half, zero, zero}, {half, zero, zero}, {half, zero, zero}, {half, zero, zero}};
  const uint8_t* row = taps.row + x;
  for (int32_t tap = 0; tap < 4 * quads; tap += 4, row += 4 * taps.stride) {
    const Digits digits{repeated_quad(taps.d0 + tap), repeated_quad(taps.d1 + tap), repeated_quad(taps.d2 + tap)};
    add(load(row), load(row + taps.stride), load(row + 2 * taps.stride), load(row + 3 * taps.stride), digits, sums);
  }
  store(sums, out + x);
}

template <class Quads>
GTSA_VNNI_INLINE void resample_row(const Taps& taps, Quads quads, int64_t row_bytes, uint8_t* out) {
  for (int64_t x = 0; x + kVnniSamples <= row_bytes; x += kVnniSamples) resample_block(taps, quads, x, out);
  // The last block overlaps its neighbour.
  if (row_bytes % kVnniSamples != 0) resample_block(taps, quads, row_bytes - kVnniSamples, out);
}

}  // namespace

GTSA_VNNI void resample_columns_vnni(const uint8_t* in, ptrdiff_t in_stride, int64_t row_bytes,
                                     const ResampleAxis& axis, uint8_t* out, ptrdiff_t out_stride) {
  const int64_t outputs = axis.outputs;
  for (int64_t o = 0; o < outputs; ++o, out += out_stride) {
    const auto at = static_cast<size_t>(o);
    const int64_t taken = o * axis.capacity;
    const Taps taps{in + axis.first[at] * in_stride, in_stride, axis.digits[0].data() + taken,
                    axis.digits[1].data() + taken, axis.digits[2].data() + taken};
    const int32_t quads = (axis.count[at] + 3) / 4;
    if (quads == 1) {
      resample_row(taps, std::integral_constant<int32_t, 1>(), row_bytes, out);
    } else if (quads == 2) {
      resample_row(taps, std::integral_constant<int32_t, 2>(), row_bytes, out);
    } else {
      resample_row(taps, quads, row_bytes, out);
    }
  }
}

}  // namespace gtsa::kernels

#else

namespace gtsa::kernels {

void resample_columns_vnni(const uint8_t*, ptrdiff_t, int64_t, const ResampleAxis&, uint8_t*, ptrdiff_t) {
  GTSA_CHECK(false, "vnni_allowed() is false on this processor");
}

}  // namespace gtsa::kernels

#endif
