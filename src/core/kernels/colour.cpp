#include "core/kernels/colour.h"

#include <algorithm>

#include "core/kernels/simd.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/colour.cpp"
#include <hwy/foreach_target.h>
// Last: foreach_target.h decides what it defines.
#include <hwy/highway.h>

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

/// round(value * part / 65025) for integers: the original's floating-point formula gives the same byte for all 2^24 (H,
/// S, V).
HWY_INLINE V32 scale_65025(V32 value, V32 part) {
  const auto product = hn::Add(hn::Mul(value, part), hn::Set(D32(), 32512));
  return hn::ConvertTo(D32(), hn::Mul(hn::ConvertTo(DF(), product), hn::Set(DF(), 1.0f / 65025.0f)));
}

struct Rgb32 {
  V32 r, g, b;
};

struct Hsv {
  V32 hue, saturation, value;
};

/// Of rc, gc, bc one is 0 and one is 1, so the hue is a whole number plus or minus the third, `part`: one rounding, as
/// when the original rounds its double sum to float32. Grey needs no case of its own: saturation is 0.
HWY_INLINE Hsv to_hsv(const Rgb32& v) {
  const auto one = hn::Set(D32(), 1);
  const auto largest = hn::Max(hn::Max(v.r, v.g), v.b), smallest = hn::Min(hn::Min(v.r, v.g), v.b);
  const auto middle = hn::Sub(hn::Add(hn::Add(v.r, v.g), v.b), hn::Add(largest, smallest));
  const auto range = hn::Sub(largest, smallest);
  const auto part = hn::Div(hn::ConvertTo(DF(), hn::Sub(largest, middle)), hn::ConvertTo(DF(), hn::Max(range, one)));
  const auto saturation = hn::Div(hn::ConvertTo(DF(), range), hn::ConvertTo(DF(), hn::Max(largest, one)));
  const auto constant = [](float value) HWY_ATTR { return hn::Set(DF(), value); };
  const auto is = [](V32 a, V32 b) HWY_ATTR { return hn::RebindMask(DF(), hn::Eq(a, b)); };
  const auto red_least = is(v.r, smallest);
  const auto red = hn::IfThenElse(is(v.b, smallest), hn::Sub(constant(1), part), hn::Sub(part, constant(1)));
  const auto green = hn::IfThenElse(red_least, hn::Sub(constant(3), part), hn::Add(part, constant(1)));
  const auto blue = hn::IfThenElse(red_least, hn::Add(part, constant(3)), hn::Sub(constant(5), part));
  const auto sector = hn::IfThenElse(is(v.r, largest), red, hn::IfThenElse(is(v.g, largest), green, blue));
  const auto sixth = hn::Div(sector, constant(6));
  const auto hue = hn::IfThenElse(hn::Lt(sixth, constant(0)), hn::Add(sixth, constant(1)), sixth);
  return {floor_255(hue), floor_255(saturation), largest};
}

HWY_INLINE Rgb32 to_rgb(const Hsv& v) {
  const auto constant = [](int32_t value) HWY_ATTR { return hn::Set(D32(), value); };
  const auto is = [&](V32 a, int32_t b) HWY_ATTR { return hn::Eq(a, hn::Set(D32(), b)); };
  const auto scaled = hn::Mul(v.hue, constant(6));
  const auto sector =
      hn::ShiftRight<8>(hn::Add(hn::Add(scaled, constant(1)), hn::ShiftRight<8>(scaled)));  // scaled / 255
  const auto fraction = hn::Sub(scaled, hn::Mul(sector, constant(255)));
  const auto odd = hn::Ne(hn::And(sector, constant(1)), constant(0));
  const auto slope =
      hn::IfThenElse(odd, fraction, hn::Sub(constant(255), fraction));  // q in odd sectors, t in even ones
  const auto all = constant(65025);
  const auto least = scale_65025(v.value, hn::Sub(all, hn::Mul(v.saturation, constant(255))));
  const auto middle = scale_65025(v.value, hn::Sub(all, hn::Mul(v.saturation, slope)));
  const auto s1 = is(sector, 1), s2 = is(sector, 2), s3 = is(sector, 3), s4 = is(sector, 4), s5 = is(sector, 5);
  const auto s0 = hn::Or(is(sector, 0), is(sector, 6));
  const auto pick = [&](auto most_mask, auto middle_mask) HWY_ATTR {
    return hn::IfThenElse(most_mask, v.value, hn::IfThenElse(middle_mask, middle, least));
  };
  return {pick(hn::Or(s0, s5), hn::Or(s1, s4)), pick(hn::Or(s1, s2), hn::Or(s0, s3)),
          pick(hn::Or(s3, s4), hn::Or(s2, s5))};
}

HWY_INLINE Rgb32 shifted(const Rgb32& v, V32 shift) {
  Hsv hsv = to_hsv(v);
  hsv.hue = hn::And(hn::Add(hsv.hue, shift), hn::Set(D32(), 255));
  return to_rgb(hsv);
}

void ShiftHue(const Channels& rgb, size_t pixels, uint8_t shift) {
  const size_t lanes = hn::Lanes(D16());
  const auto by = hn::Set(D32(), shift);
  size_t i = 0;
  for (; i + lanes <= pixels; i += lanes) {
    const Rgb v = load(rgb, i);
    const Rgb32 lower = shifted({widen_lower(v.r), widen_lower(v.g), widen_lower(v.b)}, by);
    const Rgb32 upper = shifted({widen_upper(v.r), widen_upper(v.g), widen_upper(v.b)}, by);
    store({narrow(lower.r, upper.r), narrow(lower.g, upper.g), narrow(lower.b, upper.b)}, rgb, i);
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
