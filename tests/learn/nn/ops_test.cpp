// The operations against their formulas, written out in double.

#include "learn/nn/ops.h"

#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "learn/nn/normals.h"

namespace gtsa::nn {
namespace {

using test::normals;

double at_index(const at::Tensor& tensor, std::initializer_list<int64_t> index) {
  int64_t offset = 0, axis = 0;
  for (const int64_t i : index) offset += i * tensor.stride(axis++);
  return tensor.data_ptr<float>()[offset];
}

TEST(Ops, ConvIsTheSumOverTheWindowOnTokens) {
  const Grid grid{3, 5};
  const int64_t n = 2, in = 4, out = 6;
  const Conv2d layer{normals({out, in, 3, 3}, 1), normals({out}, 2)};
  const at::Tensor x = normals({n, grid.tokens(), in}, 3);
  const at::Tensor y = ops::conv(x, grid, layer).contiguous();
  ASSERT_EQ(y.sizes(), at::IntArrayRef({n, grid.tokens(), out}));
  for (int64_t s = 0; s < n; ++s) {
    for (int64_t r = 0; r < grid.rows; ++r) {
      for (int64_t c = 0; c < grid.columns; ++c) {
        for (int64_t o = 0; o < out; ++o) {
          double want = at_index(layer.bias, {o});
          for (int64_t dr = -1; dr <= 1; ++dr) {
            for (int64_t dc = -1; dc <= 1; ++dc) {
              if (r + dr < 0 || r + dr >= grid.rows || c + dc < 0 || c + dc >= grid.columns) continue;
              for (int64_t i = 0; i < in; ++i) {
                want += at_index(layer.weight, {o, i, dr + 1, dc + 1}) *
                        at_index(x, {s, (r + dr) * grid.columns + c + dc, i});
              }
            }
          }
          EXPECT_NEAR(at_index(y, {s, r * grid.columns + c, o}), want, 1e-5);
        }
      }
    }
  }
}

TEST(Ops, PatchesAreInTheOrderOfTheEmbeddingsWeight) {
  const int64_t p = 3;
  const at::Tensor images = normals({2, 3, 7, 9}, 4);  // a row of pixels is left over
  const at::Tensor rows = ops::patches(images, p).contiguous();
  ASSERT_EQ(rows.sizes(), at::IntArrayRef({2, 6, 27}));
  for (int64_t token = 0; token < 6; ++token) {
    for (int64_t i = 0; i < 27; ++i) {
      const int64_t channel = i / 9, y = token / 3 * p + i % 9 / 3, x = token % 3 * p + i % 3;
      EXPECT_EQ(at_index(rows, {1, token, i}), at_index(images, {1, channel, y, x}));
    }
  }
}

TEST(Ops, AttentionIsTheSoftmaxOfScaledScoresOfEachHead) {
  const int64_t n = 2, tokens = 5, heads = 3, head_width = 4, width = heads * head_width;
  const at::Tensor qkv = normals({n, tokens, 3 * width}, 5);
  const at::Tensor y = ops::attention(qkv, heads).contiguous();
  for (int64_t s = 0; s < n; ++s) {
    for (int64_t h = 0; h < heads; ++h) {
      for (int64_t t = 0; t < tokens; ++t) {
        std::vector<double> weight(tokens);
        double sum = 0;
        for (int64_t u = 0; u < tokens; ++u) {
          double score = 0;
          for (int64_t i = h * head_width; i < (h + 1) * head_width; ++i) {
            score += at_index(qkv, {s, t, i}) * at_index(qkv, {s, u, width + i});
          }
          weight[static_cast<size_t>(u)] = std::exp(score / std::sqrt(static_cast<double>(head_width)));
          sum += weight[static_cast<size_t>(u)];
        }
        for (int64_t i = h * head_width; i < (h + 1) * head_width; ++i) {
          double want = 0;
          for (int64_t u = 0; u < tokens; ++u) {
            want += weight[static_cast<size_t>(u)] / sum * at_index(qkv, {s, u, 2 * width + i});
          }
          EXPECT_NEAR(at_index(y, {s, t, i}), want, 1e-5);
        }
      }
    }
  }
}

TEST(Ops, LayerNormUsesTheBiasedVariance) {
  const at::Tensor x = normals({3, 8}, 6);
  const LayerNorm layer{normals({8}, 7), normals({8}, 8)};
  const at::Tensor y = ops::layer_norm(x, layer, 1e-5);
  for (int64_t r = 0; r < 3; ++r) {
    double mean = 0, variance = 0;
    for (int64_t i = 0; i < 8; ++i) mean += at_index(x, {r, i}) / 8;
    for (int64_t i = 0; i < 8; ++i) variance += std::pow(at_index(x, {r, i}) - mean, 2) / 8;
    for (int64_t i = 0; i < 8; ++i) {
      const double unit = (at_index(x, {r, i}) - mean) / std::sqrt(variance + 1e-5);
      EXPECT_NEAR(at_index(y, {r, i}), unit * at_index(layer.weight, {i}) + at_index(layer.bias, {i}), 1e-5);
      EXPECT_NEAR(at_index(ops::layer_norm(x, 1e-5), {r, i}), unit, 1e-5);
    }
  }
}

TEST(Ops, GeluIsExact) {
  const at::Tensor x = normals({100}, 9) * 3;
  for (int64_t i = 0; i < 100; ++i) {
    const double value = at_index(x, {i});
    EXPECT_NEAR(at_index(ops::gelu(x), {i}), value * 0.5 * std::erfc(-value / std::sqrt(2.0)), 1e-6);
  }
}

}  // namespace
}  // namespace gtsa::nn
