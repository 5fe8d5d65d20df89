#include "learn/ssl/dino_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/softmax.h>

namespace gtsa::ssl {

at::Tensor dino_targets(const at::Tensor& teacher_logits, const at::Tensor& centre, double temperature) {
  return at::softmax((teacher_logits - centre) / temperature, -1);
}

at::Tensor dino_pair_losses(const at::Tensor& targets, const at::Tensor& student_logits, int64_t photographs,
                            int64_t first_view) {
  const int64_t teachers = targets.size(0) / photographs, students = student_logits.size(0) / photographs;
  const at::Tensor log_p = at::log_softmax(student_logits / kDinoStudentTemperature, -1)
                               .view({students, photographs, student_logits.size(1)});
  const at::Tensor q = targets.view({teachers, photographs, targets.size(1)});
  // One product a student's view: the targets of all its teachers are added up first.
  const at::Tensor all = q.sum(0);
  at::Tensor total;
  for (int64_t v = 0; v < students; ++v) {
    const int64_t number = first_view + v;
    const at::Tensor wanted = number < teachers ? all - q[number] : all;
    const at::Tensor loss = -(wanted * log_p[v]).sum() / static_cast<double>(photographs);
    total = total.defined() ? total + loss : loss;
  }
  return total;
}

at::Tensor next_dino_centre(const at::Tensor& centre, const at::Tensor& mean_logits) {
  return centre * kDinoCentreMomentum + mean_logits * (1 - kDinoCentreMomentum);
}

}  // namespace gtsa::ssl
