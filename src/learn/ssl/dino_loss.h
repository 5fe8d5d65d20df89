#pragma once
// DINO's loss: cross-entropy between the teacher's sharpened, centred distribution over prototypes and the student's.

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace gtsa::ssl {

inline constexpr double kDinoStudentTemperature = 0.1;
/// The centre's share of itself a step.
inline constexpr double kDinoCentreMomentum = 0.9;

/// softmax((logits - centre) / temperature) of the teacher's logits [G * B, K], centre [1, K].
at::Tensor dino_targets(const at::Tensor& teacher_logits, const at::Tensor& centre, double temperature);

/// Sum over the pairs of a teacher's global view and a student's view of another number of the mean over photographs of
/// -sum_k q log p. targets [G * B, K] and student_logits [V * B, K] are view-major; the student's views are numbers
/// first_view .. first_view + V, so local ones are paired with every global one.
at::Tensor dino_pair_losses(const at::Tensor& targets, const at::Tensor& student_logits, int64_t photographs,
                            int64_t first_view);

/// Mean of the teacher's logits of a step, folded into the centre when the step is done.
at::Tensor next_dino_centre(const at::Tensor& centre, const at::Tensor& mean_logits);

}  // namespace gtsa::ssl
