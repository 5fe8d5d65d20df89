#include "learn/train/optimizer.h"

#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/kernels/adamw.h"

namespace gtsa::train {
namespace {

// Fixed, so that norms are summed in the same order for any number of threads.
constexpr int64_t kChunk = int64_t{1} << 16;

kernels::AverageStep average_step(double momentum) {
  return {static_cast<float>(momentum), static_cast<float>(1 - momentum)};
}

}  // namespace

AdamW::AdamW(nn::Flat& trained, nn::Flat* averaged, std::vector<Row> rows, const AdamWOptions& options)
    : trained_(trained), averaged_(averaged), rows_(std::move(rows)), options_(options) {
  const auto& slots = trained_.layout.slots;
  GTSA_CHECK(rows_.size() == slots.size(), "{} rows for {} tensors", rows_.size(), slots.size());
  for (size_t row = 0; row < slots.size(); ++row) {
    if (rows_[row].averaged) {
      GTSA_CHECK(averaged_ != nullptr && row < averaged_->layout.slots.size() &&
                     averaged_->layout.slots[row].offset == slots[row].offset,
                 "the teacher's {} does not stand where the student's does", slots[row].name);
    }
    for (int64_t begin = 0; begin < slots[row].size; begin += kChunk) {
      chunks_.push_back({row, slots[row].offset + begin, std::min(kChunk, slots[row].size - begin)});
    }
  }
  first_moment_ = at::zeros_like(trained_.values);
  second_moment_ = at::zeros_like(trained_.values);
  counts_ = at::zeros({static_cast<int64_t>(slots.size())}, at::kLong);
}

GradientNorms AdamW::norms() const {
  const float* gradients = trained_.grads.data_ptr<float>();
  std::vector<double> sums(chunks_.size());
  parallel_for(static_cast<int64_t>(chunks_.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const Chunk& chunk = chunks_[static_cast<size_t>(i)];
      sums[static_cast<size_t>(i)] = kernels::sum_of_squares(gradients + chunk.begin, chunk.size);
    }
  });
  GradientNorms result;
  result.rows.assign(rows_.size(), 0);
  for (size_t i = 0; i < chunks_.size(); ++i) result.rows[chunks_[i].row] += sums[i];
  for (size_t row = 0; row < rows_.size(); ++row) {
    result.total += result.rows[row];
    if (!std::isfinite(result.rows[row]) && !result.not_finite) result.not_finite = trained_.layout.slots[row].name;
    result.rows[row] = std::sqrt(result.rows[row]);
  }
  result.total = std::sqrt(result.total);
  return result;
}

float* AdamW::average_of(size_t row, int64_t begin) const {
  return rows_[row].averaged ? averaged_->values.data_ptr<float>() + begin : nullptr;
}

void AdamW::step(const GradientNorms& norms, double lr, double weight_decay, double momentum, int64_t position) {
  GTSA_CHECK(!norms.not_finite, "a step with a gradient that is not finite: {}", *norms.not_finite);
  int64_t* counts = counts_.data_ptr<int64_t>();
  std::vector<kernels::AdamWStep> steps(rows_.size());
  std::vector<uint8_t> moves(rows_.size());
  for (size_t row = 0; row < rows_.size(); ++row) {
    moves[row] = rows_[row].trainable && position >= rows_[row].first_step && (*trained_.touched)[row] != 0;
    if (moves[row] == 0) continue;
    const auto t = static_cast<double>(++counts[row]);
    const double rate = lr * rows_[row].lr_scale;
    const double norm = options_.clip_over == AdamWOptions::ClipOver::all ? norms.total : norms.rows[row];
    const double clip = options_.clip > 0 ? std::min(1.0, options_.clip / (norm + 1e-6)) : 1.0;
    steps[row] = {.clip = static_cast<float>(clip),
                  .keep = static_cast<float>(1 - rate * weight_decay * rows_[row].decay_scale),
                  .beta1 = static_cast<float>(options_.beta1),
                  .one_minus_beta1 = static_cast<float>(1 - options_.beta1),
                  .beta2 = static_cast<float>(options_.beta2),
                  .one_minus_beta2 = static_cast<float>(1 - options_.beta2),
                  .step_size = static_cast<float>(rate / (1 - std::pow(options_.beta1, t))),
                  .root_bias2 = static_cast<float>(std::sqrt(1 - std::pow(options_.beta2, t))),
                  .eps = static_cast<float>(options_.eps)};
  }
  float* values = trained_.values.data_ptr<float>();
  const float* gradients = trained_.grads.data_ptr<float>();
  float* m = first_moment_.data_ptr<float>();
  float* v = second_moment_.data_ptr<float>();
  const auto averaging = average_step(momentum);
  parallel_for(static_cast<int64_t>(chunks_.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto& [row, first, size] = chunks_[static_cast<size_t>(i)];
      float* teacher = average_of(row, first);
      if (moves[row] != 0) {
        kernels::adamw(values + first, gradients + first, m + first, v + first, teacher, size, steps[row], averaging);
      } else if (teacher != nullptr) {
        kernels::average(teacher, values + first, size, averaging);
      }
    }
  });
}

void AdamW::average(double momentum) {
  const float* values = trained_.values.data_ptr<float>();
  for (const auto& [row, first, size] : chunks_) {
    if (float* teacher = average_of(row, first))
      kernels::average(teacher, values + first, size, average_step(momentum));
  }
}

void AdamW::walk(const nn::Walk& visit) {
  for (const auto& slot : trained_.layout.slots) {
    at::Tensor first = first_moment_.narrow(0, slot.offset, slot.size).view(slot.shape);
    at::Tensor second = second_moment_.narrow(0, slot.offset, slot.size).view(slot.shape);
    visit("exp_avg." + slot.name, first);
    visit("exp_avg_sq." + slot.name, second);
  }
  visit("step", counts_);
}

}  // namespace gtsa::train
