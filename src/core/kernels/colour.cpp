#include "core/kernels/colour.h"

#include <algorithm>

#include "core/kernels/simd.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/colour.cpp"
#include <hwy/foreach_target.h>
// Last: foreach_target.h decides what they define.
#include <hwy/highway.h>

#include "core/kernels/divisor-inl.h"

// Multiply and add stay two roundings everywhere: a fused one would differ from the reference.
HWY_BEFORE_NAMESPACE();
namespace gtsa::kernels::HWY_NAMESPACE {
#if GTSA_PLAIN_TARGET

void BlendConstant(uint8_t* values, size_t count, uint8_t constant, float factor) {
  reference::blend_constant(values, count, constant, factor);
}
void BlendLuma(const Channels& rgb, size_t pixels, float factor) { reference::blend_luma(rgb, pixels, factor); }
void ToLuma(const Channels& rgb, size_t pixels) { reference::to_luma(rgb, pixels); }
uint64_t SumLuma(const Channels& rgb, size_t pixels) { return reference::sum_luma(rgb, pixels); }
void ShiftHue(const Channels& rgb, size_t pixels, uint8_t shift) { reference::shift_hue(rgb, pixels, shift); }

#else
namespace hn = hwy::HWY_NAMESPACE;

// Work is done on vectors of 16-bit values, and of 32 bits in two halves: interleaving with `zero` widens within
// blocks, ReorderDemote2To undoes it.
using D16 = hn::ScalableTag<int16_t>;
using D8 = hn::Rebind<uint8_t, D16>;
using D32 = hn::Repartition<int32_t, D16>;
using DF = hn::Repartition<float, D16>;
using V16 = hn::Vec<D16>;
using V32 = hn::Vec<D32>;
using VF = hn::Vec<DF>;

HWY_INLINE V32 widen_lower(V16 v) {
  return hn::ShiftRight<16>(hn::BitCast(D32(), hn::InterleaveLower(D16(), hn::Zero(D16()), v)));
}
HWY_INLINE V32 widen_upper(V16 v) {
  return hn::ShiftRight<16>(hn::BitCast(D32(), hn::InterleaveUpper(D16(), hn::Zero(D16()), v)));
}
HWY_INLINE V16 narrow(V32 lower, V32 upper) { return hn::ReorderDemote2To(D16(), lower, upper); }

struct Rgb {
  V16 r, g, b;
};

HWY_INLINE V16 load(const uint8_t* bytes) { return hn::PromoteTo(D16(), hn::LoadU(D8(), bytes)); }
HWY_INLINE Rgb load(const Channels& rgb, size_t i) {
  return {load(rgb.red + i), load(rgb.green + i), load(rgb.blue + i)};
}

HWY_INLINE void store(V16 v, uint8_t* bytes) { hn::StoreU(hn::DemoteTo(D8(), v), D8(), bytes); }
HWY_INLINE void store(const Rgb& v, const Channels& rgb, size_t i) {
  store(v.r, rgb.red + i);
  store(v.g, rgb.green + i);
  store(v.b, rgb.blue + i);
}

HWY_INLINE Channels behind(const Channels& rgb, size_t i) { return {rgb.red + i, rgb.green + i, rgb.blue + i}; }

/// a * weights, summed over neighbouring pairs.
HWY_INLINE V32 pair_sums(V16 pairs, V32 weights) {
  auto rest = hn::Zero(D32());
  const auto sums = hn::ReorderWidenMulAccumulate(D32(), pairs, hn::BitCast(D16(), weights), hn::Zero(D32()), rest);
  return hn::RearrangeToOddPlusEven(sums, rest);
}

/// 38470 exceeds 16 bits and is 2 * 19235: (R, G) gets (19595, 19235), (G, B) gets (19235, 7471).
HWY_INLINE V16 luma(const Rgb& v) {
  const auto red_green = hn::Set(D32(), 19595 | 19235 << 16), green_blue = hn::Set(D32(), 19235 | 7471 << 16);
  const auto half = hn::Set(D32(), 32768);
  const auto lower = hn::Add(pair_sums(hn::InterleaveLower(D16(), v.r, v.g), red_green),
                             pair_sums(hn::InterleaveLower(D16(), v.g, v.b), green_blue));
  const auto upper = hn::Add(pair_sums(hn::InterleaveUpper(D16(), v.r, v.g), red_green),
                             pair_sums(hn::InterleaveUpper(D16(), v.g, v.b), green_blue));
  return narrow(hn::ShiftRight<16>(hn::Add(lower, half)), hn::ShiftRight<16>(hn::Add(upper, half)));
}

HWY_INLINE V32 blend(V32 from, V32 difference, VF factor) {
  // Narrowing clips; ConvertTo clips what exceeds 32 bits.
  return hn::ConvertTo(D32(), hn::Add(hn::ConvertTo(DF(), from), hn::Mul(factor, hn::ConvertTo(DF(), difference))));
}

HWY_INLINE V16 blend(V16 from, V16 to, VF factor) {
  const auto difference = hn::Sub(to, from);
  return narrow(blend(widen_lower(from), widen_lower(difference), factor),
                blend(widen_upper(from), widen_upper(difference), factor));
}

void BlendConstant(uint8_t* values, size_t count, uint8_t constant, float factor) {
  const size_t lanes = hn::Lanes(D16());
  const auto from = hn::Set(D16(), constant);
  const auto by = hn::Set(DF(), factor);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) store(blend(from, load(values + i), by), values + i);
  reference::blend_constant(values + i, count - i, constant, factor);
}

