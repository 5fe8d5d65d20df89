#include "learn/nn/block.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>
#include <vector>

#include "core/base/parallel.h"
#include "core/kernels/activations.h"
#include "core/kernels/attention.h"
#include "learn/nn/ops.h"
#include "learn/nn/pieces.h"
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

void normalise(const Piece& piece, const Matrix& x, const LayerNorm& norm, double eps, float* y,
               kernels::RowMoments* moments) {
  kernels::layer_norm(x.row(piece.in_x), piece.rows, x.width, norm.weight.data_ptr<float>(),
                      norm.bias.data_ptr<float>(), static_cast<float>(eps), y, moments);
}

/// x + scale * (branch + bias) for the branch's piece, whose product without bias is in the sum's place.
void add_branch(const Piece& piece, const Matrix& x, const at::Tensor& bias, double scale, const Matrix& sum) {
  float* to = sum.row(piece.in_x);
  kernels::add_branch(x.row(piece.in_x), to, bias.data_ptr<float>(), static_cast<float>(scale), piece.rows, x.width,
                      to);
}

/// What the backwards of both branches begin and end with.
class BranchBackward {
 public:
  BranchBackward(const at::Tensor& x, const LayerNorm& norm, const BranchOptions& options, const at::Tensor& dout)
      : rows(x, options.kept),
        normed(at::empty({rows.count(), rows.width()}, x.options())),
        dbranch(rows.are_all() && options.scale == 1 ? dout.view(normed.sizes()) : at::empty_like(normed)),
        dx(at::empty_like(x)),
        scale_(static_cast<float>(options.scale)),
        eps_(options.eps),
        x_(x),
        dout_(dout),
        norm_(norm),
        moments_(static_cast<size_t>(rows.count())),
        dbias_(rows, rows.width(), x.options()),
        dnorm_(rows, 2 * rows.width(), x.options()) {}

  /// Makes a piece of `normed` again, and takes its gradient.
  void begin(const Piece& piece) {
    normalise(piece, matrix_of(x_), norm_, eps_, matrix_of(normed).row(piece.in_branch),
              moments_.data() + piece.in_branch);
    float* to = matrix_of(dbranch).row(piece.in_branch);
    if (!dbranch.is_alias_of(dout_)) {
      const float* from = matrix_of(dout_).row(piece.in_x);
      for (int64_t i = 0; i < piece.rows * rows.width(); ++i) to[i] = scale_ * from[i];
    }
    kernels::add_rows(to, piece.rows, rows.width(), dbias_.of(piece));
  }

  /// The gradient of x, once that of the norm's result is in its place.
  void end(const Piece& piece) {
    const int64_t width = rows.width();
    float *to = matrix_of(dx).row(piece.in_x), *sums = dnorm_.of(piece);
    kernels::layer_norm_backward(matrix_of(x_).row(piece.in_x), moments_.data() + piece.in_branch, piece.rows, width,
                                 norm_.weight.data_ptr<float>(), to, to, sums, sums + width);
    const float* residual = matrix_of(dout_).row(piece.in_x);
    for (int64_t i = 0; i < piece.rows * width; ++i) to[i] += residual[i];
  }

  /// In the order of a branch's arguments: x, norm, the first and the second layer (weight, bias each).
  variable_list gradients(const Linear& first, const at::Tensor& second_weight) const {
    rows.copy_dropped(dout_, dx);
    const at::Tensor of_norm = dnorm_.total();
    const int64_t width = rows.width();
    return {dx,
            of_norm.narrow(0, 0, width),
            of_norm.narrow(0, width, width),
            first.weight,
            first.bias,
            second_weight,
            dbias_.total()};
  }

  const Rows rows;
  const at::Tensor normed;   ///< [rows, C]
  const at::Tensor dbranch;  ///< [rows, C], gradient of the branch's result
  const at::Tensor dx;       ///< [n, T, C]

 private:
  float scale_;
  double eps_;
  at::Tensor x_, dout_;
  LayerNorm norm_;
  std::vector<kernels::RowMoments> moments_;
  Sums dbias_, dnorm_;
};

