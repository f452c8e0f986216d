#include "tools/rcc/ratio.h"

#include <gtest/gtest.h>

namespace rcc {
namespace {

TEST(Ratio, MedianOfOddAndEvenCounts) {
  EXPECT_EQ(median({5, 1, 3}), 3);
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
}

TEST(Ratio, OfConstantTimesIsExact) {
  const Ratio ratio = time_ratio({6, 6, 6, 6}, {3, 3, 3, 3});
  EXPECT_EQ(ratio.value, 2);
  EXPECT_EQ(ratio.low, 2);
  EXPECT_EQ(ratio.high, 2);
  EXPECT_EQ(to_text(ratio), "2.000x (2.000 to 2.000)");
}

TEST(Ratio, IntervalHoldsTheValueAndTheNoise) {
  const Ratio ratio = time_ratio({10, 11, 12, 13, 14, 15, 16}, {5, 5, 5, 5, 5, 5, 5});
  EXPECT_DOUBLE_EQ(ratio.value, 2.6);
  EXPECT_LT(ratio.low, 2.6);
  EXPECT_GE(ratio.low, 2);
  EXPECT_GT(ratio.high, 2.6);
  EXPECT_LE(ratio.high, 3.2);
}

TEST(Ratio, IsTheSameInEveryRun) {
  const std::vector<double> a{10, 12, 11, 13, 9};
  const std::vector<double> b{7, 6, 8, 7, 5};
  EXPECT_EQ(time_ratio(a, b).low, time_ratio(a, b).low);
}

TEST(Ratio, DifferenceMustExceedTheControl) {
  EXPECT_TRUE(is_difference({2, 1.9, 2.1}, {1, 0.98, 1.02}));
  EXPECT_TRUE(is_difference({0.5, 0.45, 0.55}, {1, 0.98, 1.02}));
  EXPECT_FALSE(is_difference({1.03, 1.01, 1.05}, {1, 0.98, 1.02}));
  // The control is as wide the other way round.
  EXPECT_FALSE(is_difference({1.03, 1.025, 1.04}, {0.97, 0.95, 0.99}));
}

}  // namespace
}  // namespace rcc
