#include "learn/nn/block.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/kernels/activations.h"
#include "core/kernels/attention.h"
#include "learn/nn/ops.h"
#include "learn/nn/products.h"

namespace gtsa::nn {

void Attention::walk(const Walk& visit) {
  qkv.walk(under("qkv.", visit));
  proj.walk(under("proj.", visit));
}

void Mlp::walk(const Walk& visit) {
  fc1.walk(under("fc1.", visit));
  fc2.walk(under("fc2.", visit));
}

void Block::walk(const Walk& visit) {
  norm1.walk(under("norm1.", visit));
  attn.walk(under("attn.", visit));
  norm2.walk(under("norm2.", visit));
  mlp.walk(under("mlp.", visit));
}

namespace ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Sums over rows are added up in so many parts whatever the number of threads.
constexpr int64_t kParts = 16;

/// The samples of x [n, T, C] that a branch sees; its matrices hold their rows only.
class Rows {
 public:
  Rows(const at::Tensor& x, const at::Tensor& kept)
      : samples_of_x_(x.size(0)),
        samples_(kept.defined() ? kept.size(0) : x.size(0)),
        tokens_(x.size(1)),
        width_(x.size(2)),
        are_all_(!kept.defined()),
        kept_(are_all_ ? nullptr : kept.data_ptr<int64_t>()) {}

  int64_t samples() const { return samples_; }
  int64_t tokens() const { return tokens_; }
  int64_t rows() const { return samples_ * tokens_; }
  int64_t width() const { return width_; }
  bool are_all() const { return are_all_; }
  /// Where the i-th sample begins in x, and in the branch's matrices.
  int64_t in_x(int64_t i) const { return (are_all_ ? i : kept_[i]) * sample(); }
  int64_t in_branch(int64_t i) const { return i * sample(); }
  /// Values of a sample.
  int64_t sample() const { return tokens_ * width_; }

  /// Calls body(i) for every sample, on the team.
  template <class Body>
  void for_each(const Body& body) const {
    parallel_for(samples_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) body(i);
    });
  }

  /// The same for the branch's samples, and copies those of x that it does not see, all on the team.
  template <class Body>
  void for_each_of_x(const float* x, float* to, const Body& body) const {
    std::vector<int64_t> place(static_cast<size_t>(samples_of_x_), kDropped);  // in the branch
    for (int64_t i = 0; i < samples_; ++i) place[static_cast<size_t>(in_x(i) / sample())] = i;
    parallel_for(samples_of_x_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t s = begin; s < end; ++s) {
        const int64_t i = place[static_cast<size_t>(s)];
        if (i != kDropped) {
          body(i);
        } else {
          std::copy_n(x + s * sample(), sample(), to + s * sample());
        }
      }
    });
  }

 private:
  static constexpr int64_t kDropped = -1;

  int64_t samples_of_x_, samples_, tokens_, width_;
  bool are_all_;
  const int64_t* kept_;  ///< null also where none is
};

/// Calls body(begin, end, sums) for parts of [0, n), each with sums [width] of its own, and adds these up in order.
template <class Body>
at::Tensor sum_of_parts(int64_t n, int64_t width, const at::TensorOptions& options, const Body& body) {
  at::Tensor parts = at::zeros({kParts, width}, options);
  float* sums = parts.data_ptr<float>();
  parallel_for(kParts, 1, [&](int64_t first, int64_t last) {
    for (int64_t p = first; p < last; ++p) body(p * n / kParts, (p + 1) * n / kParts, sums + p * width);
  });
  return parts.sum(0);
}

at::Tensor column_sums(const at::Tensor& matrix) {
  const int64_t width = matrix.size(1);
  const float* values = matrix.data_ptr<float>();
  return sum_of_parts(matrix.size(0), width, matrix.options(), [&](int64_t begin, int64_t end, float* sums) {
    kernels::add_rows(values + begin * width, end - begin, width, sums);
  });
}

struct Normed {
  at::Tensor y;                              ///< [rows, C]
  std::vector<kernels::RowMoments> moments;  ///< [rows]
};

