#pragma once
// AdamW with per-tensor clipping and the teacher's update in one pass over flat memory (Loshchilov & Hutter, "Decoupled
// weight decay regularization", ICLR 2019, in the arithmetic of torch.optim.AdamW; the teacher is an exponential moving
// average).

#include <cstdint>

namespace gtsa::kernels {

/// Scalars of one tensor's update, formed in double and rounded once.
struct AdamWStep {
  float clip = 1;  ///< factor on the gradient
  float keep = 1;  ///< 1 - lr * weight_decay
  float beta1 = 0.9F;
  float one_minus_beta1 = 0.1F;
  float beta2 = 0.999F;
  float one_minus_beta2 = 0.001F;
  float step_size = 0;   ///< lr / (1 - beta1^t)
  float root_bias2 = 1;  ///< sqrt(1 - beta2^t)
  float eps = 1e-8F;
};

/// teacher = momentum * teacher + one_minus_momentum * student.
struct AverageStep {
  float momentum = 1;
  float one_minus_momentum = 0;
};

/// n elements: g = clip * gradient; value *= keep; m = b1 m + (1-b1) g; v = b2 v + (1-b2) g g;
/// value -= step_size * m / (sqrt(v) / root_bias2 + eps); then, if `teacher` is not null, its average with the new
/// value.
void adamw(float* value, const float* gradient, float* m, float* v, float* teacher, int64_t n, const AdamWStep& step,
           const AverageStep& average);
void adamw_reference(float* value, const float* gradient, float* m, float* v, float* teacher, int64_t n,
                     const AdamWStep& step, const AverageStep& average);

/// The teacher's update alone.
void average(float* teacher, const float* student, int64_t n, const AverageStep& average);

/// Sum of squares in double, in a fixed order (chunks of 4096 elements, eight running sums each): the same bits at
/// every SIMD level. Not finite if an element is not.
double sum_of_squares(const float* values, int64_t n);
double sum_of_squares_reference(const float* values, int64_t n);

}  // namespace gtsa::kernels
