#include "learn/probe/pixel_head.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "core/kernels/adamw.h"
#include "learn/nn/products.h"

namespace gtsa::probe {
namespace {

/// Pixel rows worked on at a time, so that their logits stay in the cache.
constexpr int64_t kStrip = 8;

/// Streams of the probe's draws: `view` in the key (0 are the correspondence probe's views).
constexpr uint32_t kWeightStream = 1, kOrderStream = 2;

/// e^x in place: LibTorch's is vectorised.
void exp_in_place(std::span<float> values) {
  at::from_blob(values.data(), {static_cast<int64_t>(values.size())}, at::kFloat).exp_();
}

/// Logits [classes, n] -> softmax over the classes minus the truth at labelled pixels, 0 at others.
void softmax_minus_truth(std::span<float> logits, std::span<const uint8_t> labels, int64_t classes,
                         std::vector<float>& scratch) {
  const auto n = static_cast<int64_t>(labels.size());
  scratch.resize(labels.size());
  float* const each = scratch.data();
  std::copy_n(logits.data(), n, each);
  for (int64_t k = 1; k < classes; ++k) {
    const float* row = logits.data() + k * n;
    for (int64_t i = 0; i < n; ++i) each[i] = std::max(each[i], row[i]);
  }
  for (int64_t k = 0; k < classes; ++k) {
    float* row = logits.data() + k * n;
    for (int64_t i = 0; i < n; ++i) row[i] -= each[i];
  }
  exp_in_place(logits);
  std::fill_n(each, n, 0.0F);
  for (int64_t k = 0; k < classes; ++k) {
    const float* row = logits.data() + k * n;
    for (int64_t i = 0; i < n; ++i) each[i] += row[i];
  }
  for (int64_t i = 0; i < n; ++i) each[i] = labels[static_cast<size_t>(i)] == kUnlabelled ? 0.0F : 1.0F / each[i];
  for (int64_t k = 0; k < classes; ++k) {
    float* row = logits.data() + k * n;
    for (int64_t i = 0; i < n; ++i) row[i] *= each[i];
  }
  for (int64_t i = 0; i < n; ++i) {
    const int64_t label = labels[static_cast<size_t>(i)];
    if (label != kUnlabelled) logits[static_cast<size_t>((label - 1) * n + i)] -= 1.0F;
  }
}

/// One tensor of the head with AdamW's moments.
struct Trained {
  at::Tensor value, m, v;

