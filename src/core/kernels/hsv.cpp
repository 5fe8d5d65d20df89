#include "core/kernels/hsv.h"

#include "core/kernels/simd.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/hsv.cpp"
#include <hwy/foreach_target.h>
// Last: foreach_target.h decides what they define.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gtsa::kernels::HWY_NAMESPACE {
#if GTSA_PLAIN_TARGET

void RgbToHsv(const Channels& planes, int64_t pixels) { reference::rgb_to_hsv(planes, pixels); }
void HsvToRgb(const Channels& planes, int64_t pixels, bool truncate) {
  reference::hsv_to_rgb(planes, pixels, truncate);
}

#else
namespace hn = hwy::HWY_NAMESPACE;
using D32 = hn::ScalableTag<int32_t>;
using DF = hn::ScalableTag<float>;
using D8 = hn::Rebind<uint8_t, D32>;
using V32 = hn::Vec<D32>;
using VF = hn::Vec<DF>;

HWY_INLINE V32 load(const uint8_t* bytes) { return hn::PromoteTo(D32(), hn::LoadU(D8(), bytes)); }
HWY_INLINE void store(V32 v, uint8_t* bytes) { hn::StoreU(hn::DemoteTo(D8(), v), D8(), bytes); }
HWY_INLINE Channels behind(const Channels& planes, int64_t i) {
  return {planes.red + i, planes.green + i, planes.blue + i};
}

/// value * rint(whole / divisor) with 12 bits behind the point, rounded. The reference reads rint(whole / divisor) from
/// a table; the float32 quotient rounds to the same number for every divisor there is, and `value` is 0 where the
/// divisor is.
HWY_INLINE V32 scaled(V32 value, float whole, V32 divisor) {
  const VF least_one = hn::ConvertTo(DF(), hn::Max(divisor, hn::Set(D32(), 1)));
  const V32 quotient = hn::NearestInt(hn::Div(hn::Set(DF(), whole), least_one));
  return hn::ShiftRight<12>(hn::Add(hn::Mul(value, quotient), hn::Set(D32(), 1 << 11)));
}

void RgbToHsv(const Channels& planes, int64_t pixels) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(D32()));
  int64_t i = 0;
  for (; i + lanes <= pixels; i += lanes) {
    const V32 r = load(planes.red + i), g = load(planes.green + i), b = load(planes.blue + i);
    const V32 value = hn::Max(hn::Max(r, g), b), range = hn::Sub(value, hn::Min(hn::Min(r, g), b));
    const V32 twice = hn::Add(range, range);
    const V32 of_green = hn::Add(hn::Sub(b, r), twice), of_blue = hn::Add(hn::Sub(r, g), hn::Add(twice, twice));
    const V32 sixths =
        hn::IfThenElse(hn::Eq(value, r), hn::Sub(g, b), hn::IfThenElse(hn::Eq(value, g), of_green, of_blue));
    const V32 hue = scaled(sixths, (180 << 12) / 6, range);
    store(hn::Add(hue, hn::And(hn::BroadcastSignBit(hue), hn::Set(D32(), 180))), planes.red + i);
    store(scaled(range, 255 << 12, value), planes.green + i);
    store(value, planes.blue + i);
  }
  reference::rgb_to_hsv(behind(planes, i), pixels - i);
}

#if HWY_NATIVE_FMA

/// A channel is v (1 - s m), where m says how far the hue is from the channel's own: 0, 1, the hue's fraction f of its
/// sector or 1 - f.
template <bool kTruncate>
HWY_INLINE V32 channel(VF value, VF saturation, VF m) {
  const VF share = hn::Mul(value, hn::NegMulAdd(saturation, m, hn::Set(DF(), 1.0F)));
  const VF level = hn::Mul(share, hn::Set(DF(), 255.0F));
  return kTruncate ? hn::ConvertTo(D32(), level) : hn::NearestInt(level);
}

template <bool kTruncate>
HWY_INLINE int64_t ToRgb(const Channels& planes, int64_t pixels) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(D32()));
  const VF zero = hn::Zero(DF()), one = hn::Set(DF(), 1.0F), level = hn::Set(DF(), 1.0F / 255.0F);
  int64_t i = 0;
  for (; i + lanes <= pixels; i += lanes) {
    const VF hue = hn::Mul(hn::ConvertTo(DF(), load(planes.red + i)), hn::Set(DF(), 6.0F / 180.0F));
    const VF saturation = hn::Mul(hn::ConvertTo(DF(), load(planes.green + i)), level);
    const VF value = hn::Mul(hn::ConvertTo(DF(), load(planes.blue + i)), level);
    const V32 whole = hn::ConvertTo(D32(), hue);
    const VF f = hn::Sub(hue, hn::ConvertTo(DF(), whole)), rest = hn::Sub(one, f);
    // Bytes are below 9 sectors.
    const V32 sector = hn::Sub(whole, hn::IfThenElseZero(hn::Gt(whole, hn::Set(D32(), 5)), hn::Set(D32(), 6)));
    const auto in = [&](int32_t k) HWY_ATTR { return hn::RebindMask(DF(), hn::Eq(sector, hn::Set(D32(), k))); };
    const auto m0 = in(0), m1 = in(1), m2 = in(2), m3 = in(3), m4 = in(4), m5 = in(5);
    const auto choose = [&](auto is_zero, auto is_zero_too, auto is_fraction, auto is_rest) HWY_ATTR {
      const VF others = hn::IfThenElse(is_fraction, f, hn::IfThenElse(is_rest, rest, one));
      return hn::IfThenElse(hn::Or(is_zero, is_zero_too), zero, others);
    };
    store(channel<kTruncate>(value, saturation, choose(m0, m5, m1, m4)), planes.red + i);
    store(channel<kTruncate>(value, saturation, choose(m1, m2, m3, m0)), planes.green + i);
    store(channel<kTruncate>(value, saturation, choose(m3, m4, m5, m2)), planes.blue + i);
  }
  return i;
}

void HsvToRgb(const Channels& planes, int64_t pixels, bool truncate) {
  const int64_t done = truncate ? ToRgb<true>(planes, pixels) : ToRgb<false>(planes, pixels);
  reference::hsv_to_rgb(behind(planes, done), pixels - done, truncate);
}

#else

void HsvToRgb(const Channels& planes, int64_t pixels, bool truncate) {
  reference::hsv_to_rgb(planes, pixels, truncate);
}

#endif  // HWY_NATIVE_FMA

#endif  // GTSA_PLAIN_TARGET
}  // namespace gtsa::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gtsa::kernels {
HWY_EXPORT(RgbToHsv);
HWY_EXPORT(HsvToRgb);

void rgb_to_hsv(const Channels& planes, int64_t pixels) {
  if (scalar_forced()) return reference::rgb_to_hsv(planes, pixels);
  HWY_DYNAMIC_DISPATCH(RgbToHsv)(planes, pixels);
}

void hsv_to_rgb(const Channels& planes, int64_t pixels, bool truncate) {
  if (scalar_forced()) return reference::hsv_to_rgb(planes, pixels, truncate);
  HWY_DYNAMIC_DISPATCH(HsvToRgb)(planes, pixels, truncate);
}

}  // namespace gtsa::kernels
#endif  // HWY_ONCE
