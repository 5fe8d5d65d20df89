#pragma once
// Normal numbers for the kernels' tests.

#include <cstdint>
#include <vector>

#include "core/base/rng.h"

namespace gtsa::test {

/// `n` of them, other ones for each `sample`.
inline std::vector<float> numbers(int64_t n, uint64_t sample, float deviation = 1) {
  Rng rng({7, 0, sample, 0, Purpose::test});
  std::vector<float> values(static_cast<size_t>(n));
  for (float& value : values) value = deviation * static_cast<float>(rng.normal());
  return values;
}

}  // namespace gtsa::test
