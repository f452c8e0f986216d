#include "backends/torch/schedule.h"

#include <gtest/gtest.h>

namespace rcc {
namespace {

TEST(Schedule, CountsStepsOfFractionalEpochsAndAccumulation) {
  const StepPlan plan = plan_steps({.epochs = 1.5, .batch = 10, .accumulate = 2}, 64);
  EXPECT_EQ(plan.images_per_epoch, 64);
  EXPECT_EQ(plan.batches_per_epoch, 7);
  EXPECT_EQ(plan.steps_per_epoch, 4);
  EXPECT_EQ(plan.total_steps, 6);
}

TEST(Schedule, LeavesOutABatchOfOneImageAndTakesAtLeastOneStep) {
  EXPECT_EQ(plan_steps({.epochs = 1, .batch = 8}, 17).batches_per_epoch, 2);
  EXPECT_EQ(plan_steps({.epochs = 1, .batch = 8}, 18).batches_per_epoch, 3);
  EXPECT_EQ(plan_steps({.epochs = 0.001, .batch = 8}, 18).total_steps, 1);
  EXPECT_EQ(plan_steps({.epochs = 1, .batch = 64, .samples = 5}, 18).images_per_epoch, 5);
  EXPECT_EQ(plan_steps({.epochs = 1, .batch = 64, .samples = 5}, 18).total_steps, 1);
}

TEST(Schedule, WarmsUpLinearlyThenFallsAlongACosine) {
  const TrainOptions options{.epochs = 3, .batch = 10, .learning_rate = 0.8, .warmup_epochs = 1};
  const StepPlan plan = plan_steps(options, 40);
  EXPECT_EQ(plan.warmup_steps, 4);
  EXPECT_EQ(plan.total_steps, 12);
  EXPECT_DOUBLE_EQ(learning_rate_at(options, plan, 0), 0.2);
  EXPECT_DOUBLE_EQ(learning_rate_at(options, plan, 3), 0.8);
  EXPECT_DOUBLE_EQ(learning_rate_at(options, plan, 4), 0.8);
  // Half of the way down after half of the remaining steps.
  EXPECT_DOUBLE_EQ(learning_rate_at(options, plan, 8), 0.4);
  EXPECT_NEAR(learning_rate_at(options, plan, 11), 0.8 * 0.0380602337, 1e-9);
}

TEST(Schedule, OtherShapes) {
  TrainOptions options{.epochs = 1, .batch = 10, .learning_rate = 0.8, .schedule = "linear"};
  const StepPlan plan = plan_steps(options, 40);
  EXPECT_DOUBLE_EQ(learning_rate_at(options, plan, 1), 0.6);
  options.schedule = "constant";
  EXPECT_DOUBLE_EQ(learning_rate_at(options, plan, 3), 0.8);
}

}  // namespace
}  // namespace rcc