  Trained(at::IntArrayRef shape, float bound, Rng& rng)
      : value(at::empty(shape, at::kFloat)), m(at::zeros(shape, at::kFloat)), v(at::zeros(shape, at::kFloat)) {
    std::generate_n(value.data_ptr<float>(), value.numel(), [&] { return rng.uniform(-bound, bound); });
  }
  void update(const at::Tensor& gradient, const kernels::AdamWStep& step) {
    kernels::adamw(value.data_ptr<float>(), gradient.data_ptr<float>(), m.data_ptr<float>(), v.data_ptr<float>(),
                   nullptr, value.numel(), step, {});
  }
};

kernels::AdamWStep adamw_step(const PixelHeadOptions& options, int64_t updates) {
  constexpr double kBeta1 = 0.9, kBeta2 = 0.999;
  const auto t = static_cast<double>(updates);
  kernels::AdamWStep step;
  step.keep = static_cast<float>(1 - options.lr * options.weight_decay);
  step.step_size = static_cast<float>(options.lr / (1 - std::pow(kBeta1, t)));
  step.root_bias2 = static_cast<float>(std::sqrt(1 - std::pow(kBeta2, t)));
  return step;
}

std::vector<uint32_t> order_of(int64_t pictures, const PixelHeadOptions& options, int64_t epoch) {
  std::vector<uint32_t> order(static_cast<size_t>(pictures));
  std::iota(order.begin(), order.end(), 0U);
  Rng rng({options.seed, static_cast<uint64_t>(epoch), options.repeat, kOrderStream, Purpose::probe});
  shuffle(rng, order);
  return order;
}

/// Patch features of some pictures, one below the other: [n * T, C].
at::Tensor gather(const PixelSet& set, std::span<const uint32_t> pictures) {
  const int64_t values = set.features.size(1) * set.features.size(2);
  at::Tensor rows =
      at::empty({static_cast<int64_t>(pictures.size()) * set.features.size(1), set.features.size(2)}, at::kFloat);
  for (size_t i = 0; i < pictures.size(); ++i) {
    std::copy_n(set.features.data_ptr<float>() + pictures[i] * values, values,
                rows.data_ptr<float>() + static_cast<int64_t>(i) * values);
  }
  return rows;
}

/// d(mean cross-entropy over the labelled pixels of these pictures) / d(logits), the logits [n * T, K] being those of
/// `pictures`.
at::Tensor mean_gradient(const PixelSet& set, const PixelMap& map, std::span<const uint32_t> pictures,
                         const at::Tensor& logits) {
  const auto n = static_cast<int64_t>(pictures.size());
  at::Tensor gradient = at::empty(logits.sizes(), at::kFloat);
  std::vector<int64_t> labelled(pictures.size());
  const int64_t values = logits.numel() / n;
  const float* const all_logits = logits.data_ptr<float>();
  float* const all_gradients = gradient.data_ptr<float>();
  parallel_for(n, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto at = static_cast<size_t>(i);
      const std::span<const uint8_t> labels = set.labels_of(pictures[at]);
      labelled[at] = static_cast<int64_t>(labels.size()) - std::count(labels.begin(), labels.end(), kUnlabelled);
      map.cross_entropy_gradient(all_logits + i * values, labels, all_gradients + i * values);
    }
  });
  const int64_t total = std::accumulate(labelled.begin(), labelled.end(), int64_t{0});
  return gradient.mul_(1.0 / static_cast<double>(std::max<int64_t>(total, 1)));
}

}  // namespace

PixelMap::PixelMap(nn::Grid grid, Size pixels, int64_t classes)
    : grid_(grid),
      pixels_(pixels),
      classes_(classes),
      down_(geometry::interpolation(grid.rows, pixels.height)),
      across_(geometry::interpolation(grid.columns, pixels.width)) {}

void PixelMap::widen(const float* logits, float* wide) const {
  for (int64_t k = 0; k < classes_; ++k) {
    for (int64_t row = 0; row < grid_.rows; ++row) {
      const float* const in = logits + row * grid_.columns * classes_ + k;
      for (size_t x = 0; x < across_.weight.size(); ++x) {
        const float weight = across_.weight[x];
        *wide++ = (1 - weight) * in[across_.first[x] * classes_] + weight * in[across_.second[x] * classes_];
      }
    }
  }
}

void PixelMap::interpolate_rows(const float* wide, int64_t begin, int64_t end, float* strip) const {
  for (int64_t k = 0; k < classes_; ++k) {
    for (int64_t y = begin; y < end; ++y, strip += pixels_.width) {
      const auto at = static_cast<size_t>(y);
      const float weight = down_.weight[at];
      const float* const first = wide + (k * grid_.rows + down_.first[at]) * pixels_.width;
      const float* const second = wide + (k * grid_.rows + down_.second[at]) * pixels_.width;
      for (int64_t x = 0; x < pixels_.width; ++x) strip[x] = (1 - weight) * first[x] + weight * second[x];
    }
  }
}

