#include "core/kernels/product.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/base/parallel.h"
#include "core/kernels/numbers.h"

namespace gtsa::kernels {
namespace {

using test::numbers;
using testing::Each;

constexpr int64_t kGap = 3;  // numbers between rows that belong to nobody
constexpr float kUntouched = 77.0F;

/// Matrices of a shape with a gap after each row, either one stored transposed if so wanted.
struct Case {
  ProductShape shape;
  std::vector<float> a_values, b_values, c;
  Factor a, b;
  int64_t c_step;

  Case(const ProductShape& s, bool turn_a, bool turn_b)
      : shape(s),
        a_values(numbers((turn_a ? s.inner : s.rows) * (width_of_a(turn_a) + kGap), 1)),
        b_values(numbers((turn_b ? s.columns : s.inner) * (width_of_b(turn_b) + kGap), 2)),
        c(static_cast<size_t>(s.rows * (s.columns + kGap)), kUntouched),
        a{a_values.data(), width_of_a(turn_a) + kGap, turn_a},
        b{b_values.data(), width_of_b(turn_b) + kGap, turn_b},
        c_step(s.columns + kGap) {}

  int64_t width_of_a(bool turned) const { return turned ? shape.rows : shape.inner; }
  int64_t width_of_b(bool turned) const { return turned ? shape.inner : shape.columns; }
};

void expect_agreement(const ProductShape& shape, float alpha, float beta) {
  for (const bool turn_a : {false, true}) {
    for (const bool turn_b : {false, true}) {
      Case got(shape, turn_a, turn_b), want(shape, turn_a, turn_b);
      product(shape, alpha, got.a, got.b, beta, got.c.data(), got.c_step);
      reference::product(shape, alpha, want.a, want.b, beta, want.c.data(), want.c_step);
      const double tolerance = 1e-5 * std::sqrt(static_cast<double>(shape.inner)) + 1e-5 * std::abs(beta);
      for (size_t i = 0; i < got.c.size(); ++i) ASSERT_NEAR(got.c[i], want.c[i], tolerance) << i;
    }
  }
}

TEST(Product, AgreesWithPlainLoopsWhateverTheSizeAndTheOrder) {
  const std::vector<ProductShape> shapes{{1, 1, 1},     {5, 7, 3},       {65, 64, 65},   {197, 197, 64},
                                         {131, 97, 83}, {1, 1031, 1024}, {1100, 1, 1000}};
  for (const ProductShape& shape : shapes) {
    expect_agreement(shape, 1, 0);
    expect_agreement(shape, -0.125F, 1);
  }
}

TEST(Product, OfNothingIsZeroOrWhatWasThere) {
  std::vector<float> c(6, kUntouched);
  product({2, 3, 0}, 1, {nullptr, 1}, {nullptr, 3}, 1, c.data(), 3);
  EXPECT_THAT(c, Each(kUntouched));
  product({2, 3, 0}, 1, {nullptr, 1}, {nullptr, 3}, 0, c.data(), 3);
  EXPECT_THAT(c, Each(0.0F));
  product({0, 3, 2}, 1, {nullptr, 2}, {c.data(), 3}, 0, nullptr, 3);
}

TEST(Product, DoesNotReadWhatItOverwrites) {
  for (const int64_t side : {4, 128}) {  // one for each library
    Case square({side, side, side}, false, false);
    square.c.assign(square.c.size(), std::numeric_limits<float>::quiet_NaN());
    product(square.shape, 1, square.a, square.b, 0, square.c.data(), square.c_step);
    for (int64_t i = 0; i < side; ++i) {
      for (int64_t j = 0; j < side; ++j)
        ASSERT_TRUE(std::isfinite(square.c[static_cast<size_t>(i * square.c_step + j)]));
    }
  }
}

TEST(Product, GivesTheSameBitsAgainAndWithinATeam) {
  Case first({300, 200, 150}, false, true);
  product(first.shape, 1, first.a, first.b, 0, first.c.data(), first.c_step);
  Case again({300, 200, 150}, false, true);
  product(again.shape, 1, again.a, again.b, 0, again.c.data(), again.c_step);
  EXPECT_EQ(first.c, again.c);
  // Each thread of a team multiplies by itself, as a team of one does.
  const int before = threads();
  set_threads(1);
  product(first.shape, 1, first.a, first.b, 0, first.c.data(), first.c_step);
  set_threads(2);
  std::vector<Case> each(4, Case({300, 200, 150}, false, true));
  parallel_for(4, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      Case& own = each[static_cast<size_t>(i)];
      product(own.shape, 1, first.a, first.b, 0, own.c.data(), own.c_step);
    }
  });
  set_threads(before);
  for (const Case& own : each) EXPECT_EQ(own.c, first.c);
}

TEST(Product, NamesItsLibrary) {
  EXPECT_THAT(product_library(), testing::AnyOf("", testing::MatchesRegex("oneDNN [0-9]+\\.[0-9]+\\.[0-9]+")));
}

}  // namespace
}  // namespace gtsa::kernels
