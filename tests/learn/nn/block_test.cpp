#include "learn/nn/block.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <tuple>
#include <vector>

#include "core/base/rng.h"
#include "learn/nn/ops.h"
#include "support/golden_torch.h"

namespace gtsa::nn {
namespace {

at::Tensor numbers(at::IntArrayRef shape, uint64_t sample, float scale = 1) {
  Rng rng({11, 0, sample, 0, Purpose::test});
  at::Tensor tensor = at::empty(shape, at::kFloat);
  for (int64_t i = 0; i < tensor.numel(); ++i) {
    tensor.data_ptr<float>()[i] = scale * static_cast<float>(rng.normal());
  }
  return tensor;
}

struct Inputs {
  at::Tensor x;
  LayerNorm norm;
  Linear first, second;

  Inputs(int64_t samples, int64_t tokens, int64_t width, int64_t wide)
      : x(numbers({samples, tokens, width}, 1)),
        norm{numbers({width}, 2) + 1, numbers({width}, 3)},
        first{numbers({wide, width}, 4, 0.2F), numbers({wide}, 5)},
        second{numbers({width, wide == 3 * width ? width : wide}, 6, 0.2F), numbers({width}, 7)} {
    for (at::Tensor* leaf : leaves()) *leaf = leaf->detach().requires_grad_(true);
  }
  std::vector<at::Tensor*> leaves() {
    return {&x, &norm.weight, &norm.bias, &first.weight, &first.bias, &second.weight, &second.bias};
  }
};

using Branch = std::function<at::Tensor(const Inputs&, const ops::BranchOptions&)>;

/// The result, then the gradients of sum(result * weights).
std::vector<at::Tensor> run(const Branch& branch, int64_t samples, int64_t tokens, int64_t width, int64_t wide,
                            const ops::BranchOptions& options) {
  Inputs inputs(samples, tokens, width, wide);
  const at::Tensor out = branch(inputs, options);
  (out * numbers(out.sizes(), 8)).sum().backward();
  std::vector<at::Tensor> found{out.detach()};
  for (const at::Tensor* leaf : inputs.leaves()) found.push_back(leaf->grad());
  return found;
}

const Branch kAttention = [](const Inputs& in, const ops::BranchOptions& o) {
  return ops::attention_branch(in.x, in.norm, {in.first, in.second}, o);
};
const Branch kPlainAttention = [](const Inputs& in, const ops::BranchOptions& o) {
  return ops::reference::attention_branch(in.x, in.norm, {in.first, in.second}, o);
};
const Branch kMlp = [](const Inputs& in, const ops::BranchOptions& o) {
  return ops::mlp_branch(in.x, in.norm, {in.first, in.second}, o);
};
const Branch kPlainMlp = [](const Inputs& in, const ops::BranchOptions& o) {
  return ops::reference::mlp_branch(in.x, in.norm, {in.first, in.second}, o);
};

struct Kind {
  const char* name;
  Branch fast, plain;
  int64_t wide_factor;
};
const std::vector<Kind> kKinds{{"attention", kAttention, kPlainAttention, 3}, {"mlp", kMlp, kPlainMlp, 4}};

TEST(Branches, AgreeWithPlainCallsOnAwkwardShapes) {
  for (const Kind& kind : kKinds) {
    for (const auto& kept :
         std::vector<std::optional<std::vector<int64_t>>>{{}, {{0, 2}}, {{1}}, {std::vector<int64_t>()}}) {
      for (const auto& [tokens, width, heads] : {std::tuple(1, 4, 1), std::tuple(5, 12, 3), std::tuple(17, 10, 2)}) {
        ops::BranchOptions options{.heads = heads, .eps = 1e-5, .scale = kept ? 1.25 : 1.0};
        if (kept) options.kept = at::tensor(*kept, at::kLong);
        const auto want = run(kind.plain, 3, tokens, width, kind.wide_factor * width, options);
        const auto got = run(kind.fast, 3, tokens, width, kind.wide_factor * width, options);
        ASSERT_EQ(got.size(), want.size());
        for (size_t i = 0; i < want.size(); ++i) {
          ASSERT_TRUE(got[i].defined()) << kind.name << i;
          EXPECT_LE(test::max_difference(got[i], want[i]), 2e-5 * (1 + want[i].abs().max().item<float>()))
              << kind.name << " " << i << " tokens " << tokens;
        }
      }
    }
  }
}

TEST(Branches, MadeAgainInBackwardAreTheSameBits) {
  for (const Kind& kind : kKinds) {
    ops::BranchOptions options{.heads = 2};
    const auto kept = run(kind.fast, 4, 9, 8, kind.wide_factor * 8, options);
    options.recompute = true;
    const auto again = run(kind.fast, 4, 9, 8, kind.wide_factor * 8, options);
    for (size_t i = 0; i < kept.size(); ++i) EXPECT_TRUE(at::equal(again[i], kept[i])) << kind.name << " " << i;
  }
}

TEST(Branches, WithoutGradientsGiveTheSameBits) {
  for (const Kind& kind : kKinds) {
    const Inputs inputs(2, 7, 8, kind.wide_factor * 8);
    const at::Tensor learning = kind.fast(inputs, {.heads = 2});
    const at::NoGradGuard guard;
    EXPECT_TRUE(at::equal(kind.fast(inputs, {.heads = 2}), learning)) << kind.name;
  }
}

TEST(Branches, TeachWeightsAboveAnInputThatDoesNotLearn) {
  for (const Kind& kind : kKinds) {
    const auto want = run(kind.plain, 2, 5, 8, kind.wide_factor * 8, {.heads = 2});
    Inputs inputs(2, 5, 8, kind.wide_factor * 8);
    inputs.x = inputs.x.detach();
    (kind.fast(inputs, {.heads = 2}) * numbers({2, 5, 8}, 8)).sum().backward();
    EXPECT_FALSE(inputs.x.grad().defined());
    EXPECT_LE(test::max_difference(inputs.first.weight.grad(), want[4]), 1e-4) << kind.name;
  }
}

/// The kernels are for float32; other types run the plain calls, and so agree to the bit.
TEST(Branches, OfOtherTypesGoThePlainWay) {
  for (const Kind& kind : kKinds) {
    Inputs inputs(2, 5, 8, kind.wide_factor * 8);
    for (at::Tensor* leaf : inputs.leaves()) *leaf = leaf->detach().to(at::kDouble);
    EXPECT_TRUE(at::equal(kind.fast(inputs, {.heads = 2}), kind.plain(inputs, {.heads = 2}))) << kind.name;
  }
  const Grid grid{3, 4};
  const at::Tensor x = numbers({2, 12, 5}, 25).to(at::kDouble);
  const Conv2d layer{numbers({7, 5, 3, 3}, 26).to(at::kDouble), numbers({7}, 27).to(at::kDouble)};
  EXPECT_TRUE(at::equal(ops::conv(x, grid, layer), ops::reference::conv(x, grid, layer)));
  EXPECT_TRUE(at::equal(ops::norm_gelu(x, 1e-5), ops::gelu(ops::layer_norm(x, 1e-5))));
}

/// Gradients of sum(result * weights) by every input.
std::vector<at::Tensor> gradients(const std::function<at::Tensor(const std::vector<at::Tensor>&)>& op,
                                  std::vector<at::Tensor> inputs) {
  for (at::Tensor& input : inputs) input = input.detach().requires_grad_(true);
  const at::Tensor out = op(inputs);
  (out * numbers(out.sizes(), 20)).sum().backward();
  std::vector<at::Tensor> found{out.detach()};
  for (const at::Tensor& input : inputs) found.push_back(input.grad());
  return found;
}

void expect_same(const std::vector<at::Tensor>& got, const std::vector<at::Tensor>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_LE(test::max_difference(got[i], want[i]), 2e-5 * (1 + want[i].abs().max().item<float>())) << i;
  }
}

TEST(Convolution, AgreesWithPlainCallsOnAwkwardGrids) {
  for (const Grid grid : {Grid{1, 1}, Grid{2, 3}, Grid{5, 4}, Grid{6, 6}, Grid{14, 14}}) {
    const auto through = [grid](const auto& conv) {
      return gradients(
          [&](const auto& in) {
            return conv(in[0], grid, Conv2d{in[1], in[2]});
          },
          {numbers({2, grid.tokens(), 5}, 21), numbers({7, 5, 3, 3}, 22), numbers({7}, 23)});
    };
    expect_same(through(ops::conv), through(ops::reference::conv));
  }
}

TEST(Convolution, TeachesWeightsAboveAnInputThatDoesNotLearn) {
  const Grid grid{4, 4};
  const at::Tensor x = numbers({2, 16, 5}, 28);
  const auto through = [&](const auto& conv) {
    return gradients(
        [&](const auto& in) {
          return conv(x, grid, Conv2d{in[0], in[1]});
        },
        {numbers({7, 5, 3, 3}, 29), numbers({7}, 30)});
  };
  expect_same(through(ops::conv), through(ops::reference::conv));
}

TEST(NormGelu, AgreesWithPlainCalls) {
  for (const int64_t width : {3, 16, 33}) {
    const std::vector<at::Tensor> x{numbers({3, 11, width}, 24)};
    expect_same(gradients([](const auto& in) { return ops::norm_gelu(in[0], 1e-5); }, x),
                gradients([](const auto& in) { return ops::gelu(ops::layer_norm(in[0], 1e-5)); }, x));
  }
}

}  // namespace
}  // namespace gtsa::nn