void BlendLuma(const Channels& rgb, size_t pixels, float factor) {
  const size_t lanes = hn::Lanes(D16());
  const auto by = hn::Set(DF(), factor);
  size_t i = 0;
  for (; i + lanes <= pixels; i += lanes) {
    const Rgb v = load(rgb, i);
    const V16 grey = luma(v);
    store({blend(grey, v.r, by), blend(grey, v.g, by), blend(grey, v.b, by)}, rgb, i);
  }
  reference::blend_luma(behind(rgb, i), pixels - i, factor);
}

void ToLuma(const Channels& rgb, size_t pixels) {
  const size_t lanes = hn::Lanes(D16());
  size_t i = 0;
  for (; i + lanes <= pixels; i += lanes) {
    const V16 grey = luma(load(rgb, i));
    store({grey, grey, grey}, rgb, i);
  }
  reference::to_luma(behind(rgb, i), pixels - i);
}

uint64_t SumLuma(const Channels& rgb, size_t pixels) {
  const size_t lanes = hn::Lanes(D16());
  const size_t block = lanes << 16;  // the sum of all its lumas fits 32 bits
  uint64_t sum = 0;
  size_t i = 0;
  while (i + lanes <= pixels) {
    auto sums = hn::Zero(D32());
    for (const size_t end = std::min(pixels, i + block); i + lanes <= end; i += lanes) {
      const V16 grey = luma(load(rgb, i));
      sums = hn::Add(sums, hn::Add(widen_lower(grey), widen_upper(grey)));
    }
    sum += static_cast<uint32_t>(hn::GetLane(hn::SumOfLanes(D32(), sums)));
  }
  return sum + reference::sum_luma(behind(rgb, i), pixels - i);
}

/// floor(255 * x) for x in [0, 1], exactly: 255 x = 256 x - x, and 256 x has no rounding.
HWY_INLINE V32 floor_255(VF x) {
  const auto scaled = hn::Mul(x, hn::Set(DF(), 256.0f));
  const auto whole = hn::ConvertTo(D32(), scaled);
  const auto less = hn::Lt(hn::Sub(scaled, hn::ConvertTo(DF(), whole)), x);
  return hn::Add(whole, hn::BitCast(D32(), hn::VecFromMask(DF(), less)));
}

struct Hsv {
  V16 hue, saturation, value;
};

