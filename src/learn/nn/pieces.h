#pragma once
// How a chain of operations on rows runs: every thread takes a piece of the rows, small enough for its cache, through
// all of the chain before it takes the next piece. Between two operations nothing is waited for, and nothing is written
// to memory but what backward wants.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/base/parallel.h"

namespace gtsa::nn::ops {

/// A contiguous float32 tensor as the rows of its last axis.
struct Matrix {
  float* values = nullptr;
  int64_t width = 0;
  float* row(int64_t i) const { return values + i * width; }
};
Matrix matrix_of(const at::Tensor& tensor);

/// Neighbouring rows of one sample.
struct Piece {
  int64_t rows = 0;
  int64_t in_x = 0;       ///< the first one's place in x
  int64_t in_branch = 0;  ///< and in the branch's matrices, which have the rows of the kept samples only
  int64_t part = 0;       ///< of the rows; one thread takes all pieces of a part
};

/// The rows of x [n, T, C] that a branch sees, cut into pieces. Ranges depend on the shape and the number of threads.
class Rows {
 public:
  /// `kept` I64 [k] on the CPU: the samples, ascending; undefined: all.
  Rows(const at::Tensor& x, const at::Tensor& kept);

  int64_t samples() const { return samples_; }
  int64_t tokens() const { return tokens_; }
  int64_t count() const { return samples_ * tokens_; }
  int64_t width() const { return width_; }
  bool are_all() const { return !kept_.defined(); }
  /// As many as there are threads.
  int64_t parts() const { return parts_; }
  /// Rows of the largest piece.
  int64_t piece_rows() const;

  /// Calls body(piece) for every piece, on the team, the pieces of a part one after the other.
  template <class Body>
  void for_each_piece(const Body& body) const {
    const int64_t pieces = samples_ * cuts_;
    parallel_for(parts_, 1, [&](int64_t first, int64_t last) {
      for (int64_t part = first; part < last; ++part) {
        for (int64_t i = part * pieces / parts_; i < (part + 1) * pieces / parts_; ++i) body(piece(i, part));
      }
    });
  }

  /// Copies the samples of x that the branch does not see.
  void copy_dropped(const at::Tensor& x, const at::Tensor& to) const;

 private:
  Piece piece(int64_t i, int64_t part) const;

  int64_t samples_of_x_, samples_, tokens_, width_;
  at::Tensor kept_;
  int64_t parts_, cuts_;  ///< cuts of a sample
};

/// Memory for a piece's values between two operations, the same for all pieces of a part.
class PieceMemory {
 public:
  PieceMemory(const Rows& rows, int64_t width, const at::TensorOptions& options);
  float* of(const Piece& piece) const { return memory_.row(piece.part); }

 private:
  at::Tensor tensor_;
  Matrix memory_;
};

/// Sums over rows: every part has its own, added up in their order.
class Sums {
 public:
  Sums(const Rows& rows, int64_t width, const at::TensorOptions& options);
  float* of(const Piece& piece) const { return sums_.row(piece.part); }
  at::Tensor total() const;  ///< [width]

 private:
  at::Tensor tensor_;
  Matrix sums_;
};

/// A matrix [inner, columns] that pieces are multiplied with from the right. Small products read its rows fast, its
/// columns slowly: a layer's weights [out, in] are turned before its forward.
class Multiplier {
 public:
  static Multiplier as_it_is(const at::Tensor& matrix);
  static Multiplier turned(const at::Tensor& matrix);

  /// y [rows, columns] = x [rows, inner] times the matrix.
  void operator()(const float* x, int64_t rows, float* y) const { multiply(x, rows, 0, y); }
  /// The same plus `bias` [columns] on every row.
  void operator()(const float* x, int64_t rows, const float* bias, float* y) const;

 private:
  explicit Multiplier(at::Tensor matrix);
  void multiply(const float* x, int64_t rows, float beta, float* y) const;

  at::Tensor tensor_;
  Matrix matrix_;
};

}  // namespace gtsa::nn::ops
