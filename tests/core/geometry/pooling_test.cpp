#include "core/geometry/pooling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/base/rng.h"
#include "support/golden.h"

namespace gtsa::geometry {
namespace {

/// Per channel: out[rows] = weights [rows, columns] * in[columns].
void multiply(const std::vector<float>& weights, size_t rows, size_t columns, const float* in, float* out) {
  for (size_t r = 0; r < rows; ++r) {
    double sum = 0;
    for (size_t c = 0; c < columns; ++c) sum += static_cast<double>(weights[r * columns + c]) * in[c];
    out[r] = static_cast<float>(sum);
  }
}

std::vector<float> transposed(const std::vector<float>& weights, size_t rows, size_t columns) {
  std::vector<float> result(weights.size());
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) result[c * rows + r] = weights[r * columns + c];
  }
  return result;
}

std::vector<float> pooling(const Box& box, Size map, int64_t bins, Turn turn = Turn::none) {
  std::vector<float> weights(static_cast<size_t>(bins * bins * map.width * map.height));
  pooling_matrix(box, map, bins, turn, weights);
  return weights;
}

double worst_difference(const std::vector<float>& got, const std::vector<float>& want) {
  EXPECT_EQ(got.size(), want.size());
  double worst = 0;
  for (size_t i = 0; i < want.size(); ++i) worst = std::max(worst, std::abs(static_cast<double>(got[i]) - want[i]));
  return worst;
}

TEST(roi_align_GoldenTest, TheMatrixPoolsAndItsTransposeIsTheGradient) {
  GTSA_REQUIRE_GOLDEN("roi_align");
  const test::Golden golden("roi_align");
  const auto tolerance = golden.json().at("max_abs_diff").get<double>();
  for (const auto& recorded : golden.json().at("cases")) {
    const auto name = recorded.at("case").get<std::string>();
    const auto bins = recorded.at("output_size").get<int64_t>();
    const auto shape = golden.shape(name + "/features");  // [B, C, H, W]
    const Size map{shape.at(3), shape.at(2)};
    const auto tokens = static_cast<size_t>(map.width * map.height);
    const auto cells = static_cast<size_t>(bins * bins);
    const auto channels = static_cast<size_t>(shape.at(1));
    const auto features = golden.values<float>(name + "/features");
    const auto boxes = golden.values<float>(name + "/boxes");
    const auto upstream = golden.values<float>(name + "/upstream");
    std::vector<float> out(upstream.size());
    std::vector<float> gradient(features.size());
    for (size_t b = 0; b < static_cast<size_t>(shape.at(0)); ++b) {
      const float* c = boxes.data() + 4 * b;
      const auto weights = pooling({c[0], c[1], c[2], c[3]}, map, bins);
      const auto back = transposed(weights, cells, tokens);
      for (size_t k = b * channels; k < (b + 1) * channels; ++k) {
        multiply(weights, cells, tokens, features.data() + k * tokens, out.data() + k * cells);
        multiply(back, tokens, cells, upstream.data() + k * cells, gradient.data() + k * tokens);
      }
    }
    const auto kind = recorded.value("kind", "");
    EXPECT_LE(worst_difference(out, golden.values<float>(name + "/out")), tolerance) << "case " << name << ", " << kind;
    EXPECT_LE(worst_difference(gradient, golden.values<float>(name + "/grad")), tolerance)
        << "case " << name << ", " << kind;
  }
}

