#include "learn/nn/batch_norm.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/kernels/activations.h"
#include "core/kernels/batch_norm.h"
#include "learn/nn/layers.h"
#include "learn/nn/ops.h"

namespace gtsa::nn {

void BatchNorm::walk(const Walk& visit) {
  visit("weight", weight);
  visit("bias", bias);
}

void BatchNorm::walk_buffers(const Walk& visit) {
  visit("running_mean", running_mean);
  visit("running_var", running_var);
}

BatchNorm make_batch_norm(int64_t width) {
  return {on_meta({width}), on_meta({width}), at::zeros({width}, at::kFloat), at::ones({width}, at::kFloat)};
}

void update_running(at::Tensor& running_mean, at::Tensor& running_var, const BatchMoments& moments) {
  const at::NoGradGuard no_grad;
  const auto n = static_cast<double>(moments.count);
  running_mean.mul_(1 - kBatchNormMomentum).add_(moments.mean, kBatchNormMomentum);
  running_var.mul_(1 - kBatchNormMomentum).add_(moments.variance, kBatchNormMomentum * n / (n - 1));
}

namespace ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Rows whose sums are formed in float32; their sums are added in double, so that neither the number of threads nor
/// the size of a map matters.
constexpr int64_t kChunk = 256;

/// Sums over rows, `kinds` of them: add(begin, end, sums [kinds][width]) adds those of some rows. F64 [kinds, width].
template <class Add>
at::Tensor sums_over_rows(int64_t rows, int64_t width, int64_t kinds, const Add& add) {
  const int64_t chunks = (rows + kChunk - 1) / kChunk;
  const at::Tensor parts = at::zeros({chunks, kinds, width}, at::kFloat);
  auto* const of_parts = parts.data_ptr<float>();
  parallel_for(chunks, 1, [&](int64_t first, int64_t last) {
    for (int64_t chunk = first; chunk < last; ++chunk) {
      add(chunk * kChunk, std::min(rows, (chunk + 1) * kChunk), of_parts + chunk * kinds * width);
    }
  });
  return parts.sum(at::IntArrayRef{0}, false, at::kDouble);
}

kernels::ChannelScale channels_of(const at::Tensor& mean, const at::Tensor& scale, const at::Tensor& shift) {
  return {mean.data_ptr<float>(), scale.data_ptr<float>(), shift.data_ptr<float>()};
}

/// Adds up over the ranks, if there are others.
void reduce(at::Tensor& sums, const SumOverRanks& sum_over_ranks) {
  if (sum_over_ranks) sum_over_ranks(sums);
}

/// Mean and biased variance of each channel over all rows of all ranks.
BatchMoments moments_of(const at::Tensor& x, const SumOverRanks& sum_over_ranks) {
  const int64_t width = x.size(-1), rows = x.numel() / width;
  const auto* const values = x.data_ptr<float>();
  at::Tensor count = at::ones({1}, at::kDouble) * static_cast<double>(rows);
  reduce(count, sum_over_ranks);
  BatchMoments moments;
  moments.count = static_cast<int64_t>(count.item<double>());
  GTSA_CHECK(moments.count > 1, "batch norm of {} tokens", moments.count);
  at::Tensor sums = sums_over_rows(rows, width, 1, [&](int64_t begin, int64_t end, float* part) {
    kernels::add_rows(values + begin * width, end - begin, width, part);
  });
  reduce(sums, sum_over_ranks);
  moments.mean = (sums / count).to(at::kFloat).flatten();
  const auto* const mean = moments.mean.data_ptr<float>();
  at::Tensor squares = sums_over_rows(rows, width, 1, [&](int64_t begin, int64_t end, float* part) {
    kernels::add_squares(values + begin * width, end - begin, width, mean, part);
  });
  reduce(squares, sum_over_ranks);
  moments.variance = (squares / count).to(at::kFloat).flatten();
  return moments;
}

at::Tensor scaled_relu(const at::Tensor& x, const kernels::ChannelScale& channels) {
  const int64_t width = x.size(-1);
  const at::Tensor y = at::empty_like(x);
  const auto* const from = x.data_ptr<float>();
  auto* const to = y.data_ptr<float>();
  parallel_for(x.numel() / width, kChunk, [&](int64_t begin, int64_t end) {
    kernels::scale_relu(from + begin * width, end - begin, width, channels, to + begin * width);
  });
  return y;
}

/// Travels from forward to backward.
struct HeldSum : torch::CustomClassHolder {
  explicit HeldSum(SumOverRanks held) : sum(std::move(held)) {}
  SumOverRanks sum;
};

struct BatchNormRelu : torch::autograd::Function<BatchNormRelu> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& bias, BatchMoments* moments, const SumOverRanks* sum_over_ranks) {
    *moments = moments_of(x, *sum_over_ranks);
    const at::Tensor inverse = (moments->variance + kBatchNormEps).rsqrt();
    const at::Tensor scale = weight * inverse, shift = bias - moments->mean * scale;
    context->save_for_backward({x, moments->mean, inverse, scale, shift});
    context->saved_data["count"] = moments->count;
    context->saved_data["sum"] = c10::IValue::make_capsule(c10::make_intrusive<HeldSum>(*sum_over_ranks));
    return scaled_relu(x, channels_of(moments->mean, scale, shift));
  }

  /// With g the gradient that the ReLU lets through and u = (x - mean) * inverse:
  /// dx = scale * (g - mean(g) - u * mean(g u)), the means over the batch of all ranks.
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &mean = saved[1], &inverse = saved[2], &scale = saved[3];
    const at::Tensor dy = gradients[0].contiguous();
    const int64_t width = x.size(-1), rows = x.numel() / width;
    const kernels::ChannelScale channels = channels_of(mean, scale, saved[4]);
    const auto *const values = x.data_ptr<float>(), *const upstream = dy.data_ptr<float>();
    at::Tensor sums = sums_over_rows(rows, width, 2, [&](int64_t begin, int64_t end, float* part) {
      kernels::add_relu_gradients(values + begin * width, upstream + begin * width, end - begin, width, channels, part,
                                  part + width);
    });
    const at::Tensor dweight = (sums[1] * inverse).to(at::kFloat), dbias = sums[0].to(at::kFloat);
    reduce(sums, static_cast<const HeldSum&>(*context->saved_data["sum"].toCapsule()).sum);
    const at::Tensor means = sums / static_cast<double>(context->saved_data["count"].toInt());
    const at::Tensor slope = (-scale * inverse * inverse * means[1]).to(at::kFloat);
    const at::Tensor offset = (-scale * means[0]).to(at::kFloat);
    const at::Tensor dx = at::empty_like(x);
    parallel_for(rows, kChunk, [&](int64_t begin, int64_t end) {
      kernels::scale_relu_backward(values + begin * width, upstream + begin * width, end - begin, width, channels,
                                   slope.data_ptr<float>(), offset.data_ptr<float>(),
                                   dx.data_ptr<float>() + begin * width);
    });
    return {dx, dweight, dbias, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor batch_norm_relu(const at::Tensor& x, const BatchNorm& norm, BatchMoments& moments,
                           const SumOverRanks& sum_over_ranks) {
  if (has_kernels(x)) return BatchNormRelu::apply(x.contiguous(), norm.weight, norm.bias, &moments, &sum_over_ranks);
  GTSA_CHECK(!sum_over_ranks, "no statistics over ranks on this device");
  return reference::batch_norm_relu(x, norm, moments);
}

at::Tensor batch_norm_relu(const at::Tensor& x, const BatchNorm& norm) {
  const bool learns = at::GradMode::is_enabled() &&
                      (x.requires_grad() || norm.weight.requires_grad() || norm.bias.requires_grad());
  if (!has_kernels(x) || learns) return reference::batch_norm_relu(x, norm);
  const at::Tensor scale = norm.weight * (norm.running_var + kBatchNormEps).rsqrt();
  const at::Tensor shift = norm.bias - norm.running_mean * scale;
  return scaled_relu(x.contiguous(), channels_of(norm.running_mean, scale, shift));
}

namespace reference {
namespace {

at::Tensor normed(const at::Tensor& x, const BatchNorm& norm, bool by_batch) {
  const at::Tensor rows = x.reshape({-1, x.size(-1)});
  const at::Tensor y =
      by_batch ? at::batch_norm(rows, norm.weight, norm.bias, {}, {}, true, kBatchNormMomentum, kBatchNormEps, false)
               : at::batch_norm(rows, norm.weight, norm.bias, norm.running_mean, norm.running_var, false,
                                kBatchNormMomentum, kBatchNormEps, false);
  return y.relu().view(x.sizes());
}

}  // namespace

at::Tensor batch_norm_relu(const at::Tensor& x, const BatchNorm& norm, BatchMoments& moments) {
  const at::Tensor rows = x.detach().reshape({-1, x.size(-1)});
  moments = {rows.mean(0), rows.var(0, /*unbiased=*/false), rows.size(0)};
  return normed(x, norm, true);
}

at::Tensor batch_norm_relu(const at::Tensor& x, const BatchNorm& norm) { return normed(x, norm, false); }

}  // namespace reference
}  // namespace ops
}  // namespace gtsa::nn