/// The multiplier of what forward did not keep.
std::optional<Multiplier> turned_if(bool made_again, const at::Tensor& weight) {
  return made_again ? std::optional(Multiplier::turned(weight)) : std::nullopt;
}

/// What the attention branch leaves for its backward; `out` [rows, C] is made again.
struct Attended {
  at::Tensor qkv, log_sums, out;
};

kernels::AttentionShape shape_of(const Rows& rows, const BranchOptions& options) {
  return {rows.samples(), rows.tokens(), options.heads, rows.width() / options.heads};
}

/// Fills `out` and `log_sums`.
void attend(const Rows& rows, const BranchOptions& options, Attended& kept) {
  const kernels::AttentionShape shape = shape_of(rows, options);
  kept.out = at::empty({rows.count(), rows.width()}, kept.qkv.options());
  kept.log_sums = at::empty({shape.units(), shape.tokens}, kept.qkv.options());
  parallel_for(shape.units(), 1, [&](int64_t first, int64_t last) {
    kernels::attention(shape, first, last, kept.qkv.data_ptr<float>(), kept.out.data_ptr<float>(),
                       kept.log_sums.data_ptr<float>());
  });
}

at::Tensor attention_forward(const at::Tensor& x, const LayerNorm& norm, const Attention& layers,
                             const BranchOptions& options, Attended& kept) {
  const Rows rows(x, options.kept);
  const auto to_qkv = Multiplier::turned(layers.qkv.weight), project = Multiplier::turned(layers.proj.weight);
  kept.qkv = at::empty({rows.count(), 3 * rows.width()}, x.options());
  const PieceMemory memory(rows, rows.width(), x.options());
  const Matrix from = matrix_of(x), qkv = matrix_of(kept.qkv);
  rows.for_each_piece([&](const Piece& piece) {
    float* y = memory.of(piece);
    normalise(piece, from, norm, options.eps, y, nullptr);
    to_qkv(y, piece.rows, layers.qkv.bias.data_ptr<float>(), qkv.row(piece.in_branch));
  });
  attend(rows, options, kept);
  at::Tensor out = at::empty_like(x);
  const Matrix attended = matrix_of(kept.out), sum = matrix_of(out);
  rows.for_each_piece([&](const Piece& piece) {
    project(attended.row(piece.in_branch), piece.rows, sum.row(piece.in_x));
    add_branch(piece, from, layers.proj.bias, options.scale, sum);
  });
  rows.copy_dropped(x, out);
  return out;
}

variable_list attention_gradients(const at::Tensor& x, const LayerNorm& norm, const Attention& layers,
                                  const BranchOptions& options, Attended kept, const at::Tensor& dout) {
  BranchBackward backward(x, norm, options, dout);
  const Rows& rows = backward.rows;
  const bool again = !kept.qkv.defined();
  if (again) kept.qkv = at::empty({rows.count(), 3 * rows.width()}, x.options());
  const auto to_qkv = turned_if(again, layers.qkv.weight);
  const auto unproject = Multiplier::as_it_is(layers.proj.weight), from_qkv = Multiplier::as_it_is(layers.qkv.weight);
  const Matrix normed = matrix_of(backward.normed), dbranch = matrix_of(backward.dbranch), qkv = matrix_of(kept.qkv);
  const Matrix dx = matrix_of(backward.dx), dheads = dx;  // attention has used the one before the other begins
  rows.for_each_piece([&](const Piece& piece) {
    const int64_t row = piece.in_branch;
    backward.begin(piece);
    if (to_qkv) (*to_qkv)(normed.row(row), piece.rows, layers.qkv.bias.data_ptr<float>(), qkv.row(row));
    unproject(dbranch.row(row), piece.rows, dheads.row(row));
  });
  if (again) attend(rows, options, kept);
  kept.out = at::empty_like(backward.normed);
  const kernels::AttentionShape shape = shape_of(rows, options);
  const at::Tensor dqkv = at::empty_like(kept.qkv);
  parallel_for(shape.units(), 1, [&](int64_t first, int64_t last) {
    kernels::attention_backward(shape, first, last, qkv.values, kept.out.data_ptr<float>(),
                                kept.log_sums.data_ptr<float>(), dheads.values, dqkv.data_ptr<float>());
  });
  const at::Tensor dproj = mm(backward.dbranch.t(), kept.out);
  const Sums dbias(rows, dqkv.size(1), x.options());
  const Matrix gradient = matrix_of(dqkv);
  rows.for_each_piece([&](const Piece& piece) {
    const float* of_piece = gradient.row(piece.in_branch);
    kernels::add_rows(of_piece, piece.rows, gradient.width, dbias.of(piece));
    from_qkv(of_piece, piece.rows, dx.row(piece.in_x));
    backward.end(piece);
  });
  return backward.gradients({mm(dqkv.t(), backward.normed), dbias.total()}, dproj);
}