Normed normalise(const at::Tensor& x, const Rows& rows, const LayerNorm& norm, double eps) {
  Normed normed{at::empty({rows.rows(), rows.width()}, x.options()),
                std::vector<kernels::RowMoments>(static_cast<size_t>(rows.rows()))};
  const float *from = x.data_ptr<float>(), *weight = norm.weight.data_ptr<float>(), *bias = norm.bias.data_ptr<float>();
  float* to = normed.y.data_ptr<float>();
  rows.for_each([&](int64_t i) {
    kernels::layer_norm(from + rows.in_x(i), rows.tokens(), rows.width(), weight, bias, static_cast<float>(eps),
                        to + rows.in_branch(i), normed.moments.data() + i * rows.tokens());
  });
  return normed;
}

/// Gradients of the norm's scale and shift; `dy` [rows, C] becomes the gradient of its input.
LayerNorm normalise_backward(const at::Tensor& x, const Rows& rows, const LayerNorm& norm, const Normed& normed,
                             at::Tensor& dy) {
  const int64_t width = rows.width();
  const float *from = x.data_ptr<float>(), *weight = norm.weight.data_ptr<float>();
  float* gradient = dy.data_ptr<float>();
  const at::Tensor both =
      sum_of_parts(rows.samples(), 2 * width, x.options(), [&](int64_t begin, int64_t end, float* sums) {
        for (int64_t i = begin; i < end; ++i) {
          float* g = gradient + rows.in_branch(i);
          kernels::layer_norm_backward(from + rows.in_x(i), normed.moments.data() + i * rows.tokens(), rows.tokens(),
                                       width, weight, g, g, sums, sums + width);
        }
      });
  return {both.narrow(0, 0, width), both.narrow(0, width, width)};
}

/// x + scale * (branch + bias) for the branch's samples, x for the others. May overwrite `branch`.
at::Tensor add_to_kept(const at::Tensor& x, const Rows& rows, const at::Tensor& branch, const at::Tensor& bias,
                       double scale) {
  const at::Tensor out = rows.are_all() ? branch.view(x.sizes()) : at::empty_like(x);
  const float *from = x.data_ptr<float>(), *added = branch.data_ptr<float>(), *shift = bias.data_ptr<float>();
  float* to = out.data_ptr<float>();
  rows.for_each_of_x(from, to, [&](int64_t i) {
    kernels::add_branch(from + rows.in_x(i), added + rows.in_branch(i), shift, static_cast<float>(scale), rows.tokens(),
                        rows.width(), to + rows.in_x(i));
  });
  return out;
}

/// Gradient [rows, C] of a branch's result, from that of the sum.
at::Tensor branch_gradient(const at::Tensor& dout, const Rows& rows, const BranchOptions& options) {
  if (rows.are_all() && options.scale == 1) return dout.view({rows.rows(), rows.width()});
  at::Tensor out = at::empty({rows.rows(), rows.width()}, dout.options());
  const auto scale = static_cast<float>(options.scale);
  rows.for_each([&](int64_t i) {
    const float* from = dout.data_ptr<float>() + rows.in_x(i);
    float* to = out.data_ptr<float>() + rows.in_branch(i);
    for (int64_t j = 0; j < rows.sample(); ++j) to[j] = scale * from[j];
  });
  return out;
}

/// Gradient of x: that of the sum, and of the branch's input `dy` [rows, C], whose memory may serve for the result.
at::Tensor input_gradient(const at::Tensor& dout, const Rows& rows, at::Tensor& dy) {
  at::Tensor out = rows.are_all() ? dy.view(dout.sizes()) : at::empty_like(dout);
  const float *from = dout.data_ptr<float>(), *added = dy.data_ptr<float>();
  float* to = out.data_ptr<float>();
  rows.for_each_of_x(from, to, [&](int64_t i) {
    const float *a = from + rows.in_x(i), *b = added + rows.in_branch(i);
    float* sum = to + rows.in_x(i);
    for (int64_t j = 0; j < rows.sample(); ++j) sum[j] = a[j] + b[j];
  });
  return out;
}

