#pragma once
// Which instruction set the kernels use. Every kernel has a plain reference and a Highway version compiled for several
// targets; the best one that the processor has is taken at run time. The environment variable GTSA_SIMD=LEVEL (scalar,
// ssse3, sse4, avx2, ...) allows nothing better than LEVEL; "scalar" is the plain reference. Results are the same bits
// at every level, but for what stands between a network's matrix products (activations.h, attention.h, winograd.h): that
// agrees to rounding, as the products themselves do.

#include <string>
#include <string_view>
#include <vector>

namespace gtsa::kernels {

/// Levels that this processor and this build have, from "scalar" to the best. Lower case.
std::vector<std::string> simd_levels();

/// The level in force. The first call reads GTSA_SIMD; throws UsageError if that names no level of simd_levels().
std::string simd_level();

/// Allows nothing better than `level` from now on, in every thread; "" goes back to GTSA_SIMD, or else the best. For
/// tests and benchmarks: not to be called while a kernel runs. Throws UsageError if `level` is none of simd_levels().
void force_simd_level(std::string_view level);

/// True if AVX-512 VNNI may be used besides Highway's target: the level "avx3_vnni", above "avx3". Throws as
/// simd_level() does.
bool vnni_allowed();

/// True if kernels must run their plain reference. Throws as simd_level() does.
bool scalar_forced();

}  // namespace gtsa::kernels
