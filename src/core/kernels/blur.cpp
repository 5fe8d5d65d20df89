#include "core/kernels/blur.h"

#include "core/base/error.h"
#include "core/kernels/simd.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/blur.cpp"
#include <hwy/foreach_target.h>
// Last: foreach_target.h decides what it defines.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gtsa::kernels::HWY_NAMESPACE {
#if GTSA_PLAIN_TARGET

void BoxFilter(const uint8_t* const* lines, const BoxWeights& weights, int64_t count, uint8_t* out) {
  reference::box_filter(lines, weights, count, out);
}

#else
namespace hn = hwy::HWY_NAMESPACE;

/// Bytes [at, at + lanes).
template <class D16>
HWY_INLINE void filter_block(D16 d16, const uint8_t* const* lines, const BoxWeights& weights, int64_t at,
                             uint8_t* out) {
  const hn::Repartition<uint32_t, D16> d32;
  const hn::Repartition<int32_t, D16> i32;
  const hn::Repartition<int16_t, D16> i16;
  const hn::Rebind<uint8_t, D16> d8;
  const auto load = [&](int32_t line) HWY_ATTR { return hn::PromoteTo(d16, hn::LoadU(d8, lines[line] + at)); };
  const int32_t last = 2 * weights.radius + 2;
  auto sum = load(1);
  for (int32_t line = 2; line < last; ++line) sum = hn::Add(sum, load(line));
  const auto far = hn::Add(load(0), load(last));
  const auto full = hn::Set(d32, weights.full), edge = hn::Set(d32, weights.edge), half = hn::Set(d32, 1u << 23);
  const auto zero = hn::Zero(d16);
  const auto weigh = [&](auto wide_sum, auto wide_far) HWY_ATTR {
    const auto total = hn::Add(hn::Mul(hn::BitCast(d32, wide_sum), full), hn::Mul(hn::BitCast(d32, wide_far), edge));
    return hn::BitCast(i32, hn::ShiftRight<24>(hn::Add(total, half)));
  };
  const auto low = weigh(hn::InterleaveLower(d16, sum, zero), hn::InterleaveLower(d16, far, zero));
  const auto high = weigh(hn::InterleaveUpper(d16, sum, zero), hn::InterleaveUpper(d16, far, zero));
  hn::StoreU(hn::DemoteTo(d8, hn::ReorderDemote2To(i16, low, high)), d8, out + at);
}

void BoxFilter(const uint8_t* const* lines, const BoxWeights& weights, int64_t count, uint8_t* out) {
  const hn::ScalableTag<uint16_t> d16;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d16));
  constexpr int32_t kLargest = 128;  // 257 * 255 is the largest sum that 16 bits hold
  if (count < lanes || weights.radius > kLargest) return reference::box_filter(lines, weights, count, out);
  for (int64_t at = 0; at + lanes <= count; at += lanes) filter_block(d16, lines, weights, at, out);
  if (count % lanes != 0) filter_block(d16, lines, weights, count - lanes, out);
}

#endif  // GTSA_PLAIN_TARGET
}  // namespace gtsa::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gtsa::kernels {
HWY_EXPORT(BoxFilter);

BoxWeights box_weights(float radius) {
  GTSA_CHECK(radius >= 0 && radius < (1 << 20), "a box has a radius: {}", radius);
  BoxWeights weights;
  weights.radius = static_cast<int32_t>(radius);
  weights.full = static_cast<uint32_t>(static_cast<float>(1u << 24) / (radius * 2 + 1));
  weights.edge = ((1u << 24) - (2 * static_cast<uint32_t>(weights.radius) + 1) * weights.full) / 2;
  return weights;
}

void box_filter(const uint8_t* const* lines, const BoxWeights& weights, int64_t count, uint8_t* out) {
  if (scalar_forced()) return reference::box_filter(lines, weights, count, out);
  HWY_DYNAMIC_DISPATCH(BoxFilter)(lines, weights, count, out);
}

namespace reference {

void box_filter(const uint8_t* const* lines, const BoxWeights& weights, int64_t count, uint8_t* out) {
  const int32_t last = 2 * weights.radius + 2;
  for (int64_t i = 0; i < count; ++i) {
    uint32_t sum = 0;
    for (int32_t line = 1; line < last; ++line) sum += lines[line][i];
    const uint32_t far = uint32_t{lines[0][i]} + lines[last][i];
    out[i] = static_cast<uint8_t>((sum * weights.full + far * weights.edge + (1u << 23)) >> 24);
  }
}

}  // namespace reference
}  // namespace gtsa::kernels
#endif  // HWY_ONCE