/// What the attention branch leaves for its backward; `out` [rows, C] is made again.
struct Attended {
  at::Tensor qkv, log_sums, out;
};

Attended attend(const Rows& rows, const at::Tensor& y, const Linear& qkv, int64_t heads) {
  Attended kept;
  const kernels::AttentionShape shape{rows.samples(), rows.tokens(), heads, rows.width() / heads};
  kept.qkv = addmm(qkv.bias, y, qkv.weight.t());
  kept.out = at::empty_like(y);
  kept.log_sums = at::empty({shape.units(), shape.tokens}, y.options());
  parallel_for(shape.units(), 1, [&](int64_t first, int64_t last) {
    kernels::attention(shape, first, last, kept.qkv.data_ptr<float>(), kept.out.data_ptr<float>(),
                       kept.log_sums.data_ptr<float>());
  });
  return kept;
}

at::Tensor attention_forward(const at::Tensor& x, const LayerNorm& norm, const Attention& layers,
                             const BranchOptions& options, Attended& kept) {
  const Rows rows(x, options.kept);
  kept = attend(rows, normalise(x, rows, norm, options.eps).y, layers.qkv, options.heads);
  return add_to_kept(x, rows, mm(kept.out, layers.proj.weight.t()), layers.proj.bias, options.scale);
}

/// Gradients in the order of the arguments: x, norm, qkv, proj (weight, bias each).
variable_list attention_gradients(const at::Tensor& x, const LayerNorm& norm, const Attention& layers,
                                  const BranchOptions& options, Attended kept, const at::Tensor& dout) {
  const Rows rows(x, options.kept);
  const Normed normed = normalise(x, rows, norm, options.eps);
  if (!kept.qkv.defined()) kept = attend(rows, normed.y, layers.qkv, options.heads);
  kept.out = at::empty_like(normed.y);
  const kernels::AttentionShape shape{rows.samples(), rows.tokens(), options.heads, rows.width() / options.heads};
  const at::Tensor dbranch = branch_gradient(dout, rows, options);
  at::Tensor dattention = mm(dbranch, layers.proj.weight);
  const at::Tensor dqkv = at::empty_like(kept.qkv);
  parallel_for(shape.units(), 1, [&](int64_t first, int64_t last) {
    kernels::attention_backward(shape, first, last, kept.qkv.data_ptr<float>(), kept.out.data_ptr<float>(),
                                kept.log_sums.data_ptr<float>(), dattention.data_ptr<float>(), dqkv.data_ptr<float>());
  });
  const Linear dproj{mm(dbranch.t(), kept.out), column_sums(dbranch)};
  const Linear dlayer{mm(dqkv.t(), normed.y), column_sums(dqkv)};
  at::Tensor& dy = dattention;  // of the same size
  mm_out(dy, dqkv, layers.qkv.weight);
  const LayerNorm dnorm = normalise_backward(x, rows, norm, normed, dy);
  return {
      input_gradient(dout, rows, dy), dnorm.weight, dnorm.bias, dlayer.weight, dlayer.bias, dproj.weight, dproj.bias};
}

/// hidden += bias (which may be null), activated = gelu(hidden); the two may be the same.
void activate(const at::Tensor& hidden, const float* bias, const at::Tensor& activated) {
  const int64_t width = hidden.size(1);
  float *before = hidden.data_ptr<float>(), *after = activated.data_ptr<float>();
  parallel_for(hidden.size(0), 1, [&](int64_t begin, int64_t end) {
    kernels::bias_gelu(before + begin * width, bias, end - begin, width, after + begin * width);
  });
}

/// fc1 with its bias, before GELU, in `hidden`; returns fc2 without its bias.
at::Tensor mlp_products(const at::Tensor& y, const Mlp& layers, bool keep, at::Tensor& hidden) {
  hidden = mm(y, layers.fc1.weight.t());
  const at::Tensor activated = keep ? at::empty_like(hidden) : hidden;
  activate(hidden, layers.fc1.bias.data_ptr<float>(), activated);
  return mm(activated, layers.fc2.weight.t());
}

