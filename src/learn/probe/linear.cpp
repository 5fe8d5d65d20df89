#include "learn/probe/linear.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/scatter_add.h>
#include <ATen/ops/var_mean.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <span>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/rng.h"
#include "learn/nn/products.h"
#include "learn/train/lars.h"

namespace gtsa::probe {
namespace {

constexpr double kNormEps = 1e-6, kNormMomentum = 0.1, kWeightDeviation = 0.01;
/// Rows whose logits are in memory at a time.
constexpr int64_t kScoredRows = 4096;

/// Stands for `values`, which outlive it.
at::Tensor view_of(std::span<const int64_t> values) {
  return at::from_blob(const_cast<int64_t*>(values.data()), {std::ssize(values)}, at::kLong);
}

at::Tensor standardised(const at::Tensor& values, const at::Tensor& mean, const at::Tensor& variance) {
  return (values - mean) * (variance + kNormEps).rsqrt();
}

LinearHead first_head(int64_t classes, int64_t width, const LinearOptions& options) {
  LinearHead head{at::empty({classes, width}, at::kFloat), at::zeros({classes}, at::kFloat), {}, {}};
  Rng rng({.seed = options.seed, .purpose = Purpose::probe});
  auto* const weights = head.weight.data_ptr<float>();
  for (int64_t i = 0; i < head.weight.numel(); ++i) weights[i] = static_cast<float>(kWeightDeviation * rng.normal());
  if (options.batch_norm) {
    head.mean = at::zeros({width}, at::kFloat);
    head.variance = at::ones({width}, at::kFloat);
  }
  return head;
}

/// Rows in the order of an epoch.
std::vector<int64_t> order_of(int64_t rows, const LinearOptions& options, int64_t epoch) {
  std::vector<uint32_t> order(static_cast<size_t>(rows));
  std::iota(order.begin(), order.end(), 0U);
  // Epochs from 1: the weights have the stream of epoch 0.
  Rng rng({.seed = options.seed, .epoch = static_cast<uint64_t>(epoch) + 1, .purpose = Purpose::probe});
  shuffle(rng, order);
  return {order.begin(), order.end()};
}

/// Of the step at `position` epochs: up linearly, then down half a cosine to 0.
double rate_at(double position, const LinearOptions& options, double peak) {
  const auto warmup = static_cast<double>(options.warmup_epochs), epochs = static_cast<double>(options.epochs);
  if (position < warmup) return peak * position / warmup;
  return peak / 2 * (1 + std::cos(std::numbers::pi * (position - warmup) / (epochs - warmup)));
}

/// One step's loss and gradients; moves the running moments.
struct Step {
  double loss = 0;
  std::vector<at::Tensor> gradients;  ///< of weight and bias
};

Step step_of(LinearHead& head, at::Tensor x, const at::Tensor& labels) {
  if (head.mean.defined()) {
    const auto n = static_cast<double>(x.size(0));
    const auto [variance, mean] = at::var_mean(x, {0}, /*unbiased=*/false);
    x = standardised(x, mean, variance);
    head.mean.mul_(1 - kNormMomentum).add_(mean, kNormMomentum);
    head.variance.mul_(1 - kNormMomentum).add_(variance, kNormMomentum * n / (n - 1));
  }
  const at::Tensor log_shares = at::log_softmax(nn::ops::addmm(head.bias, x, head.weight.t()), 1);
  const at::Tensor column = labels.unsqueeze(1);
  const double loss = -log_shares.gather(1, column).mean().item<double>();
  const at::Tensor ones = at::ones(column.sizes(), at::kFloat);
  const at::Tensor d = at::scatter_add(log_shares.exp(), 1, column, -ones) / static_cast<double>(x.size(0));
  return {loss, {nn::ops::mm(d.t(), x), d.sum(0)}};
}

/// Shares of rows whose class has the highest logit, and one of the five highest; of equals, the lower class is higher.
std::pair<double, double> score(const LinearHead& head, const LabelledFeatures& set) {
  constexpr int64_t kTop = 5;
  const int64_t rows = set.values.size(0);
  int64_t top1 = 0, top5 = 0;
  for (int64_t begin = 0; begin < rows; begin += kScoredRows) {
    const int64_t here = std::min(kScoredRows, rows - begin);
    const at::Tensor logits = head.logits(set.values.narrow(0, begin, here)).contiguous();
    const int64_t classes = logits.size(1);
    for (int64_t i = 0; i < here; ++i) {
      const std::span row(logits.data_ptr<float>() + i * classes, static_cast<size_t>(classes));
      const auto label = static_cast<size_t>(set.labels[static_cast<size_t>(begin + i)]);
      int64_t higher = 0;
      for (size_t c = 0; c < row.size(); ++c) higher += row[c] > row[label] || (row[c] == row[label] && c < label);
      top1 += higher == 0;
      top5 += higher < kTop;
    }
  }
  return {static_cast<double>(top1) / static_cast<double>(rows), static_cast<double>(top5) / static_cast<double>(rows)};
}

void check_set(const LabelledFeatures& set, int64_t classes) {
  GTSA_CHECK(set.values.size(0) > 0 && set.values.size(0) == std::ssize(set.labels), "{} rows with {} labels",
             set.values.size(0), set.labels.size());
  for (const int64_t label : set.labels) GTSA_CHECK(label >= 0 && label < classes, "class {} of {}", label, classes);
}

/// Steps of an epoch: the incomplete last batch counts unless it is dropped, or is one row alone, without a variance.
int64_t steps_of(int64_t rows, int64_t batch, const LinearOptions& options) {
  const bool with_rest = !options.drop_last && rows % batch > (options.batch_norm ? 1 : 0);
  return rows / batch + (with_rest ? 1 : 0);
}

/// LARS turns weights by a thousandth a step: a run that is too short for it says nothing of the features.
void warn_if_short(int64_t steps, const LinearOptions& options) {
  constexpr int64_t kFew = 1000;
  if (options.trust == 0 || steps * options.epochs >= kFew) return;
  log::warning("{} steps in all are few for LARS: a smaller --batch makes more of them", steps * options.epochs);
}

/// Trains through one epoch's rows; gives its loss and the rate of its last step.
LinearEpoch train_epoch(LinearHead& head, train::MomentumDescent& optimizer, const LabelledFeatures& set, int64_t epoch,
                        const LinearOptions& options) {
  const int64_t rows = set.values.size(0), batch = std::min(options.batch, rows);
  const int64_t steps = steps_of(rows, batch, options);
  if (epoch == 0) warn_if_short(steps, options);
  const double peak = options.base_lr * static_cast<double>(batch) / 256;
  const std::vector<int64_t> order = order_of(rows, options, epoch);
  const at::Tensor labels = view_of(set.labels);
  LinearEpoch result{.epoch = epoch};
  for (int64_t step = 0; step < steps; ++step) {
    const int64_t begin = step * batch, here = std::min(batch, rows - begin);
    const at::Tensor places = view_of(std::span(order).subspan(static_cast<size_t>(begin), static_cast<size_t>(here)));
    const Step made = step_of(head, set.values.index_select(0, places), labels.index_select(0, places));
    if (!std::isfinite(made.loss)) {
      throw Error("the linear probe's loss is {} in epoch {}: take a lower --base-lr, or look at the features",
                  made.loss, epoch + 1);
    }
    const double share = options.rate_by_epoch ? 0 : static_cast<double>(step) / static_cast<double>(steps);
    result.lr = rate_at(static_cast<double>(epoch) + share, options, peak);
    optimizer.step(made.gradients, result.lr);
    result.loss += made.loss / static_cast<double>(steps);
  }
  return result;
}

}  // namespace

void LinearOptions::check() const {
  if (epochs < 1) throw UsageError("{} epochs are too few: at least one trains", epochs);
  if (warmup_epochs < 0 || warmup_epochs >= epochs) {
    throw UsageError("{} epochs of warm-up do not fit into {} epochs", warmup_epochs, epochs);
  }
  if (batch < (batch_norm ? 2 : 1)) {
    throw UsageError("a batch of {} is too small{}", batch, batch_norm ? ": a batch norm needs two pictures" : "");
  }
  if (!(base_lr > 0)) throw UsageError("a learning rate of {} teaches nothing", base_lr);
}

LinearOptions dino_protocol() {
  return {.epochs = 100,
          .warmup_epochs = 0,
          .batch = 128,
          .base_lr = 0.001,
          .trust = 0,
          .batch_norm = false,
          .rate_by_epoch = true,
          .drop_last = false};
}

at::Tensor LinearHead::logits(const at::Tensor& values) const {
  const at::NoGradGuard no_grad;
  return nn::ops::addmm(bias, mean.defined() ? standardised(values, mean, variance) : values, weight.t());
}

const LinearEpoch& LinearResult::best() const {
  return *std::max_element(epochs.begin(), epochs.end(),
                           [](const LinearEpoch& a, const LinearEpoch& b) { return a.top1 < b.top1; });
}

LinearResult train_linear(const std::function<const LabelledFeatures&(int64_t epoch)>& training,
                          const LabelledFeatures& validation, int64_t classes, const LinearOptions& options,
                          const std::function<void(const LinearEpoch&)>& after) {
  options.check();
  check_set(validation, classes);
  const at::NoGradGuard no_grad;
  LinearResult result{{}, first_head(classes, validation.values.size(1), options)};
  train::MomentumDescent optimizer(
      {result.head.weight, result.head.bias},
      {.momentum = options.momentum, .weight_decay = options.weight_decay, .trust = options.trust});
  for (int64_t epoch = 0; epoch < options.epochs; ++epoch) {
    const LabelledFeatures& set = training(epoch);
    check_set(set, classes);
    LinearEpoch made = train_epoch(result.head, optimizer, set, epoch, options);
    std::tie(made.top1, made.top5) = score(result.head, validation);
    result.epochs.push_back(made);
    if (after) after(made);
  }
  return result;
}

}  // namespace gtsa::probe
