#pragma once
// Runs a check at every SIMD level that this processor has.

#include <gtest/gtest.h>

#include <string>

#include "core/kernels/simd.h"

namespace gtsa::test {

template <class Check>
void at_every_level(Check check) {
  for (const std::string& level : kernels::simd_levels()) {
    SCOPED_TRACE(level);
    kernels::force_simd_level(level);
    check();
    if (::testing::Test::HasFailure()) break;
  }
  kernels::force_simd_level("");
}

}  // namespace gtsa::test
