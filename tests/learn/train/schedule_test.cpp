#include "learn/train/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/error.h"
#include "support/golden.h"

namespace gtsa::train {
namespace {

TEST(schedules_GoldenTest, EveryStepAgrees) {
  GTSA_REQUIRE_GOLDEN("schedules");
  const test::Golden golden("schedules");
  const double tolerance = golden.json().at("max_rel_diff");
  for (const auto& c : golden.json().at("cases")) {
    const std::string name = std::to_string(c.at("case").get<int>());
    const int64_t iters = c.at("iters"), total = c.at("epochs").get<int64_t>() * iters,
                  warmup = c.at("warmup").get<int64_t>() * iters;
    const auto lr = golden.values<double>(name + "/lr"), wd = golden.values<double>(name + "/wd"),
               m = golden.values<double>(name + "/momentum");
    ASSERT_EQ(lr.size(), static_cast<size_t>(total));
    for (int64_t step = 0; step < total; ++step) {
      const auto i = static_cast<size_t>(step);
      const double got_lr = warmup_cosine(c.at("lr"), c.at("min_lr"), warmup, step, total);
      EXPECT_LE(std::abs(got_lr - lr[i]), tolerance * std::abs(lr[i])) << "lr " << step;
      EXPECT_LE(std::abs(cosine(c.at("wd"), c.at("wd_end"), step, total) - wd[i]), tolerance * wd[i]) << "wd " << step;
      EXPECT_LE(std::abs(cosine(c.at("momentum"), 1, step, total) - m[i]), tolerance * m[i]) << "momentum " << step;
    }
  }
}

TEST(Schedule, WarmUpBeginsAtZeroAndReachesThePeakTwice) {
  EXPECT_EQ(warmup_cosine(1, 0, 10, 0, 100), 0);
  EXPECT_EQ(warmup_cosine(1, 0, 10, 9, 100), 1);
  EXPECT_EQ(warmup_cosine(1, 0, 10, 10, 100), 1);
  EXPECT_EQ(warmup_cosine(1, 0, 1, 0, 100), 0);
  EXPECT_EQ(warmup_cosine(1, 0, 0, 0, 100), 1);
}

TEST(Interval, IsWrittenWithAUnit) {
  EXPECT_EQ(parse_interval("k", "15m").unit, Interval::Unit::minutes);
  EXPECT_EQ(parse_interval("k", "0.5m").amount, 0.5);
  EXPECT_EQ(parse_interval("k", "2e").unit, Interval::Unit::epochs);
  EXPECT_EQ(parse_interval("k", "500s").amount, 500);
  for (const char* bad : {"", "15", "m", "15h", "-3s", "0s", "1.5s", "15m ", "infm"})
    EXPECT_THROW(parse_interval("k", bad), UsageError) << bad;
}

}  // namespace
}  // namespace gtsa::train
