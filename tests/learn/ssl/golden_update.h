#pragma once
// The optimiser's part of a recorded step: clipping, AdamW and the teacher's average, from given gradients.

#include <ATen/TensorOperators.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include "learn/ssl/golden_step.h"
#include "learn/ssl/gtsa_task.h"
#include "learn/train/optimizer.h"
#include "support/golden_torch.h"

namespace gtsa::test {

inline data::MultiCropOptions samples_of(const ssl::GtsaOptions& o) {
  data::MultiCropOptions samples;
  samples.views.crop_sizes = {o.global.size, o.local.size};
  samples.views.num_crops = {o.global.count, o.local.count};
  return samples;
}

/// 1 where the gradient is more than rounding noise: the key rows of qkv biases are left out.
inline at::Tensor counted(const Golden& golden, const std::string& name, const at::Tensor& like) {
  at::Tensor mask = at::ones_like(like);
  const auto& rows = golden.json().at("key_bias_rows_without_gradient");
  std::string student = name;
  if (student.starts_with("momentum_")) student.replace(0, 9, "base_");
  if (rows.contains(student))
    mask.slice(0, rows.at(student).at(0).get<int64_t>(), rows.at(student).at(1).get<int64_t>()).zero_();
  return mask;
}

/// The recorded gradients as a flat buffer of the student's layout.
inline at::Tensor recorded_gradients(const Golden& golden, const nn::Flat& student) {
  at::Tensor flat = at::zeros_like(student.grads);
  for (const nn::Slot& slot : student.layout.slots) {
    flat.narrow(0, slot.offset, slot.size).copy_(golden_tensor(golden, "grad/" + slot.name).view(-1));
  }
  return flat;
}

/// Makes the recorded step from `gradients` [layout.size] (undefined: the recorded ones). Weights must agree to
/// `tolerance` where the recorded gradient is at least 1e-6, and to twice the learning rate elsewhere (AdamW's first
/// step divides noise by noise).
inline void check_update(const Golden& golden, const at::Tensor& gradients, double tolerance) {
  const auto& json = golden.json();
  const double lr = json.at("lr");
  const ssl::GtsaOptions options = golden_options(golden);
  ssl::GtsaTask task(options, {}, samples_of(options));
  load_golden(golden, "param/", [&](const nn::Walk& visit) { task.walk(visit); });
  train::AdamW optimizer(task.trained(), task.averaged(), task.rows(), {.clip = json.at("clip_grad")});
  optimizer.average(json.at("momentum"));
  for (const auto& [name, tensor] : by_name(nn::parameters(task.teacher()))) {
    EXPECT_LE(max_difference(tensor, golden_tensor(golden, "teacher_after/" + name)), 1e-6) << name;
  }
  task.trained().grads.copy_(gradients.defined() ? gradients : recorded_gradients(golden, task.trained()));
  task.trained().touched->assign(task.trained().layout.slots.size(), 1);
  optimizer.step(optimizer.norms(), lr, json.at("wd"), 1, 0);
  auto moments = by_name([&](const nn::Walk& visit) { optimizer.walk(visit); });
  for (const auto& [name, tensor] : by_name(nn::parameters(task.student()))) {
    const at::Tensor want = golden_tensor(golden, "after/" + name), mask = counted(golden, name, want);
    const at::Tensor gradient = golden_tensor(golden, "grad/" + name);
    // The first moment after one step is a tenth of the clipped gradient.
    const at::Tensor clipped = golden.has("clipped/" + name) ? golden_tensor(golden, "clipped/" + name) : gradient;
    EXPECT_LE(relative_difference(moments.at("exp_avg." + name) * 10 * mask, clipped * mask), 1e-4) << name;
    const at::Tensor allowed = at::where(gradient.abs() >= 1e-6, tolerance, gradients.defined() ? 2 * lr : tolerance);
    const at::Tensor over = ((tensor.detach() - want).abs() - allowed) * mask;
    EXPECT_LE(over.max().item<float>(), 0) << name << " is off by more than allowed";
  }
}

}  // namespace gtsa::test