at::Tensor mlp_forward(const at::Tensor& x, const LayerNorm& norm, const Mlp& layers, const BranchOptions& options,
                       bool keep, at::Tensor& hidden) {
  const Rows rows(x, options.kept);
  const at::Tensor branch = mlp_products(normalise(x, rows, norm, options.eps).y, layers, keep, hidden);
  return add_to_kept(x, rows, branch, layers.fc2.bias, options.scale);
}

/// Gradients in the order of the arguments: x, norm, fc1, fc2 (weight, bias each).
variable_list mlp_gradients(const at::Tensor& x, const LayerNorm& norm, const Mlp& layers, const BranchOptions& options,
                            at::Tensor hidden, const at::Tensor& dout) {
  const Rows rows(x, options.kept);
  const Normed normed = normalise(x, rows, norm, options.eps);
  const bool again = !hidden.defined();
  if (again) hidden = mm(normed.y, layers.fc1.weight.t());
  const int64_t wide = hidden.size(1);
  at::Tensor activated = at::empty_like(hidden);
  activate(hidden, again ? layers.fc1.bias.data_ptr<float>() : nullptr, activated);  // what was kept has it already
  const at::Tensor dbranch = branch_gradient(dout, rows, options);
  const Linear dfc2{mm(dbranch.t(), activated), column_sums(dbranch)};
  at::Tensor& dhidden = activated;  // of the same size
  mm_out(dhidden, dbranch, layers.fc2.weight);
  const float* before = hidden.data_ptr<float>();
  float* after = dhidden.data_ptr<float>();
  Linear dfc1;
  dfc1.bias = sum_of_parts(rows.rows(), wide, x.options(), [&](int64_t begin, int64_t end, float* sums) {
    kernels::gelu_backward(before + begin * wide, end - begin, wide, after + begin * wide, sums);
  });
  dfc1.weight = mm(dhidden.t(), normed.y);
  at::Tensor dy = mm(dhidden, layers.fc1.weight);
  const LayerNorm dnorm = normalise_backward(x, rows, norm, normed, dy);
  return {input_gradient(dout, rows, dy), dnorm.weight, dnorm.bias, dfc1.weight, dfc1.bias, dfc2.weight, dfc2.bias};
}

/// Seven tensors and the options, as the autograd functions below take and save them.
struct Arguments {
  at::Tensor x;
  LayerNorm norm;
  Linear first, second;
  BranchOptions options;

  variable_list to_save(variable_list more) const {
    variable_list all{x, norm.weight, norm.bias, first.weight, first.bias, second.weight, second.bias, options.kept};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  static Arguments restored(AutogradContext* context, const variable_list& saved) {
    auto& data = context->saved_data;
    return {saved[0],
            {saved[1], saved[2]},
            {saved[3], saved[4]},
            {saved[5], saved[6]},
            {data["heads"].toInt(), data["eps"].toDouble(), saved[7], data["scale"].toDouble()}};
  }
};

constexpr size_t kArguments = 8;

void save(AutogradContext* context, const Arguments& arguments, variable_list more) {
  context->save_for_backward(arguments.to_save(std::move(more)));
  context->saved_data["heads"] = arguments.options.heads;
  context->saved_data["eps"] = arguments.options.eps;
  context->saved_data["scale"] = arguments.options.scale;
}

/// The options have no gradient.
variable_list with_none_for_options(variable_list gradients) {
  gradients.emplace_back();
  return gradients;
}

struct AttentionBranch : torch::autograd::Function<AttentionBranch> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& norm_weight,
                            const at::Tensor& norm_bias, const at::Tensor& qkv_weight, const at::Tensor& qkv_bias,
                            const at::Tensor& proj_weight, const at::Tensor& proj_bias, const BranchOptions& options) {
    const Arguments a{x, {norm_weight, norm_bias}, {qkv_weight, qkv_bias}, {proj_weight, proj_bias}, options};
    Attended kept;
    at::Tensor out = attention_forward(x, a.norm, {a.first, a.second}, options, kept);
    if (options.recompute) kept = {};
    save(context, a, {kept.qkv, kept.log_sums});
    return out;
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Arguments a = Arguments::restored(context, saved);
    return with_none_for_options(attention_gradients(a.x, a.norm, {a.first, a.second}, a.options,
                                                     {saved[kArguments], saved[kArguments + 1], {}},
                                                     gradients[0].contiguous()));
  }
};