/// Hue and saturation of half the pixels: sector + signed_part / range is six times the hue. Where a quotient is 0 / 0
/// the pixel is grey or black, and what comes of it counts for nothing.
struct HueAndSaturation {
  V32 hue, saturation;
  HWY_INLINE HueAndSaturation(V32 sector, V32 signed_part, V32 range, V32 largest) {
    const auto to_float = [](V32 v) HWY_ATTR { return hn::ConvertTo(DF(), v); };
    const VF whole_range = to_float(range);
    const VF sixths = hn::Add(to_float(sector), hn::Div(to_float(signed_part), whole_range));
    const VF turns = Divisor(6.0f).divide(sixths);
    const auto negative = hn::Lt(turns, hn::Zero(DF()));
    hue = floor_255(hn::IfThenElse(negative, hn::Add(turns, hn::Set(DF(), 1.0f)), turns));
    saturation = floor_255(hn::Div(whole_range, to_float(largest)));
  }
};

/// Of the original's rc, gc, bc one is 0 and one is 1, so six times the hue is a whole number plus or minus the third:
/// one rounding, as when the original rounds its double sum to float32.
HWY_INLINE Hsv to_hsv(const Rgb& v) {
  const D16 d;
  const auto constant = [d](int16_t value) HWY_ATTR { return hn::Set(d, value); };
  const V16 largest = hn::Max(hn::Max(v.r, v.g), v.b), smallest = hn::Min(hn::Min(v.r, v.g), v.b);
  const V16 middle = hn::Sub(hn::Add(hn::Add(v.r, v.g), v.b), hn::Add(largest, smallest));
  const V16 range = hn::Sub(largest, smallest), part = hn::Sub(largest, middle), minus = hn::Sub(middle, largest);
  const auto red_most = hn::Eq(v.r, largest), green_most = hn::Eq(v.g, largest);
  const auto red_least = hn::Eq(v.r, smallest), blue_least = hn::Eq(v.b, smallest);
  const auto choose = [&](V16 red_blue, V16 red_green, V16 green_red, V16 green_blue, V16 blue_red, V16 blue_green)
                          HWY_ATTR {
                            const V16 green = hn::IfThenElse(red_least, green_red, green_blue);
                            const V16 blue = hn::IfThenElse(red_least, blue_red, blue_green);
                            return hn::IfThenElse(red_most, hn::IfThenElse(blue_least, red_blue, red_green),
                                                  hn::IfThenElse(green_most, green, blue));
                          };
  const V16 sector = choose(constant(1), constant(-1), constant(3), constant(1), constant(3), constant(5));
  const V16 signed_part = choose(minus, part, minus, part, part, minus);
  const HueAndSaturation lower(widen_lower(sector), widen_lower(signed_part), widen_lower(range), widen_lower(largest));
  const HueAndSaturation upper(widen_upper(sector), widen_upper(signed_part), widen_upper(range), widen_upper(largest));
  return {narrow(lower.hue, upper.hue), narrow(lower.saturation, upper.saturation), largest};
}

/// round(value * part / 65025) for 16-bit halves of integers: adding 1.5 * 2^23 leaves the rounded number in the lowest
/// bits. The original's floating-point formula gives the same byte for all 2^24 (H, S, V).
HWY_INLINE V32 scale_65025(VF value, V32 part) {
  const VF scaled = hn::Mul(hn::Mul(value, hn::ConvertTo(DF(), part)), hn::Set(DF(), 1.0f / 65025.0f));
  const VF rounded = hn::Add(scaled, hn::Set(DF(), 12582912.0f));
  return hn::And(hn::BitCast(D32(), rounded), hn::Set(D32(), 255));
}

/// Unsigned 16 bits to 32.
HWY_INLINE V32 zero_extended_lower(V16 v) { return hn::BitCast(D32(), hn::InterleaveLower(D16(), v, hn::Zero(D16()))); }
HWY_INLINE V32 zero_extended_upper(V16 v) { return hn::BitCast(D32(), hn::InterleaveUpper(D16(), v, hn::Zero(D16()))); }

