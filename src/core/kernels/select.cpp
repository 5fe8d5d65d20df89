#include "core/kernels/select.h"

#include <bit>
#include <cstring>

#include "core/kernels/simd.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/select.cpp"
#include <hwy/foreach_target.h>
// Last: foreach_target.h decides what they define.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gtsa::kernels::HWY_NAMESPACE {
#if GTSA_PLAIN_TARGET

int64_t SelectAbove(const float* values, int64_t count, float threshold, int32_t* places) {
  return reference::select_above(values, count, threshold, places);
}

#else
namespace hn = hwy::HWY_NAMESPACE;

int64_t SelectAbove(const float* values, int64_t count, float threshold, int32_t* places) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto limit = hn::Set(d, threshold);
  const auto above = [&](int64_t i) HWY_ATTR { return hn::Gt(hn::LoadU(d, values + i), limit); };
  // Bit by bit: few are found at a time, and compressing stores are slow on some processors.
  const auto take = [&](int64_t i, int64_t selected, auto mask) HWY_ATTR {
    uint8_t bytes[8] = {};
    hn::StoreMaskBits(d, mask, bytes);
    uint64_t bits = 0;
    std::memcpy(&bits, bytes, sizeof(bits));
    for (; bits != 0; bits &= bits - 1) {
      places[selected++] = static_cast<int32_t>(i + std::countr_zero(bits));
    }
    return selected;
  };
  int64_t i = 0, selected = 0;
  // Four vectors a test: nearly always nothing is found, and the test is what costs.
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    const auto m0 = above(i), m1 = above(i + lanes), m2 = above(i + 2 * lanes), m3 = above(i + 3 * lanes);
    if (HWY_LIKELY(hn::AllFalse(d, hn::Or(hn::Or(m0, m1), hn::Or(m2, m3))))) continue;
    selected = take(i, selected, m0);
    selected = take(i + lanes, selected, m1);
    selected = take(i + 2 * lanes, selected, m2);
    selected = take(i + 3 * lanes, selected, m3);
  }
  for (; i < count; ++i) {
    if (values[i] > threshold) places[selected++] = static_cast<int32_t>(i);
  }
  return selected;
}

#endif  // GTSA_PLAIN_TARGET
}  // namespace gtsa::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gtsa::kernels {
HWY_EXPORT(SelectAbove);

int64_t select_above(const float* values, int64_t count, float threshold, int32_t* places) {
  if (scalar_forced()) return reference::select_above(values, count, threshold, places);
  return HWY_DYNAMIC_DISPATCH(SelectAbove)(values, count, threshold, places);
}

namespace reference {

int64_t select_above(const float* values, int64_t count, float threshold, int32_t* places) {
  int64_t selected = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (values[i] > threshold) places[selected++] = static_cast<int32_t>(i);
  }
  return selected;
}

}  // namespace reference
}  // namespace gtsa::kernels
#endif  // HWY_ONCE
