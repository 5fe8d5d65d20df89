#include "core/kernels/pixel_loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/kernels/every_level.h"
#include "core/kernels/numbers.h"

namespace gtsa::kernels {
namespace {

using test::numbers;

void expect_near(const std::vector<float>& got, const std::vector<float>& want, double tolerance) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i], tolerance * (1 + std::abs(want[i]))) << i;
}

TEST(PixelLoss, AgreesWithItsFormula) {
  constexpr int64_t kColumns = 3, kPixels = 11;
  const std::vector<int64_t> first{0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2}, second{1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2};
  const std::vector<float> weight{0, 0, 0.2F, 0.5F, 0.7F, 0, 0.3F, 0.6F, 0.8F, 0.1F, 0.4F};
  test::at_every_level([&] {
    for (const int64_t classes : {1, 7, 16, 21}) {
      const int64_t padded = (classes + kClassMultiple - 1) / kClassMultiple * kClassMultiple;
      auto logits = numbers(kColumns * padded, 1, 4);
      for (size_t i = 0; i < logits.size(); ++i) {
        if (static_cast<int64_t>(i) % padded >= classes) logits[i] = kNoClass;
      }
      std::vector<int32_t> labels;
      for (int32_t x = 0; x < kPixels; ++x) labels.push_back(x % 4 == 2 ? -1 : x % static_cast<int32_t>(classes));
      const PixelRow row{.logits = logits.data(),
                         .classes = padded,
                         .first = first.data(),
                         .second = second.data(),
                         .weight = weight.data(),
                         .labels = labels.data(),
                         .pixels = kPixels};
      std::vector<float> scratch(static_cast<size_t>(padded)), want = numbers(kColumns * padded, 2), got = want;
      PixelSums want_sums, got_sums, without_gradient;
      reference::add_pixel_losses(row, scratch.data(), want.data(), want_sums);
      add_pixel_losses(row, scratch.data(), got.data(), got_sums);
      add_pixel_losses(row, scratch.data(), nullptr, without_gradient);
      expect_near(got, want, 3e-6);
      EXPECT_NEAR(got_sums.loss, want_sums.loss, 1e-5 * (1 + want_sums.loss));
      EXPECT_EQ(got_sums.loss, without_gradient.loss);
      EXPECT_EQ(got_sums.correct, want_sums.correct);
      EXPECT_EQ(got_sums.labelled, 8);
      if (classes == 1) {
        EXPECT_NEAR(got_sums.loss, 0, 1e-6);
      }
    }
  });
}

TEST(PixelLoss, StaysFiniteForLogitsThatAreFarApart) {
  test::at_every_level([] {
    std::vector<float> logits(16, kNoClass), scratch(16), gradient(16);
    logits[0] = -500, logits[1] = 500;
    const int64_t place = 0;
    const float weight = 0;
    const int32_t label = 0;
    PixelSums sums;
    add_pixel_losses({logits.data(), 16, &place, &place, &weight, &label, 1}, scratch.data(), gradient.data(), sums);
    EXPECT_NEAR(sums.loss, 1000, 1e-3);
    EXPECT_EQ(sums.correct, 0);
    EXPECT_NEAR(gradient[0], -1, 1e-6);
    EXPECT_NEAR(gradient[1], 1, 1e-6);
    EXPECT_EQ(gradient[2], 0);
  });
}

TEST(PixelLoss, RowsAreBlendedAndAddedAsWritten) {
  test::at_every_level([] {
    for (const int64_t n : {0, 1, 7, 8, 9, 33}) {
      const auto a = numbers(n, 1), b = numbers(n, 2);
      std::vector<float> want(a.size()), got(a.size()), want_sum = a, got_sum = a;
      reference::blend(a.data(), b.data(), 0.3F, n, want.data());
      blend(a.data(), b.data(), 0.3F, n, got.data());
      expect_near(got, want, 1e-6);
      reference::add_scaled(b.data(), -1.7F, n, want_sum.data());
      add_scaled(b.data(), -1.7F, n, got_sum.data());
      expect_near(got_sum, want_sum, 1e-6);
    }
  });
}

}  // namespace
}  // namespace gtsa::kernels
