#include "core/data/erasing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "core/base/error.h"
#include "core/geometry/crop.h"
#include "support/golden.h"

namespace gtsa::data {
namespace {

using ::testing::HasSubstr;

/// The recorded draws of one sample.
class RecordedDraws {
 public:
  explicit RecordedDraws(const nlohmann::json& draws) : draws_(draws) {}
  double chance() { return next("random").at(1).get<double>(); }
  double area_share() { return next("uniform").at(3).get<double>(); }
  double log_ratio() { return next("uniform").at(3).get<double>(); }
  int64_t below(int64_t n) {
    const auto& draw = next("randint");
    EXPECT_EQ(draw.at(2).get<int64_t>(), n - 1) << "draw " << next_;
    return draw.at(3).get<int64_t>();
  }
  bool all_used() const { return next_ == draws_.size(); }

 private:
  const nlohmann::json& next(const char* kind) {
    const auto& draw = draws_.at(next_++);
    EXPECT_EQ(draw.at(0), kind);
    return draw;
  }
  const nlohmann::json& draws_;
  size_t next_ = 0;
};

TEST(random_erasing_GoldenTest, ErasesWhatTheRecordedDrawsSay) {
  GTSA_REQUIRE_GOLDEN("random_erasing");
  const test::Golden golden("random_erasing");
  const auto& json = golden.json();
  const ErasingOptions options{.probability = json.at("probability").get<float>()};
  EXPECT_FLOAT_EQ(options.area_share.low, json.at("min_area").get<float>());
  EXPECT_FLOAT_EQ(options.area_share.high, json.at("max_area").get<float>());
  EXPECT_NEAR(std::log(options.ratio.low), json.at("log_aspect").at(0).get<double>(), 1e-6);
  EXPECT_NEAR(std::log(options.ratio.high), json.at("log_aspect").at(1).get<double>(), 1e-6);
  const auto shape = golden.shape("images");
  const Size picture{shape.at(3), shape.at(2)};
  auto images = golden.values<float>("images");
  const auto boxes = golden.values<int64_t>("boxes"), want_shape = golden.shape("boxes");
  const auto values = static_cast<size_t>(3 * picture.width * picture.height);
  const auto& samples = json.at("samples");
  ASSERT_EQ(samples.size(), static_cast<size_t>(shape.at(0)));
  for (size_t i = 0; i < samples.size(); ++i) {
    RecordedDraws draws(samples.at(i).at("draws"));
    const auto got = erased_boxes(picture, options, draws);
    EXPECT_TRUE(draws.all_used());
    const bool erased = boxes[4 * i] >= 0;
    ASSERT_EQ(got.size(), erased ? 1U : 0U) << i;
    if (!erased) continue;
    EXPECT_EQ(got[0], (Rect{boxes[4 * i + 1], boxes[4 * i], boxes[4 * i + 3], boxes[4 * i + 2]})) << i;
    const auto noise = golden.values<float>("noise." + std::to_string(i));
    size_t next = 0;
    erase(std::span(images).subspan(i * values, values), picture, got, ErasingMode::pixel,
          [&] { return noise.at(next++); });
    EXPECT_EQ(next, noise.size());
  }
  EXPECT_EQ(images, golden.values<float>("erased"));
}

constexpr Size kPicture{40, 30};

std::vector<float> erased(const ErasingOptions& options, uint64_t sample) {
  std::vector<float> chw(static_cast<size_t>(3 * kPicture.width * kPicture.height), 7);
  Rng rng({.sample = sample, .purpose = Purpose::erasing});
  erase_randomly(rng, options, kPicture, chw);
  return chw;
}

int64_t changed(const std::vector<float>& chw) { return std::ssize(chw) - std::count(chw.begin(), chw.end(), 7.0F); }

TEST(Erasing, HappensAsOftenAndAsLargeAsAsked) {
  int happened = 0;
  for (uint64_t i = 0; i < 4000; ++i) {
    const int64_t values = changed(erased({.probability = 0.25F}, i));
    happened += values > 0;
    const double share = static_cast<double>(values) / (3 * 40 * 30);
    ASSERT_LE(share, 0.36);
    ASSERT_TRUE(values == 0 || share >= 0.014) << share;
  }
  EXPECT_NEAR(happened / 4000.0, 0.25, 0.03);
  EXPECT_EQ(changed(erased({.probability = 0}, 1)), 0);
}

TEST(Erasing, FillsAsTheModeSays) {
  for (uint64_t i = 0; i < 50; ++i) {
    const auto constant = erased({.probability = 1, .mode = ErasingMode::constant}, i);
    EXPECT_EQ(changed(constant), std::count(constant.begin(), constant.end(), 0.0F));
    const auto rand = erased({.probability = 1, .mode = ErasingMode::rand}, i);
    EXPECT_EQ((std::set<float>(rand.begin(), rand.end())).size(), 4U) << "one number a channel, and what was there";
    const auto pixel = erased({.probability = 1}, i);
    EXPECT_GT((std::set<float>(pixel.begin(), pixel.end())).size(), static_cast<size_t>(changed(pixel) * 9 / 10));
  }
}

TEST(Erasing, DrawsStandardNormalNoise) {
  double sum = 0, squares = 0, fourth = 0, neighbours = 0, count = 0;
  for (uint64_t i = 0; i < 200; ++i) {
    const auto chw = erased({.probability = 1}, i);
    float before = 0;
    for (const float value : chw) {
      if (value == 7) continue;
      sum += value;
      squares += value * value;
      fourth += std::pow(value, 4);
      neighbours += value * before;
      before = value;
      ++count;
    }
  }
  ASSERT_GT(count, 50'000);
  EXPECT_NEAR(sum / count, 0, 0.02);
  EXPECT_NEAR(squares / count, 1, 0.02);
  EXPECT_NEAR(fourth / count, 3, 0.1);
  EXPECT_NEAR(neighbours / count, 0, 0.02) << "the two of a pair have nothing to do with each other";
}

/// Draws of a stream that remembers what was asked for.
struct CountingDraws {
  Rng rng{{.sample = 3}};
  int64_t count = 0;
  double chance() { return 0; }
  double area_share() { return rng.uniform(0.02F, 0.3F); }
  double log_ratio() { return rng.uniform(-1, 1); }
  int64_t below(int64_t n) {
    if (n == 5 && count == 0) return count = 4;
    return rng.below(static_cast<uint32_t>(n));
  }
};

TEST(Erasing, SharesTheAreaAmongSeveralBoxes) {
  CountingDraws draws;
  const auto boxes = erased_boxes({100, 100}, {.probability = 1, .most_boxes = 5}, draws);
  ASSERT_EQ(boxes.size(), 5U);
  for (const Rect& box : boxes) {
    EXPECT_LE(geometry::area(box), 10'000 * 0.3 / 5 * 1.1);
    EXPECT_TRUE(box.left >= 0 && box.top >= 0 && box.left + box.width <= 100 && box.top + box.height <= 100);
  }
  std::map<bool, int> several;
  for (uint64_t i = 0; i < 200; ++i) ++several[changed(erased({.probability = 1, .most_boxes = 4}, i)) > 0];
  EXPECT_EQ(several[true], 200);
}

TEST(Erasing, GivesUpWhereNoBoxFits) {
  std::vector<float> chw(3, 7);
  Rng rng({.purpose = Purpose::erasing});
  erase_randomly(rng, {.probability = 1, .area_share = {1, 1}}, {1, 1}, chw);
  EXPECT_EQ(chw, std::vector<float>(3, 7));
}

std::string refusal(const ErasingOptions& options) {
  try {
    options.check();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "nothing";
}

TEST(ErasingOptions, RefuseWhatMakesNoSense) {
  EXPECT_EQ(refusal({}), "nothing");
  EXPECT_THAT(refusal({.probability = 1.5F}), HasSubstr("a probability of 1.5"));
  EXPECT_THAT(refusal({.area_share = {0, 1}}), HasSubstr("shares lie between 0 and 1"));
  EXPECT_THAT(refusal({.area_share = {0.6F, 0.5F}}), HasSubstr("shares lie between 0 and 1"));
  EXPECT_THAT(refusal({.area_share = {0.6F, 2}}), HasSubstr("shares lie between 0 and 1"));
  EXPECT_THAT(refusal({.ratio = {0, 1}}), HasSubstr("ratios are above 0"));
  EXPECT_THAT(refusal({.ratio = {2, 1}}), HasSubstr("ratios are above 0"));
  EXPECT_THAT(refusal({.ratio = {1, std::numeric_limits<float>::infinity()}}), HasSubstr("ratios are above 0"));
  for (const int64_t count : {0, 1001})
    EXPECT_THAT(refusal({.most_boxes = count}), HasSubstr("the number lies between 1 and 1000"));
}

}  // namespace
}  // namespace gtsa::data
