#include "learn/nn/pieces.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <mutex>
#include <vector>

#include "core/base/parallel.h"
#include "learn/nn/normals.h"
#include "support/golden_torch.h"

namespace gtsa::nn::ops {
namespace {

class Pieces : public testing::TestWithParam<int> {
 protected:
  Pieces() : threads_before_(threads()) { set_threads(GetParam()); }
  ~Pieces() override { set_threads(threads_before_); }

 private:
  int threads_before_;
};
INSTANTIATE_TEST_SUITE_P(Threads, Pieces, testing::Values(1, 2, 3, 7));

TEST_P(Pieces, HoldEveryRowOfTheKeptSamplesOnce) {
  for (const int64_t tokens : {1, 17, 65, 300}) {
    for (const std::vector<int64_t>& kept : {std::vector<int64_t>{0, 1, 2, 3, 4}, {1, 4}, {}}) {
      const Rows rows(at::empty({5, tokens, 3}), at::tensor(kept, at::kLong));
      std::vector<int> seen(static_cast<size_t>(rows.count()));
      std::mutex guard;
      rows.for_each_piece([&](const Piece& piece) {
        const std::lock_guard lock(guard);
        EXPECT_LE(piece.rows, rows.piece_rows());
        EXPECT_LT(piece.part, rows.parts());
        const int64_t sample = piece.in_branch / tokens;
        EXPECT_EQ(piece.in_x - kept[static_cast<size_t>(sample)] * tokens, piece.in_branch - sample * tokens);
        for (int64_t i = 0; i < piece.rows; ++i) ++seen[static_cast<size_t>(piece.in_branch + i)];
      });
      EXPECT_EQ(seen, std::vector<int>(seen.size(), 1)) << tokens << " tokens, " << kept.size() << " samples";
    }
  }
}

TEST_P(Pieces, LeaveDroppedSamplesToBeCopied) {
  const at::Tensor x = test::normals({5, 4, 3}, 1);
  at::Tensor to = at::full_like(x, 9);
  Rows(x, at::tensor(std::vector<int64_t>{1, 3}, at::kLong)).copy_dropped(x, to);
  for (const int64_t i : {0, 2, 4}) EXPECT_TRUE(at::equal(to[i], x[i])) << i;
  for (const int64_t i : {1, 3}) EXPECT_TRUE(at::equal(to[i], at::full_like(x[i], 9))) << i;
}

TEST_P(Pieces, AddUpToTheSumOverAllRows) {
  const at::Tensor x = at::arange(5 * 40 * 2, at::kFloat).view({5, 40, 2});
  const Rows rows(x, {});
  const Sums sums(rows, 2, x.options());
  rows.for_each_piece([&](const Piece& piece) {
    for (int64_t i = 0; i < piece.rows; ++i) {
      for (int64_t c = 0; c < 2; ++c) sums.of(piece)[c] += matrix_of(x).row(piece.in_x + i)[c];
    }
  });
  EXPECT_TRUE(at::equal(sums.total(), x.view({200, 2}).sum(0)));
}

TEST_P(Pieces, AreMultipliedByAMatrixOrItsTranspose) {
  const at::Tensor x = test::normals({9, 33}, 1), matrix = test::normals({33, 50}, 2), bias = test::normals({50}, 3);
  at::Tensor y = at::empty({9, 50});
  const at::Tensor want = at::matmul(x, matrix);
  for (const Multiplier& multiply : {Multiplier::as_it_is(matrix), Multiplier::turned(matrix.t())}) {
    multiply(x.data_ptr<float>(), 9, y.data_ptr<float>());
    EXPECT_LE(test::max_difference(y, want), 1e-4);
    multiply(x.data_ptr<float>(), 9, bias.data_ptr<float>(), y.data_ptr<float>());
    EXPECT_LE(test::max_difference(y, want + bias), 1e-4);
  }
}

}  // namespace
}  // namespace gtsa::nn::ops