/// `hidden` [rows, 4C] receives fc1 with its bias, before GELU, where that is to be kept.
at::Tensor mlp_forward(const at::Tensor& x, const LayerNorm& norm, const Mlp& layers, const BranchOptions& options,
                       bool keep, at::Tensor& hidden) {
  const Rows rows(x, options.kept);
  const auto fc1 = Multiplier::turned(layers.fc1.weight), fc2 = Multiplier::turned(layers.fc2.weight);
  const int64_t width = rows.width(), wide = layers.fc1.weight.size(0);
  if (keep) hidden = at::empty({rows.count(), wide}, x.options());
  at::Tensor out = at::empty_like(x);
  const PieceMemory memory(rows, width + wide, x.options());
  const Matrix from = matrix_of(x), sum = matrix_of(out), kept = keep ? matrix_of(hidden) : Matrix();
  rows.for_each_piece([&](const Piece& piece) {
    float *y = memory.of(piece), *activated = y + piece.rows * width;
    float* before = keep ? kept.row(piece.in_branch) : activated;
    normalise(piece, from, norm, options.eps, y, nullptr);
    fc1(y, piece.rows, before);
    kernels::bias_gelu(before, layers.fc1.bias.data_ptr<float>(), piece.rows, wide, activated);
    fc2(activated, piece.rows, sum.row(piece.in_x));
    add_branch(piece, from, layers.fc2.bias, options.scale, sum);
  });
  rows.copy_dropped(x, out);
  return out;
}

variable_list mlp_gradients(const at::Tensor& x, const LayerNorm& norm, const Mlp& layers, const BranchOptions& options,
                            at::Tensor hidden, const at::Tensor& dout) {
  BranchBackward backward(x, norm, options, dout);
  const Rows& rows = backward.rows;
  const int64_t wide = layers.fc1.weight.size(0);
  const bool again = !hidden.defined();
  if (again) hidden = at::empty({rows.count(), wide}, x.options());
  const auto fc1 = turned_if(again, layers.fc1.weight);
  const auto unfc1 = Multiplier::as_it_is(layers.fc1.weight), unfc2 = Multiplier::as_it_is(layers.fc2.weight);
  const at::Tensor activated = at::empty_like(hidden);
  const Matrix normed = matrix_of(backward.normed), before = matrix_of(hidden), after = matrix_of(activated);
  rows.for_each_piece([&](const Piece& piece) {
    const int64_t row = piece.in_branch;
    backward.begin(piece);
    if (fc1) (*fc1)(normed.row(row), piece.rows, before.row(row));
    // What was kept has its bias already.
    kernels::bias_gelu(before.row(row), again ? layers.fc1.bias.data_ptr<float>() : nullptr, piece.rows, wide,
                       after.row(row));
  });
  const at::Tensor dfc2 = mm(backward.dbranch.t(), activated);
  const at::Tensor& dhidden = activated;  // of the same size
  const Sums dbias(rows, wide, x.options());
  const Matrix dbranch = matrix_of(backward.dbranch), dx = matrix_of(backward.dx);
  rows.for_each_piece([&](const Piece& piece) {
    float* gradient = after.row(piece.in_branch);
    unfc2(dbranch.row(piece.in_branch), piece.rows, gradient);
    kernels::gelu_backward(before.row(piece.in_branch), piece.rows, wide, gradient, dbias.of(piece));
    unfc1(gradient, piece.rows, dx.row(piece.in_x));
    backward.end(piece);
  });
  return backward.gradients({mm(dhidden.t(), backward.normed), dbias.total()}, dfc2);
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