/// With k the hue's distance from a channel's own place on the circle, a sixth of it being 255, the channel is
/// V (1 - S m) with m = min(k, 4 * 255 - k) within 0..255 (Smith, "Color gamut transform pairs", SIGGRAPH 1978, without
/// its case for each sixth).
HWY_INLINE Rgb to_rgb(const Hsv& v) {
  const D16 d;
  const hn::RebindToUnsigned<D16> unsigned16;
  const V16 scaled = hn::Mul(v.hue, hn::Set(d, 6));
  const VF value_lower = hn::ConvertTo(DF(), zero_extended_lower(v.value));
  const VF value_upper = hn::ConvertTo(DF(), zero_extended_upper(v.value));
  const auto channel = [&](int16_t place) HWY_ATTR {
    const V16 ahead = hn::Add(scaled, hn::Set(d, place)), wrapped = hn::Sub(ahead, hn::Set(d, 6 * 255));
    const V16 k = hn::BitCast(d, hn::Min(hn::BitCast(unsigned16, ahead), hn::BitCast(unsigned16, wrapped)));
    const V16 slope = hn::Min(hn::Min(k, hn::Sub(hn::Set(d, 4 * 255), k)), hn::Set(d, 255));
    const V16 less = hn::Mul(v.saturation, hn::Max(slope, hn::Zero(d)));
    const V16 part = hn::Sub(hn::Set(d, static_cast<int16_t>(65025)), less);  // of 16 bits without sign
    return narrow(scale_65025(value_lower, zero_extended_lower(part)),
                  scale_65025(value_upper, zero_extended_upper(part)));
  };
  return {channel(5 * 255), channel(3 * 255), channel(1 * 255)};
}

void ShiftHue(const Channels& rgb, size_t pixels, uint8_t shift) {
  const size_t lanes = hn::Lanes(D16());
  const auto by = hn::Set(D16(), shift), circle = hn::Set(D16(), 255);
  size_t i = 0;
  for (; i + lanes <= pixels; i += lanes) {
    Hsv hsv = to_hsv(load(rgb, i));
    hsv.hue = hn::And(hn::Add(hsv.hue, by), circle);
    store(to_rgb(hsv), rgb, i);
  }
  reference::shift_hue(behind(rgb, i), pixels - i, shift);
}

#endif  // GTSA_PLAIN_TARGET
}  // namespace gtsa::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gtsa::kernels {
HWY_EXPORT(BlendConstant);
HWY_EXPORT(BlendLuma);
HWY_EXPORT(ToLuma);
HWY_EXPORT(SumLuma);
HWY_EXPORT(ShiftHue);

void blend_constant(uint8_t* values, size_t count, uint8_t constant, float factor) {
  if (scalar_forced()) return reference::blend_constant(values, count, constant, factor);
  HWY_DYNAMIC_DISPATCH(BlendConstant)(values, count, constant, factor);
}

void blend_luma(const Channels& rgb, size_t pixels, float factor) {
  if (scalar_forced()) return reference::blend_luma(rgb, pixels, factor);
  HWY_DYNAMIC_DISPATCH(BlendLuma)(rgb, pixels, factor);
}

void to_luma(const Channels& rgb, size_t pixels) {
  if (scalar_forced()) return reference::to_luma(rgb, pixels);
  HWY_DYNAMIC_DISPATCH(ToLuma)(rgb, pixels);
}

uint64_t sum_luma(const Channels& rgb, size_t pixels) {
  if (scalar_forced()) return reference::sum_luma(rgb, pixels);
  return HWY_DYNAMIC_DISPATCH(SumLuma)(rgb, pixels);
}

void shift_hue(const Channels& rgb, size_t pixels, uint8_t shift) {
  if (scalar_forced()) return reference::shift_hue(rgb, pixels, shift);
  HWY_DYNAMIC_DISPATCH(ShiftHue)(rgb, pixels, shift);
}

}  // namespace gtsa::kernels
#endif  // HWY_ONCE
