#include "learn/train/lars.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_softmax.h>
#include <ATen/ops/full.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/golden_torch.h"

namespace gtsa::train {
namespace {

using test::golden_tensor;
using test::max_difference;

void expect_near(const at::Tensor& got, const at::Tensor& want, double absolute) {
  EXPECT_LE(((got - want).abs() - 1e-4 * want.abs()).max().item<double>(), absolute);
}

TEST(lars_steps_GoldenTest, SoftmaxRegressionTakesTheRecordedSteps) {
  GTSA_REQUIRE_GOLDEN("lars_steps");
  const test::Golden golden("lars_steps");
  const at::Tensor x = golden_tensor(golden, "x");
  const auto& settings = golden.json().at("settings");
  for (size_t s = 0; s < settings.size(); ++s) {
    SCOPED_TRACE(s);
    const auto recorded = [&](const char* what, int64_t step) {
      return golden_tensor(golden, fmt::format("{}.{}.{}", s, what, step));
    };
    const at::Tensor weight = recorded("weight", 0), bias = recorded("bias", 0);
    MomentumDescent optimizer({weight, bias}, {.momentum = golden.json().at("momentum"),
                                               .weight_decay = settings[s].at("weight_decay"),
                                               .trust = golden.json().at("trust_coefficient")});
    const at::Tensor truth = at::one_hot(golden_tensor(golden, "y"), weight.size(0));
    for (int64_t step = 1; step <= golden.json().at("config").at("steps").get<int64_t>(); ++step) {
      const at::Tensor logits = x.mm(weight.t()) + bias;
      const at::Tensor d = (at::_softmax(logits, 1, false) - truth) / x.size(0);
      const at::Tensor gradient = d.t().mm(x);
      expect_near(gradient, recorded("weight_grad", step), 1e-6);
      optimizer.step(std::vector{gradient, d.sum(0)}, settings[s].at("lr"));
      expect_near(weight, recorded("weight", step), 1e-6);
      expect_near(bias, recorded("bias", step), 1e-6);
      expect_near(optimizer.momenta()[0], recorded("mu", step), 1e-7);
    }
  }
}

TEST(MomentumDescent, PlainDecaysEveryTensorAndTakesTheWholeGradient) {
  const at::Tensor weight = at::full({2, 2}, 1.0), bias = at::full({2}, 1.0);
  MomentumDescent optimizer({weight, bias}, {.momentum = 0.5, .weight_decay = 0.1});
  const std::vector gradients{at::full({2, 2}, 0.4), at::full({2}, 0.4)};
  optimizer.step(gradients, 1);  // mu = 0.5
  EXPECT_LT(max_difference(weight, at::full({2, 2}, 0.5)), 1e-6);
  EXPECT_LT(max_difference(bias, at::full({2}, 0.5)), 1e-6);
  optimizer.step(gradients, 1);  // mu = 0.25 + 0.45
  EXPECT_LT(max_difference(weight, at::full({2, 2}, -0.2)), 1e-6);
}

TEST(MomentumDescent, LarsLeavesVectorsToTheBareGradientAndZerosToTheWholeStep) {
  const at::Tensor weight = at::zeros({2, 2}), bias = at::full({2}, 1.0);
  MomentumDescent optimizer({weight, bias}, {.weight_decay = 0.5, .trust = 0.001});
  optimizer.step(std::vector{at::full({2, 2}, 0.25), at::full({2}, 0.25)}, 1);
  EXPECT_LT(max_difference(weight, at::full({2, 2}, -0.25)), 1e-7);
  EXPECT_LT(max_difference(bias, at::full({2}, 0.75)), 1e-7);
  optimizer.step(std::vector{at::zeros({2, 2}), at::zeros({2})}, 0);
  EXPECT_LT(max_difference(weight, at::full({2, 2}, -0.25)), 1e-7);
}

}  // namespace
}  // namespace gtsa::train
