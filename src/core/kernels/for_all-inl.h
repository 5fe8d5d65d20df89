// Included once for every Highway target, after highway.h.

#if defined(GTSA_KERNELS_FOR_ALL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GTSA_KERNELS_FOR_ALL_INL_H
#undef GTSA_KERNELS_FOR_ALL_INL_H
#else
#define GTSA_KERNELS_FOR_ALL_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace gtsa::kernels::HWY_NAMESPACE {

/// Calls part(d, at) for all of [0, n): whole vectors of float first, then one by one.
template <class Part>
HWY_INLINE void ForAll(int64_t n, const Part& part) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) part(d, i);
  for (; i < n; ++i) part(one, i);
}

}  // namespace gtsa::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