TEST(rotate_features_GoldenTest, ATurnPermutesCellsAndItsInverseIsTheGradient) {
  GTSA_REQUIRE_GOLDEN("rotate_features");
  const test::Golden golden("rotate_features");
  const auto tolerance = golden.json().at("max_abs_diff").get<double>();
  for (const auto& recorded : golden.json().at("cases")) {
    const auto name = recorded.at("case").get<std::string>();
    const auto shape = golden.shape(name + "/features");  // [B, C, s, s]
    const int64_t side = shape.at(2);
    const auto cells = static_cast<size_t>(side * side);
    const auto channels = static_cast<size_t>(shape.at(1));
    const auto features = golden.values<float>(name + "/features");
    const auto degrees = golden.values<double>(name + "/degrees");
    const auto upstream = golden.values<float>(name + "/upstream");
    std::vector<float> out(features.size());
    std::vector<float> gradient(features.size());
    for (size_t k = 0; k < static_cast<size_t>(shape.at(0)) * channels; ++k) {
      // The vectors hold angles from -270 to 360.
      const int quarters = static_cast<int>(std::lround(degrees[k / channels] / 90.0));
      const auto turn = static_cast<Turn>(((quarters % 4) + 4) % 4);
      for (size_t cell = 0; cell < cells; ++cell) {
        const auto row = static_cast<int64_t>(cell) / side;
        const auto column = static_cast<int64_t>(cell) % side;
        const auto source = static_cast<size_t>(source_of_turned(row, column, side, turn));
        out[k * cells + cell] = features[k * cells + source];
        gradient[k * cells + source] = upstream[k * cells + cell];
      }
    }
    EXPECT_LE(worst_difference(out, golden.values<float>(name + "/out")), tolerance) << "case " << name;
    EXPECT_LE(worst_difference(gradient, golden.values<float>(name + "/grad")), tolerance) << "case " << name;
  }
}

TEST(PoolingMatrix, OfAConstantMapIsConstant) {
  for (const int64_t bins : {1, 4, 10}) {
    const auto weights = pooling({0.3F, 1.2F, 5.9F, 5.1F}, {6, 6}, bins);
    for (size_t row = 0; row < static_cast<size_t>(bins * bins); ++row) {
      double sum = 0;
      for (size_t i = 0; i < 36; ++i) sum += weights[row * 36 + i];
      EXPECT_NEAR(sum, 1.0, 1e-6);
    }
  }
}

TEST(PoolingMatrix, OfABoxOnTheGridOfItsBinsIsTheIdentity) {
  const auto weights = pooling({0, 0, 6, 6}, {6, 6}, 6);
  for (size_t row = 0; row < 36; ++row) {
    for (size_t i = 0; i < 36; ++i) EXPECT_EQ(weights[row * 36 + i], row == i ? 1.0F : 0.0F);
  }
}

TEST(PoolingMatrix, OfAnEmptyBoxIsZero) {
  for (const Box box : {Box{3, 3, 3, 5}, Box{3, 3, 2, 5}, Box{0, 0, 0, 0}}) {
    const auto weights = pooling(box, {6, 6}, 4);
    EXPECT_TRUE(std::all_of(weights.begin(), weights.end(), [](float w) { return w == 0; }));
  }
}

TEST(PoolingMatrix, TurnsThePooledMapAsPicturesTurn) {
  const Size map{7, 5};
  const int64_t bins = 3;
  const Box box{0.5F, 0.7F, 5.5F, 4.2F};
  const auto upright = pooling(box, map, bins);
  const auto row = [&](const std::vector<float>& weights, int64_t r, int64_t c) {
    const auto begin = weights.begin() + (r * bins + c) * map.width * map.height;
    return std::vector<float>(begin, begin + map.width * map.height);
  };
  // Anticlockwise: the top right corner moves to the top left.
  EXPECT_EQ(row(pooling(box, map, bins, Turn::quarter), 0, 0), row(upright, 0, 2));
  EXPECT_EQ(row(pooling(box, map, bins, Turn::half), 0, 0), row(upright, 2, 2));
  EXPECT_EQ(row(pooling(box, map, bins, Turn::three_quarters), 0, 0), row(upright, 2, 0));
}

TEST(PoolingMatrix, OfALinearMapIsTheCellsCentreAwayFromTheBorder) {
  const Size map{14, 14};
  Rng rng({.seed = 3});
  for (int i = 0; i < 50; ++i) {
    const float x1 = rng.uniform(0.5F, 6.0F);
    const float x2 = rng.uniform(7.0F, 13.5F);
    const auto weights = pooling({x1, 1, x2, 13}, map, 10);
    for (int bin = 0; bin < 10; ++bin) {
      double x = 0;
      for (size_t t = 0; t < 196; ++t)
        x += weights[static_cast<size_t>(bin) * 196 + t] * (static_cast<double>(t % 14) + 0.5);
      EXPECT_NEAR(x, x1 + (bin + 0.5) * (x2 - x1) / 10, 1e-4);
    }
  }
}

}  // namespace
}  // namespace gtsa::geometry
