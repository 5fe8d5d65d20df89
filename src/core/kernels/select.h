#pragma once
// The few of many: what a running top-k still has to look at.

#include <cstdint>

namespace gtsa::kernels {

/// Values above `threshold` (a NaN never is), in their order: value j of the selected is values[places[j]]. Returns how
/// many. `places` has room for `count`.
int64_t select_above(const float* values, int64_t count, float threshold, int32_t* places);

namespace reference {
int64_t select_above(const float* values, int64_t count, float threshold, int32_t* places);
}

}  // namespace gtsa::kernels
