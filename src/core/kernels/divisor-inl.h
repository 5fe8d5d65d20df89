// Included once for every Highway target, after highway.h.

#if defined(GTSA_KERNELS_DIVISOR_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GTSA_KERNELS_DIVISOR_INL_H
#undef GTSA_KERNELS_DIVISOR_INL_H
#else
#define GTSA_KERNELS_DIVISOR_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace gtsa::kernels::HWY_NAMESPACE {

/// Division of float32 by a constant, rounded correctly. Neither the constant nor a quotient is subnormal.
class Divisor {
  using D = hwy::HWY_NAMESPACE::ScalableTag<float>;
  using V = hwy::HWY_NAMESPACE::Vec<D>;

 public:
  explicit HWY_INLINE Divisor(float value)
      : value_(hwy::HWY_NAMESPACE::Set(D(), value)), reciprocal_(hwy::HWY_NAMESPACE::Set(D(), 1.0f / value)) {}

  HWY_INLINE V divide(V x) const {
    namespace hn = hwy::HWY_NAMESPACE;
#if HWY_NATIVE_FMA
    // Markstein ("Computation of elementary functions on the IBM RISC System/6000 processor", 1990): one Newton step
    // from the product with the rounded reciprocal gives the rounded quotient.
    const V quotient = hn::Mul(x, reciprocal_);
    return hn::MulAdd(hn::NegMulAdd(value_, quotient, x), reciprocal_, quotient);
#else
    return hn::Div(x, value_);
#endif
  }

 private:
  V value_, reciprocal_;
};

}  // namespace gtsa::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
