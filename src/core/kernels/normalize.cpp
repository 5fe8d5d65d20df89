#include "core/kernels/normalize.h"

#include "core/kernels/simd.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/normalize.cpp"
#include <hwy/foreach_target.h>
// Last: foreach_target.h decides what they define.
#include <hwy/highway.h>

#include "core/kernels/divisor-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gtsa::kernels::HWY_NAMESPACE {
#if GTSA_PLAIN_TARGET

void Normalize(const uint8_t* in, int64_t count, bool reversed, float mean, float std, float* out) {
  reference::normalize(in, count, reversed, mean, std, out);
}

#else
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using D8 = hn::Rebind<uint8_t, D>;
using V = hn::Vec<D>;

void Normalize(const uint8_t* in, int64_t count, bool reversed, float mean, float std, float* out) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const Divisor largest(255.0f), deviation(std);
  const V centre = hn::Set(d, mean);
  const auto normalized = [&](const uint8_t* bytes) HWY_ATTR {
    const V x = hn::ConvertTo(d, hn::PromoteTo(hn::RebindToSigned<D>(), hn::LoadU(D8(), bytes)));
    return deviation.divide(hn::Sub(largest.divide(x), centre));
  };
  int64_t i = 0;
  if (reversed) {
    for (; i + lanes <= count; i += lanes) {
      hn::StoreU(hn::Reverse(d, normalized(in + count - i - lanes)), d, out + i);
    }
    return reference::normalize(in, count - i, reversed, mean, std, out + i);
  }
  for (; i + lanes <= count; i += lanes) hn::StoreU(normalized(in + i), d, out + i);
  reference::normalize(in + i, count - i, reversed, mean, std, out + i);
}

#endif  // GTSA_PLAIN_TARGET
}  // namespace gtsa::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gtsa::kernels {
HWY_EXPORT(Normalize);

void normalize(const uint8_t* in, int64_t count, bool reversed, float mean, float std, float* out) {
  if (scalar_forced()) return reference::normalize(in, count, reversed, mean, std, out);
  HWY_DYNAMIC_DISPATCH(Normalize)(in, count, reversed, mean, std, out);
}

namespace reference {

void normalize(const uint8_t* in, int64_t count, bool reversed, float mean, float std, float* out) {
  for (int64_t i = 0; i < count; ++i) {
    out[i] = (static_cast<float>(in[reversed ? count - 1 - i : i]) / 255.0f - mean) / std;
  }
}

}  // namespace reference
}  // namespace gtsa::kernels
#endif  // HWY_ONCE
