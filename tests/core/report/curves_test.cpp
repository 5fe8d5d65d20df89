#include "core/report/curves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/rng.h"

namespace gtsa::report {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr double kGap = std::numeric_limits<double>::quiet_NaN();

TEST(Thinning, KeepsEveryPointOfAShortCurve) {
  EXPECT_THAT(thinned(std::vector<double>{3, 1, kGap, 2}, 4), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(thinned(std::vector<double>{}, 4), IsEmpty());
  EXPECT_THAT(thinned(std::vector<double>{kGap}, 4), ElementsAre(0));
}

TEST(Thinning, KeepsEndsAndExtremesOfALongCurve) {
  Rng rng({.purpose = Purpose::test});
  std::vector<double> values(100'003);
  for (double& value : values) value = static_cast<double>(rng.below(1000));
  values[70'001] = 1e6;
  values[70'002] = -1e6;
  const std::vector<size_t> kept = thinned(values, 1000);
  EXPECT_LE(kept.size(), 1000u);
  EXPECT_GE(kept.size(), 900u);
  EXPECT_EQ(kept.front(), 0u);
  EXPECT_EQ(kept.back(), values.size() - 1);
  EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end()));
  for (const size_t spike : {70'001u, 70'002u}) EXPECT_TRUE(std::binary_search(kept.begin(), kept.end(), spike));
}

TEST(Thinning, KeepsASingleGapOfALongCurve) {
  std::vector<double> values(10'000, 1.0);
  values[4321] = kGap;
  const std::vector<size_t> kept = thinned(values, 100);
  EXPECT_TRUE(std::binary_search(kept.begin(), kept.end(), size_t{4321}));
}

TEST(Shortening, KeepsSixDigits) {
  EXPECT_EQ(shortened(0.77869632467627), 0.778696);
  EXPECT_EQ(shortened(-1234567.8), -1234570);
  EXPECT_EQ(shortened(4.366812227e-06), 4.36681e-06);
  EXPECT_EQ(shortened(0), 0);
  EXPECT_NEAR(shortened(4.9406564584124654e-324), 0, 1e-300);  // the smallest number there is
}

TEST(MetricCurves, HaveGapsWhereAStepWasSkippedAndNoCurveOfWords) {
  const std::vector<Json> metrics{{{"step", 0}, {"epoch", 0}, {"loss", 0.5}},
                                  {{"step", 1}, {"epoch", 0}, {"loss", nullptr}, {"skipped", true}},
                                  {{"loss", 7}},
                                  {{"step", "x"}, {"loss", 7}},
                                  {{"step", 2}, {"epoch", 0}, {"loss", 0.25}, {"lr", "fast"}, {"only_null", nullptr}}};
  EXPECT_EQ(metric_curves(metrics), Json::parse(R"({"loss": {"steps": [0, 1, 2], "values": [0.5, null, 0.25]}})"));
}

TEST(MetricCurves, OfAHundredThousandStepsAreShort) {
  std::vector<Json> metrics;
  for (int64_t step = 0; step < 100'000; ++step)
    metrics.push_back({{"step", step}, {"loss", 1.0 / static_cast<double>(step + 3)}, {"lr", 1e-3}});
  EXPECT_LT(metric_curves(metrics).dump().size(), 100'000u);
}

TEST(FigureCurves, TakeTheEventsOfOneKind) {
  const std::vector<Json> events{
      {{"event", "evaluation"}, {"step", -1}, {"name", "a"}, {"figures", {{"probe_a", 0.1}}}},
      {{"event", "health"}, {"step", 19}, {"figures", {{"spread", 0.8}}}},
      {{"event", "evaluation"}, {"figures", {{"probe_a", 0.9}}}},
      {{"event", "evaluation"}, {"step", 30}, {"figures", "none"}},
      {{"event", "evaluation"}, {"step", 39}, {"name", "a"}, {"figures", {{"probe_a", 0.2}}}}};
  EXPECT_EQ(figure_curves(events, "evaluation"),
            Json::parse(R"({"probe_a": {"steps": [-1, 39], "values": [0.1, 0.2]}})"));
  EXPECT_EQ(figure_curves(events, "health"), Json::parse(R"({"spread": {"steps": [19], "values": [0.8]}})"));
}

}  // namespace
}  // namespace gtsa::report
