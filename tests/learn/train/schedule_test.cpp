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

void expect_all_near(const std::vector<double>& got, const std::vector<double>& want, const std::string& name) {
  ASSERT_EQ(got.size(), want.size()) << name;
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_NEAR(got[i], want[i], 1e-12 * std::abs(want[i]) + 1e-18) << name << " at " << i;
  }
}

TEST(dense_schedules_GoldenTest, SegmentationAgreesAtEveryIteration) {
  GTSA_REQUIRE_GOLDEN("dense_schedules");
  const test::Golden golden("dense_schedules");
  const auto& c = golden.json().at("seg");
  const Poly poly{.base = c.at("base_lr"),
                  .final = c.at("min_lr"),
                  .power = c.at("power"),
                  .warmup = c.at("warmup_iters"),
                  .ratio = c.at("warmup_ratio")};
  std::vector<double> lr;
  for (const int64_t i : golden.values<int64_t>("seg/iter")) lr.push_back(warmup_poly(poly, i, c.at("max_iters")));
  expect_all_near(lr, golden.values<double>("seg/lr"), "seg/lr");
}

TEST(WarmupPoly, EndsAtTheFinalRateAndWithoutWarmupBeginsAtTheBase) {
  const Poly poly{.base = 1, .final = 0.25, .power = 2};
  EXPECT_EQ(warmup_poly(poly, 0, 4), 1);
  EXPECT_EQ(warmup_poly(poly, 2, 4), 0.25 + 0.75 * 0.25);
  const Poly warmed{.base = 1, .power = 1, .warmup = 2, .ratio = 0.5};
  EXPECT_EQ(warmup_poly(warmed, 0, 4), 0.5);
  EXPECT_EQ(warmup_poly(warmed, 1, 4), 0.75 * 0.75);
  EXPECT_EQ(warmup_poly(warmed, 2, 4), 0.5);
}

TEST(schedules_finetune_GoldenTest, FineTuningAgreesAtEveryIteration) {
  GTSA_REQUIRE_GOLDEN("schedules_finetune");
  const test::Golden golden("schedules_finetune");
  const auto& cases = golden.json().at("finetune");
  for (size_t n = 0; n < cases.size(); ++n) {
    const auto& c = cases[n];
    const int64_t iters = c.at("iters"), accum = c.at("accum"), epochs = c.at("epochs");
    std::vector<double> lr, scaled;
    for (int64_t i = 0; i < epochs * iters; ++i) {
      // The original moves it where an optimiser step begins.
      const int64_t at = i % iters / accum * accum;
      const double place = static_cast<double>(i / iters) + static_cast<double>(at) / static_cast<double>(iters);
      lr.push_back(ramp_cosine(c.at("lr"), c.at("min_lr"), c.at("warmup"), place, static_cast<double>(epochs)));
      scaled.push_back(lr.back() * c.at("decay").get<double>());
    }
    const std::string name = "finetune." + std::to_string(n) + ".lr";
    expect_all_near(lr, golden.values<double>(name), name);
    expect_all_near(scaled, golden.values<double>(name + "_scaled"), name + "_scaled");
  }
}

TEST(schedules_finetune_GoldenTest, DinoAgreesAtEveryIteration) {
  GTSA_REQUIRE_GOLDEN("schedules_finetune");
  const test::Golden golden("schedules_finetune");
  const auto& cases = golden.json().at("dino");
  for (size_t n = 0; n < cases.size(); ++n) {
    const auto& c = cases[n];
    const int64_t iters = c.at("iters"), epochs = c.at("epochs"), total = epochs * iters;
    const int64_t warmup = c.at("warmup").get<int64_t>() * iters;
    std::vector<double> lr, decay, momentum, temperature;
    for (int64_t i = 0; i < total; ++i) {
      lr.push_back(warmup_cosine(c.at("base_lr"), c.at("min_lr"), warmup, i, total));
      decay.push_back(cosine(c.at("wd"), c.at("wd_end"), i, total));
      momentum.push_back(cosine(c.at("mom"), 1, i, total));
    }
    for (int64_t epoch = 0; epoch < epochs; ++epoch) {
      temperature.push_back(teacher_temperature(c.at("t0"), c.at("t1"), c.at("tw"), epoch));
    }
    const std::string name = "dino." + std::to_string(n) + ".";
    expect_all_near(lr, golden.values<double>(name + "lr"), name + "lr");
    expect_all_near(decay, golden.values<double>(name + "weight_decay"), name + "weight_decay");
    expect_all_near(momentum, golden.values<double>(name + "momentum"), name + "momentum");
    expect_all_near(temperature, golden.values<double>(name + "teacher_temp"), name + "teacher_temp");
  }
}

TEST(Schedule, FineTuningRisesFromZeroAndReachesThePeakOnce) {
  EXPECT_EQ(ramp_cosine(1, 0.1, 5, 0, 20), 0);
  EXPECT_EQ(ramp_cosine(1, 0.1, 5, 2.5, 20), 0.5);
  EXPECT_EQ(ramp_cosine(1, 0.1, 5, 5, 20), 1);
  EXPECT_NEAR(ramp_cosine(1, 0.1, 5, 20, 20), 0.1, 1e-15);
  EXPECT_EQ(ramp_cosine(1, 0.1, 0, 0, 20), 1) << "without a warm-up";
  EXPECT_EQ(ramp_cosine(1, 0.1, 20, 20, 20), 1) << "nothing but a warm-up";
}

TEST(Schedule, TeacherTemperatureRisesInEqualStepsAndStays) {
  EXPECT_EQ(teacher_temperature(0.04, 0.07, 3, 0), 0.04);
  EXPECT_DOUBLE_EQ(teacher_temperature(0.04, 0.07, 3, 1), 0.055);
  EXPECT_EQ(teacher_temperature(0.04, 0.07, 3, 3), 0.07);
  EXPECT_EQ(teacher_temperature(0.04, 0.07, 1, 0), 0.04);
  EXPECT_EQ(teacher_temperature(0.04, 0.07, 0, 0), 0.07);
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
