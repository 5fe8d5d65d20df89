#include "core/kernels/attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/kernels/every_level.h"
#include "core/kernels/numbers.h"

namespace gtsa::kernels {
namespace {

using test::numbers;

struct Case {
  AttentionShape shape;
  std::vector<float> qkv, out, sums, dout, dqkv;
  explicit Case(const AttentionShape& s)
      : shape(s),
        qkv(numbers(3 * values(), 1)),
        out(static_cast<size_t>(values())),
        sums(static_cast<size_t>(s.units() * s.tokens)),
        dout(numbers(values(), 2)),
        dqkv(qkv.size(), 77.0F) {}
  int64_t values() const { return shape.samples * shape.tokens * shape.heads * shape.head_dim; }
};

void expect_near(const std::vector<float>& got, const std::vector<float>& want, double tolerance) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i], tolerance) << i;
}

const std::vector<AttentionShape> kAwkward{{1, 1, 1, 1},   {2, 5, 3, 10},  {1, 7, 2, 8},
                                           {3, 16, 1, 33}, {1, 37, 6, 64}, {0, 3, 2, 4}};

TEST(Attention, AgreesWithPlainLoopsAtEveryLevel) {
  test::at_every_level([] {
    for (const AttentionShape& shape : kAwkward) {
      Case want(shape), got(shape);
      reference::attention(shape, 0, shape.units(), want.qkv.data(), want.out.data(), want.sums.data());
      attention(shape, 0, shape.units(), got.qkv.data(), got.out.data(), got.sums.data());
      expect_near(got.out, want.out, 2e-6);
      expect_near(got.sums, want.sums, 2e-6);
      std::fill(got.out.begin(), got.out.end(), 77.0F);
      reference::attention_backward(shape, 0, shape.units(), want.qkv.data(), want.out.data(), want.sums.data(),
                                    want.dout.data(), want.dqkv.data());
      attention_backward(shape, 0, shape.units(), got.qkv.data(), got.out.data(), got.sums.data(), got.dout.data(),
                         got.dqkv.data());
      expect_near(got.dqkv, want.dqkv, 1e-5);
      expect_near(got.out, want.out, 2e-6);
    }
  });
}

TEST(Attention, SurvivesScoresThatNoExponentialHolds) {
  test::at_every_level([] {
    const AttentionShape shape{1, 2, 1, 1};
    const std::vector<float> qkv{300, 300, 1, -300, -300, 2};  // scores 90000, -90000: the first is certain
    std::vector<float> out(2), sums(2);
    attention(shape, 0, 1, qkv.data(), out.data(), sums.data());
    EXPECT_EQ(out, (std::vector<float>{1, 2}));
    EXPECT_EQ(sums, (std::vector<float>{90000, 90000}));
  });
}

/// Differences of the loss sum(out * dout) by each input.
TEST(Attention, GradientIsTheDerivative) {
  const AttentionShape shape{1, 4, 2, 3};
  Case c(shape);
  const auto loss = [&](const std::vector<float>& qkv) {
    std::vector<float> out(c.out.size());
    reference::attention(shape, 0, shape.units(), qkv.data(), out.data(), nullptr);
    double sum = 0;
    for (size_t i = 0; i < out.size(); ++i) sum += double{out[i]} * c.dout[i];
    return sum;
  };
  reference::attention(shape, 0, shape.units(), c.qkv.data(), c.out.data(), c.sums.data());
  reference::attention_backward(shape, 0, shape.units(), c.qkv.data(), c.out.data(), c.sums.data(), c.dout.data(),
                                c.dqkv.data());
  constexpr float kStep = 1e-2F;
  for (size_t i = 0; i < c.qkv.size(); ++i) {
    auto up = c.qkv, down = c.qkv;
    up[i] += kStep;
    down[i] -= kStep;
    EXPECT_NEAR(c.dqkv[i], (loss(up) - loss(down)) / (2 * kStep), 2e-4) << i;
  }
}

}  // namespace
}  // namespace gtsa::kernels
