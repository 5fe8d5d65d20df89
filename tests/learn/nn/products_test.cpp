// Products and linear layers against ATen's.

#include "learn/nn/products.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <vector>

#include "core/base/error.h"
#include "learn/nn/normals.h"
#include "learn/nn/ops.h"

namespace gtsa::nn {
namespace {

using test::normals;

testing::AssertionResult agree(const at::Tensor& got, const at::Tensor& want) {
  if (got.sizes() != want.sizes()) return testing::AssertionFailure() << "of other sizes";
  if (at::allclose(got, want, 1e-5, 1e-4)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "apart by " << (got - want).abs().max().item<double>();
}

/// Matrices of the same size that lie in memory in as many ways as there are.
std::vector<at::Tensor> layouts(int64_t rows, int64_t columns, uint64_t stream) {
  const at::Tensor wide = normals({rows, 2 * columns}, stream), high = normals({columns, rows}, stream + 1);
  return {normals({rows, columns}, stream + 2), high.t(), wide.narrow(1, columns, columns),
          wide.unflatten(1, {columns, 2}).select(2, 1)};
}

TEST(Products, TakeMatricesHoweverTheyLie) {
  for (const int64_t inner : {1, 9, 600}) {  // 600: large enough for the other library
    for (const at::Tensor& a : layouts(41, inner, 10)) {
      for (const at::Tensor& b : layouts(inner, 47, 20)) {
        const at::Tensor bias = normals({47}, 30), want = at::mm(a, b);
        EXPECT_TRUE(agree(ops::mm(a, b), want));
        EXPECT_TRUE(agree(ops::addmm(bias, a, b), want + bias));
        at::Tensor out = at::zeros({41, 47});
        ops::mm_out(out, a, b);
        EXPECT_TRUE(agree(out, want));
      }
    }
  }
  const at::Tensor a = normals({3, 5, 7}, 1), b = normals({3, 9, 7}, 2).transpose(1, 2);
  EXPECT_TRUE(agree(ops::bmm(a, b), at::bmm(a, b)));
}

TEST(Products, OfNothingAreZero) {
  EXPECT_TRUE(agree(ops::mm(normals({3, 0}, 1), normals({0, 4}, 2)), at::zeros({3, 4})));
  EXPECT_EQ(ops::mm(normals({0, 3}, 1), normals({3, 4}, 2)).sizes(), at::IntArrayRef({0, 4}));
}

TEST(Products, OfOtherTypesAreATens) {
  const at::Tensor a = normals({3, 5}, 1).to(at::kDouble), b = normals({5, 4}, 2).to(at::kDouble);
  EXPECT_TRUE(ops::mm(a, b).equal(at::mm(a, b)));
  EXPECT_TRUE(ops::addmm(b[0], a, b).equal(at::addmm(b[0], a, b)));
  EXPECT_TRUE(ops::bmm(a.unsqueeze(0), b.unsqueeze(0)).equal(at::bmm(a.unsqueeze(0), b.unsqueeze(0))));
  at::Tensor out = at::zeros({3, 4}, at::kDouble);
  ops::mm_out(out, a, b);
  EXPECT_TRUE(out.equal(at::mm(a, b)));
}

TEST(Products, RefuseWhatDoesNotFit) {
  EXPECT_THROW(ops::mm(normals({3, 5}, 1), normals({4, 3}, 2)), BugError);
  at::Tensor out = at::zeros({3, 3});
  EXPECT_THROW(ops::mm_out(out, normals({3, 5}, 1), normals({5, 4}, 2)), BugError);
}

/// The result of a linear layer, then the gradients of sum(result^2) for x, weight and bias.
using LinearOp = at::Tensor (*)(const at::Tensor&, const Linear&);
std::vector<at::Tensor> run(LinearOp linear, at::IntArrayRef sizes, bool with_bias) {
  const at::Tensor x = normals(sizes, 1).requires_grad_();
  Linear layer{normals({70, sizes.back()}, 2).requires_grad_(), {}};
  if (with_bias) layer.bias = normals({70}, 3).requires_grad_();
  const at::Tensor y = linear(x, layer);
  y.square().mean().backward();
  std::vector<at::Tensor> found{y.detach(), x.grad(), layer.weight.grad()};
  if (with_bias) found.push_back(layer.bias.grad());
  return found;
}

TEST(Linear, AgreesWithATensAndSoDoItsGradients) {
  const std::vector<std::vector<int64_t>> every{{5, 8}, {2, 3, 8}, {4, 65, 96}, {0, 3, 8}};
  for (const auto& sizes : every) {
    for (const bool with_bias : {false, true}) {
      const auto got = run(ops::linear, sizes, with_bias), want = run(ops::reference::linear, sizes, with_bias);
      for (size_t i = 0; i < want.size(); ++i) EXPECT_TRUE(agree(got[i], want[i])) << i;
    }
  }
}

TEST(Linear, LeavesWhatDoesNotLearnAlone) {
  const at::Tensor x = normals({4, 8}, 1);
  const Linear frozen{normals({3, 8}, 2), normals({3}, 3).requires_grad_()};
  ops::linear(x, frozen).sum().backward();
  EXPECT_FALSE(frozen.weight.grad().defined());
  EXPECT_TRUE(agree(frozen.bias.grad(), at::zeros({3}) + 4));
}

}  // namespace
}  // namespace gtsa::nn