void PixelMap::cross_entropy_gradient(const float* logits, std::span<const uint8_t> labels, float* gradient) const {
  const int64_t width = pixels_.width;
  std::vector<float> wide(static_cast<size_t>(classes_ * grid_.rows * width)), wide_gradient(wide.size());
  std::vector<float> strip(static_cast<size_t>(classes_ * kStrip * width)), scratch;
  widen(logits, wide.data());
  for (int64_t begin = 0; begin < pixels_.height; begin += kStrip) {
    const int64_t rows = std::min(kStrip, pixels_.height - begin);
    interpolate_rows(wide.data(), begin, begin + rows, strip.data());
    softmax_minus_truth(std::span(strip).first(static_cast<size_t>(classes_ * rows * width)),
                        labels.subspan(static_cast<size_t>(begin * width), static_cast<size_t>(rows * width)), classes_,
                        scratch);
    const float* upstream = strip.data();
    for (int64_t k = 0; k < classes_; ++k) {
      for (int64_t y = begin; y < begin + rows; ++y, upstream += width) {
        const auto at = static_cast<size_t>(y);
        const float weight = down_.weight[at];
        float* const first = wide_gradient.data() + (k * grid_.rows + down_.first[at]) * width;
        for (int64_t x = 0; x < width; ++x) first[x] += (1 - weight) * upstream[x];
        float* const second = wide_gradient.data() + (k * grid_.rows + down_.second[at]) * width;
        for (int64_t x = 0; x < width; ++x) second[x] += weight * upstream[x];
      }
    }
  }
  std::fill_n(gradient, grid_.tokens() * classes_, 0.0F);
  const float* upstream = wide_gradient.data();
  for (int64_t k = 0; k < classes_; ++k) {
    for (int64_t row = 0; row < grid_.rows; ++row) {
      float* const out = gradient + row * grid_.columns * classes_ + k;
      for (size_t x = 0; x < across_.weight.size(); ++x) {
        out[across_.first[x] * classes_] += (1 - across_.weight[x]) * *upstream;
        out[across_.second[x] * classes_] += across_.weight[x] * *upstream++;
      }
    }
  }
}

void PixelMap::predict(const float* logits, std::span<int64_t> classes) const {
  const int64_t width = pixels_.width;
  std::vector<float> wide(static_cast<size_t>(classes_ * grid_.rows * width)),
      row(static_cast<size_t>(classes_ * width));
  std::vector<float> best(static_cast<size_t>(width));
  widen(logits, wide.data());
  for (int64_t y = 0; y < pixels_.height; ++y) {
    interpolate_rows(wide.data(), y, y + 1, row.data());
    int64_t* const chosen = classes.data() + y * width;
    std::copy_n(row.data(), width, best.data());
    std::fill_n(chosen, width, int64_t{0});
    for (int64_t k = 1; k < classes_; ++k) {
      for (int64_t x = 0; x < width; ++x) {
        const float logit = row[static_cast<size_t>(k * width + x)];
        if (logit <= best[static_cast<size_t>(x)]) continue;
        best[static_cast<size_t>(x)] = logit;
        chosen[x] = k;
      }
    }
  }
}

PixelHead train_pixel_head(const PixelSet& set, int64_t classes, const PixelHeadOptions& options) {
  const at::NoGradGuard no_grad;
  const int64_t width = set.features.size(2);
  GTSA_CHECK(set.features.is_contiguous() && set.features.size(1) == set.grid.tokens(), "features of another grid");
  const PixelMap map(set.grid, set.pixels, classes);
  Rng rng({options.seed, 0, options.repeat, kWeightStream, Purpose::probe});
  const auto bound = static_cast<float>(1 / std::sqrt(static_cast<double>(width)));
  Trained weight({classes, width}, bound, rng), bias({classes}, bound, rng);
  int64_t updates = 0;
  for (int64_t epoch = 0; epoch < options.epochs; ++epoch) {
    const std::vector<uint32_t> order = order_of(set.pictures(), options, epoch);
    for (size_t begin = 0; begin < order.size(); begin += static_cast<size_t>(options.batch)) {
      const auto pictures =
          std::span(order).subspan(begin, std::min(static_cast<size_t>(options.batch), order.size() - begin));
      const at::Tensor rows = gather(set, pictures);
      const at::Tensor logits = nn::ops::addmm(bias.value, rows, weight.value.t());
      const at::Tensor gradient = mean_gradient(set, map, pictures, logits);
      const kernels::AdamWStep step = adamw_step(options, ++updates);
      weight.update(nn::ops::mm(gradient.t(), rows).contiguous(), step);
      bias.update(gradient.sum(0), step);
    }
  }
  return {weight.value, bias.value};
}

}  // namespace gtsa::probe
