#include "learn/nn/pixel_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/geometry/interpolation.h"
#include "core/kernels/pixel_loss.h"

namespace gtsa::nn::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// What one pass over a batch works with. Rows of patches are [columns, padded classes].
class PixelPass {
 public:
  PixelPass(const at::Tensor& tokens, Grid grid, const at::Tensor& labels, bool wants_gradient)
      : grid_(grid),
        samples_(tokens.size(0)),
        height_(labels.size(1)),
        width_(labels.size(2)),
        down_(geometry::interpolation(grid.rows, height_)),
        across_(geometry::interpolation(grid.columns, width_)),
        labels_(labels.data_ptr<int32_t>()),
        logits_(padded(tokens)),
        classes_(logits_.size(2)),
        row_size_(grid.columns * classes_) {
    if (wants_gradient) parts_ = at::zeros({samples_, grid.rows, 2, row_size_}, at::kFloat);
  }

  /// A row of patches of a sample is a unit of work: the pixel rows that lie between it and the next one. It writes
  /// only to its own gradients, so nothing depends on the number of threads.
  kernels::PixelSums run() {
    std::vector<kernels::PixelSums> sums(static_cast<size_t>(samples_ * grid_.rows));
    parallel_for(std::ssize(sums), 1, [&](int64_t first, int64_t last) {
      std::vector<float> scratch(static_cast<size_t>(2 * row_size_ + classes_));
      for (int64_t unit = first; unit < last; ++unit) run_unit(unit, scratch, sums[static_cast<size_t>(unit)]);
    });
    kernels::PixelSums total;
    for (const kernels::PixelSums& sum : sums) {
      total.loss += sum.loss;
      total.correct += sum.correct;
      total.labelled += sum.labelled;
    }
    return total;
  }

  /// d(sum of the losses) / d(logits) [n, T, K], after run().
  at::Tensor gradient(int64_t classes) const {
    const at::Tensor own = parts_.select(2, 0);
    own.narrow(1, 1, grid_.rows - 1).add_(parts_.select(2, 1).narrow(1, 0, grid_.rows - 1));
    return own.reshape({samples_, grid_.tokens(), classes_}).narrow(2, 0, classes).contiguous();
  }

 private:
  static at::Tensor padded(const at::Tensor& tokens) {
    constexpr int64_t kMultiple = kernels::kClassMultiple;
    const int64_t classes = tokens.size(2), whole = (classes + kMultiple - 1) / kMultiple * kMultiple;
    at::Tensor result = at::full({tokens.size(0), tokens.size(1), whole}, kernels::kNoClass, at::kFloat);
    result.narrow(2, 0, classes).copy_(tokens);
    return result;
  }

  void run_unit(int64_t unit, std::vector<float>& scratch, kernels::PixelSums& sums) const {
    const int64_t sample = unit / grid_.rows, row = unit % grid_.rows;
    const float* const above = logits_.data_ptr<float>() + unit * row_size_;
    float *const between = scratch.data(), *const slope = between + row_size_, *const pixel = slope + row_size_;
    const auto [begin, end] = std::equal_range(down_.first.begin(), down_.first.end(), row);
    for (int64_t y = begin - down_.first.begin(); y < end - down_.first.begin(); ++y) {
      const bool last = down_.second[static_cast<size_t>(y)] == row;  // the clamped edge
      const float weight = down_.weight[static_cast<size_t>(y)];
      kernels::blend(above, last ? above : above + row_size_, weight, row_size_, between);
      float* const wanted = parts_.defined() ? slope : nullptr;
      if (wanted != nullptr) std::fill_n(slope, row_size_, 0.0F);
      kernels::add_pixel_losses({.logits = between,
                                 .classes = classes_,
                                 .first = across_.first.data(),
                                 .second = across_.second.data(),
                                 .weight = across_.weight.data(),
                                 .labels = labels_ + (sample * height_ + y) * width_,
                                 .pixels = width_},
                                pixel, wanted, sums);
      if (wanted == nullptr) continue;
      float* const part = parts_.data_ptr<float>() + 2 * unit * row_size_;
      kernels::add_scaled(slope, last ? 1 : 1 - weight, row_size_, part);
      if (!last) kernels::add_scaled(slope, weight, row_size_, part + row_size_);
    }
  }

  Grid grid_;
  int64_t samples_, height_, width_;
  geometry::Interpolation down_, across_;
  const int32_t* labels_;
  at::Tensor logits_;  ///< [n, T, padded classes]
  int64_t classes_, row_size_;
  at::Tensor parts_;  ///< [n, rows, 2, row_size]: a unit's gradients of its own row and of the one below
};

struct PixelCrossEntropy : torch::autograd::Function<PixelCrossEntropy> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& tokens, const at::Tensor& labels, Grid grid,
                            bool wants_gradient, PixelCounts* counts) {
    PixelPass pass(tokens, grid, labels, wants_gradient);
    const kernels::PixelSums sums = pass.run();
    *counts = {sums.correct, sums.labelled};
    if (wants_gradient) context->save_for_backward({pass.gradient(tokens.size(2))});
    return at::full({}, sums.loss, at::kFloat);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    return {context->get_saved_variables()[0] * gradients[0], at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor pixel_cross_entropy(const at::Tensor& tokens, Grid grid, const at::Tensor& labels, PixelCounts& counts) {
  GTSA_CHECK(tokens.size(1) == grid.tokens() && labels.size(0) == tokens.size(0), "logits for other labels");
  if (!has_kernels(tokens)) return reference::pixel_cross_entropy(tokens, grid, labels, counts);
  const bool wants_gradient = at::GradMode::is_enabled() && tokens.requires_grad();
  return PixelCrossEntropy::apply(tokens, labels.contiguous(), grid, wants_gradient, &counts);
}

namespace reference {

at::Tensor pixel_cross_entropy(const at::Tensor& tokens, Grid grid, const at::Tensor& labels, PixelCounts& counts) {
  const at::Tensor map = tokens.unflatten(1, {grid.rows, grid.columns}).permute({0, 3, 1, 2}).contiguous();
  const at::Tensor logits = at::upsample_bilinear2d(map, {labels.size(1), labels.size(2)}, /*align_corners=*/false);
  const at::Tensor labelled = labels >= 0, index = labels.clamp_min(0).to(at::kLong).unsqueeze(1);
  const at::Tensor of_label = logits.gather(1, index).squeeze(1);
  counts.correct = (labelled & (of_label >= at::amax(logits, 1))).sum().item<int64_t>();
  counts.labelled = labelled.sum().item<int64_t>();
  return -(at::log_softmax(logits, 1).gather(1, index).squeeze(1) * labelled.to(logits.scalar_type())).sum();
}

}  // namespace reference
}  // namespace gtsa::nn::ops
