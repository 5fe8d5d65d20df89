#include "learn/transfer/logit_field.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "core/base/rng.h"
#include "support/golden_torch.h"

namespace gtsa::transfer {
namespace {

using kernels::Taps;

std::vector<float> some_numbers(int64_t count, uint64_t seed) {
  Rng rng({.seed = seed, .purpose = Purpose::test});
  std::vector<float> numbers(static_cast<size_t>(count));
  for (float& number : numbers) number = static_cast<float>(rng.normal());
  return numbers;
}

LogitField field_of(int64_t rows, int64_t columns, int64_t classes, Size photo, uint64_t seed) {
  return {classes, columns, some_numbers(rows * columns * classes, seed), bilinear_taps(rows, photo.height),
          bilinear_taps(columns, photo.width)};
}

/// All logits of a field: [height, width, classes].
at::Tensor all_logits(const LogitField& field) {
  const auto [width, height] = field.size();
  at::Tensor logits = at::empty({height, width, field.classes}, at::kFloat);
  std::vector<float> scratch;
  for (int64_t y = 0; y < height; ++y) {
    field.logits(y, {logits[y].data_ptr<float>(), static_cast<size_t>(width * field.classes)}, scratch);
  }
  return logits;
}

at::Tensor upsampled(const at::Tensor& maps, Size size) {
  return at::upsample_bilinear2d(maps, {size.height, size.width}, /*align_corners=*/false, c10::nullopt, c10::nullopt);
}

TEST(LogitField, GivesTheLogitsOfTwoResizingsOneAfterTheOther) {
  constexpr int64_t kClasses = 5;
  for (const auto& [view, photo] :
       {std::pair<Size, Size>{{48, 32}, {75, 60}}, {{64, 64}, {31, 17}}, {{1, 9}, {1, 1}}}) {
    LogitField field = field_of(4, 6, kClasses, view, 1);
    field.rows = composed(field.rows, bilinear_taps(view.height, photo.height));
    field.columns = composed(field.columns, bilinear_taps(view.width, photo.width));
    const at::Tensor cells = at::from_blob(field.cells.data(), {4, 6, kClasses}, at::kFloat).permute({2, 0, 1});
    const at::Tensor want = upsampled(upsampled(cells.unsqueeze(0), view), photo)[0].permute({1, 2, 0});
    EXPECT_LT(test::max_difference(all_logits(field), want), 2e-6) << photo.width << " x " << photo.height;
  }
}

TEST(LogitField, NamesTheClassOfTheLargestLogit) {
  const LogitField field = field_of(3, 4, 11, {37, 23}, 2);
  const at::Tensor want = all_logits(field).argmax(2);
  const image::LabelMap classes = classes_of({&field, 1});
  ASSERT_EQ(classes.size(), (Size{37, 23}));
  for (int64_t y = 0; y < 23; ++y) {
    for (int64_t x = 0; x < 37; ++x) ASSERT_EQ(classes.row(y)[x], want[y][x].item<int64_t>()) << x << ", " << y;
  }
}

TEST(LogitField, AveragesProbabilitiesOfSeveralWaysOfLooking) {
  std::vector<LogitField> fields{field_of(3, 4, 6, {20, 15}, 3), field_of(5, 7, 6, {20, 15}, 4)};
  const at::Tensor want = (all_logits(fields[0]).softmax(2) + all_logits(fields[1]).softmax(2)).argmax(2);
  const image::LabelMap classes = classes_of(fields);
  for (int64_t y = 0; y < 15; ++y) {
    for (int64_t x = 0; x < 20; ++x) ASSERT_EQ(classes.row(y)[x], want[y][x].item<int64_t>()) << x << ", " << y;
  }
}

TEST(LogitField, IsMirroredByItsColumns) {
  LogitField field = field_of(3, 4, 2, {9, 5}, 5);
  const at::Tensor upright = all_logits(field);
  field.columns = mirrored(field.columns);
  EXPECT_EQ(test::max_difference(all_logits(field), upright.flip({1})), 0);
}

TEST(BilinearTaps, AddUpToOneAndStayInside) {
  for (const auto& [in, out] : {std::pair<int64_t, int64_t>{1, 7}, {7, 1}, {32, 512}, {512, 683}, {5, 5}}) {
    const Taps taps = bilinear_taps(in, out);
    ASSERT_EQ(taps.size(), out);
    for (int64_t o = 0; o < out; ++o) {
      const auto weights = taps.weights(o);
      EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 1, 1e-6);
      for (const int64_t source : taps.indices(o)) EXPECT_TRUE(source >= 0 && source < in);
      if (in == out) {
        EXPECT_EQ(weights.size(), 1U) << "nothing is mixed";
      }
    }
  }
}

TEST(WindowAxis, CoversTheAxisAsMmsegmentationDoes) {
  const auto starts = [](int64_t length, int64_t crop, int64_t stride) {
    return WindowAxis(length, crop, stride).starts;
  };
  using Starts = std::vector<int64_t>;
  EXPECT_EQ(starts(512, 512, 341), Starts({0}));
  EXPECT_EQ(starts(300, 512, 341), Starts({0}));
  EXPECT_EQ(starts(513, 512, 341), Starts({0, 1}));
  EXPECT_EQ(starts(683, 512, 341), Starts({0, 171}));
  EXPECT_EQ(starts(1200, 512, 341), Starts({0, 341, 682, 688}));
  EXPECT_EQ(WindowAxis(300, 512, 341).window, 300);
}

TEST(WindowAxis, TakesTheMeanWhereWindowsOverlap) {
  const WindowAxis axis(10, 6, 3);  // windows at 0, 3 and 4
  ASSERT_EQ(axis.starts, std::vector<int64_t>({0, 3, 4}));
  const Taps taps = axis.taps(6);  // a cell a pixel
  ASSERT_EQ(taps.size(), 10);
  const auto is = [&](int64_t place, const std::vector<int64_t>& cells) {
    EXPECT_EQ(std::vector<int64_t>(taps.indices(place).begin(), taps.indices(place).end()), cells) << place;
    for (const float weight : taps.weights(place)) EXPECT_FLOAT_EQ(weight, 1.0F / static_cast<float>(cells.size()));
  };
  is(0, {0});
  is(3, {3, 6});
  is(5, {5, 6 + 2, 12 + 1});
  is(9, {12 + 5});
}

}  // namespace
}  // namespace gtsa::transfer
