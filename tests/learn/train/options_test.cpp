#include "learn/train/options.h"

#include <gtest/gtest.h>

#include "core/base/error.h"

namespace gtsa::train {
namespace {

struct LengthTest : testing::Test {
  TrainOptions options;
  Fields fields;
  LengthTest() { options.describe(fields); }
  void set(const std::string& toml, int layer) { assign(fields, read_toml(toml, "layer.toml", layer)); }
};

TEST_F(LengthTest, TheLaterLayerWins) {
  set("[schedule]\ntotal_steps = 640\n", 1);
  settle_length(fields);
  EXPECT_EQ(options.total_steps, 640);
  EXPECT_EQ(options.epochs, 0);
  fields.find_flag("epochs")->parse("5", {4, "--epochs"});
  settle_length(fields);
  EXPECT_EQ(options.epochs, 5);
  EXPECT_EQ(options.total_steps, 0);
}

TEST_F(LengthTest, BothInOneLayerAreRefused) {
  set("epochs = 3\n[schedule]\ntotal_steps = 640\n", 2);
  EXPECT_THROW(settle_length(fields), UsageError);
}

TEST_F(LengthTest, ASettledConfigurationReadsBack) {
  set("[schedule]\ntotal_steps = 640\n", 2);
  settle_length(fields);
  TrainOptions again;
  Fields other;
  again.describe(other);
  assign(other, read_toml(fields.toml(), "config.toml", 2));
  settle_length(other);
  EXPECT_EQ(again.total_steps, 640);
}

TEST(PlanRun, CountsInEpochsAsTheOriginal) {
  TrainOptions options;  // 100 epochs, a tenth of them warm-up
  options.batch = 64;
  const RunPlan plan = plan_run(options, 7, 1);
  EXPECT_EQ(plan.total_steps, 700);
  EXPECT_EQ(plan.warmup_steps, 70);
  EXPECT_TRUE(plan.in_epochs);
  EXPECT_EQ(plan.stop_at, 700);
  EXPECT_DOUBLE_EQ(plan.lr, 5e-4 * 64 / 256);
}

TEST(PlanRun, CountsInSteps) {
  TrainOptions options;
  options.epochs = 0;
  options.total_steps = 640;
  options.lr = 5e-4;
  options.steps = 100;
  const RunPlan plan = plan_run(options, 7, 1);
  EXPECT_EQ(plan.warmup_steps, 64);
  EXPECT_FALSE(plan.in_epochs);
  EXPECT_EQ(plan.stop_at, 100);
  EXPECT_EQ(plan.lr, 5e-4);
}

TEST(PlanRun, RefusesWhatCannotBe) {
  TrainOptions options;
  options.epochs = 2;
  options.warmup_steps = 15;
  EXPECT_THROW(plan_run(options, 7, 1), UsageError);
  options.warmup_steps = 14;
  EXPECT_NO_THROW(plan_run(options, 7, 1));
  options.micro_batch = "100";
  EXPECT_THROW(plan_run(options, 7, 1), UsageError);
  options.micro_batch = "many";
  EXPECT_THROW(plan_run(options, 7, 1), UsageError);
}

}  // namespace
}  // namespace gtsa::train
