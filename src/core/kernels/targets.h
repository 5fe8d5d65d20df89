#pragma once
// Highway targets that the kernels are compiled for; to be included before any Highway header. Vectors of a length
// unknown at compile time (SVE, RISC-V) are left out: kernels count on blocks of 128 bits. ARM runs NEON.

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)

/// True while a baseline without vectors that serve (x86-64 before SSSE3) is compiled: it runs the plain reference.
#define GTSA_PLAIN_TARGET (HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128)
