#pragma once
// The pass of resample.h for x86-64 processors with AVX-512 VNNI (simd.h: vnni_allowed()).

#include "core/kernels/resample.h"

namespace gtsa::kernels {

/// Multiplies four bytes by four 8-bit weights and adds the products in one instruction, so weights come as three
/// digits to the base 256. `row_bytes` >= kVnniSamples.
void resample_columns_vnni(const uint8_t* in, ptrdiff_t in_stride, int64_t row_bytes, const ResampleAxis& axis,
                           uint8_t* out, ptrdiff_t out_stride);

inline constexpr int64_t kVnniSamples = 32;

}  // namespace gtsa::kernels
