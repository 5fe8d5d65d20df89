#include "learn/nn/pieces.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/kernels/product.h"
#include "core/kernels/transpose.h"

namespace gtsa::nn::ops {
namespace {

/// More rows would not stay in a core's cache, four times as wide as a transformer's tokens.
constexpr int64_t kMostRows = 128;
/// Of fewer rows, a product spends its time on beginning.
constexpr int64_t kLeastRows = 16;
/// So that a thread with one piece more than the others keeps them waiting for a fifth of the time at most.
constexpr int64_t kPiecesOfPart = 4;

int64_t divided_up(int64_t n, int64_t by) { return (n + by - 1) / by; }

}  // namespace

Matrix matrix_of(const at::Tensor& tensor) { return {tensor.data_ptr<float>(), tensor.size(-1)}; }

Rows::Rows(const at::Tensor& x, const at::Tensor& kept)
    : samples_of_x_(x.size(0)),
      samples_(kept.defined() ? kept.size(0) : x.size(0)),
      tokens_(x.size(1)),
      width_(x.size(2)),
      kept_(kept),
      parts_(threads()),
      cuts_(std::max(divided_up(tokens_, kMostRows),
                     std::min(divided_up(kPiecesOfPart * parts_, std::max<int64_t>(samples_, 1)),
                              divided_up(tokens_, kLeastRows)))) {}

int64_t Rows::piece_rows() const { return divided_up(tokens_, cuts_); }

Piece Rows::piece(int64_t i, int64_t part) const {
  const int64_t sample = i / cuts_, cut = i % cuts_;
  const int64_t begin = cut * tokens_ / cuts_, end = (cut + 1) * tokens_ / cuts_;
  return {end - begin, (are_all() ? sample : kept_.data_ptr<int64_t>()[sample]) * tokens_ + begin,
          sample * tokens_ + begin, part};
}

void Rows::copy_dropped(const at::Tensor& x, const at::Tensor& to) const {
  if (are_all()) return;
  const int64_t* kept = kept_.data_ptr<int64_t>();
  std::vector<int64_t> dropped;
  for (int64_t i = 0, next = 0; i < samples_of_x_; ++i) {
    if (next < samples_ && kept[next] == i) {
      ++next;
    } else {
      dropped.push_back(i);
    }
  }
  const float* from = x.data_ptr<float>();
  float* there = to.data_ptr<float>();
  const int64_t sample = tokens_ * width_;
  parallel_for(std::ssize(dropped), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t at = dropped[static_cast<size_t>(i)] * sample;
      std::copy_n(from + at, sample, there + at);
    }
  });
}

PieceMemory::PieceMemory(const Rows& rows, int64_t width, const at::TensorOptions& options)
    : tensor_(at::empty({rows.parts(), rows.piece_rows() * width}, options)), memory_(matrix_of(tensor_)) {}

Sums::Sums(const Rows& rows, int64_t width, const at::TensorOptions& options)
    : tensor_(at::zeros({rows.parts(), width}, options)), sums_(matrix_of(tensor_)) {}

at::Tensor Sums::total() const { return tensor_.sum(0); }

Multiplier::Multiplier(at::Tensor matrix) : tensor_(std::move(matrix)), matrix_(matrix_of(tensor_)) {}

Multiplier Multiplier::as_it_is(const at::Tensor& matrix) { return Multiplier(matrix.contiguous()); }

Multiplier Multiplier::turned(const at::Tensor& matrix) {
  const at::Tensor whole = matrix.contiguous();
  const int64_t rows = whole.size(0), columns = whole.size(1);
  at::Tensor turned = at::empty({columns, rows}, whole.options());
  const float* from = whole.data_ptr<float>();
  float* to = turned.data_ptr<float>();
  parallel_for(columns, kLeastRows, [&](int64_t begin, int64_t end) {
    kernels::transpose(from + begin, columns, rows, end - begin, to + begin * rows, rows);
  });
  return Multiplier(turned);
}

void Multiplier::operator()(const float* x, int64_t rows, const float* bias, float* y) const {
  for (int64_t i = 0; i < rows; ++i) std::copy_n(bias, matrix_.width, y + i * matrix_.width);
  multiply(x, rows, 1, y);
}

void Multiplier::multiply(const float* x, int64_t rows, float beta, float* y) const {
  const int64_t inner = tensor_.size(0), columns = matrix_.width;
  kernels::product({rows, columns, inner}, 1, {x, inner}, {matrix_.values, columns}, beta, y, columns);
}

}  // namespace gtsa::nn::ops