struct MlpBranch : torch::autograd::Function<MlpBranch> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& norm_weight,
                            const at::Tensor& norm_bias, const at::Tensor& fc1_weight, const at::Tensor& fc1_bias,
                            const at::Tensor& fc2_weight, const at::Tensor& fc2_bias, const BranchOptions& options) {
    const Arguments a{x, {norm_weight, norm_bias}, {fc1_weight, fc1_bias}, {fc2_weight, fc2_bias}, options};
    at::Tensor hidden;
    at::Tensor out = mlp_forward(x, a.norm, {a.first, a.second}, options, !options.recompute, hidden);
    save(context, a, {options.recompute ? at::Tensor() : hidden});
    return out;
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Arguments a = Arguments::restored(context, saved);
    return with_none_for_options(
        mlp_gradients(a.x, a.norm, {a.first, a.second}, a.options, saved[kArguments], gradients[0].contiguous()));
  }
};

bool learns(const at::Tensor& x, const at::Tensor& weight) {
  return at::GradMode::is_enabled() && (x.requires_grad() || weight.requires_grad());
}

}  // namespace

at::Tensor attention_branch(const at::Tensor& x, const LayerNorm& norm, const Attention& layers,
                            const BranchOptions& options) {
  if (!has_kernels(x)) return reference::attention_branch(x, norm, layers, options);
  const at::Tensor input = x.contiguous();
  if (learns(x, layers.qkv.weight)) {
    return AttentionBranch::apply(input, norm.weight, norm.bias, layers.qkv.weight, layers.qkv.bias, layers.proj.weight,
                                  layers.proj.bias, options);
  }
  Attended unused;
  return attention_forward(input, norm, layers, options, unused);
}

at::Tensor mlp_branch(const at::Tensor& x, const LayerNorm& norm, const Mlp& layers, const BranchOptions& options) {
  if (!has_kernels(x)) return reference::mlp_branch(x, norm, layers, options);
  const at::Tensor input = x.contiguous();
  if (learns(x, layers.fc1.weight)) {
    return MlpBranch::apply(input, norm.weight, norm.bias, layers.fc1.weight, layers.fc1.bias, layers.fc2.weight,
                            layers.fc2.bias, options);
  }
  at::Tensor unused;
  return mlp_forward(input, norm, layers, options, false, unused);
}

namespace reference {
namespace {

at::Tensor add(const at::Tensor& x, const at::Tensor& branch, const BranchOptions& options) {
  if (!options.kept.defined()) return x + branch * options.scale;
  const at::Tensor kept = options.kept.to(x.device());
  return x.index_add(0, kept, branch.index_select(0, kept) * options.scale);
}

}  // namespace

at::Tensor attention_branch(const at::Tensor& x, const LayerNorm& norm, const Attention& layers,
                            const BranchOptions& options) {
  const at::Tensor qkv = linear(layer_norm(x, norm, options.eps), layers.qkv);
  return add(x, linear(attention(qkv, options.heads), layers.proj), options);
}

at::Tensor mlp_branch(const at::Tensor& x, const LayerNorm& norm, const Mlp& layers, const BranchOptions& options) {
  return add(x, linear(gelu(linear(layer_norm(x, norm, options.eps), layers.fc1)), layers.fc2), options);
}

}  // namespace reference
}  // namespace ops
}  // namespace gtsa::nn
