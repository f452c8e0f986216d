#include "passes/services.h"

#include <gtest/gtest.h>

namespace rcc {
namespace {

// 90 of 100: 0.8256 to 0.9448 in any table of Wilson intervals.
TEST(Accuracy, WilsonInterval) {
  const Accuracy accuracy{.correct = 90, .total = 100};
  EXPECT_DOUBLE_EQ(accuracy.top1(), 0.9);
  EXPECT_NEAR(accuracy.low(), 0.8256, 5e-5);
  EXPECT_NEAR(accuracy.high(), 0.9448, 5e-5);
}

TEST(Accuracy, IntervalStaysInRange) {
  const Accuracy all{.correct = 10, .total = 10};
  EXPECT_NEAR(all.low(), 0.7225, 5e-5);
  EXPECT_EQ(all.high(), 1);
  const Accuracy nothing{};
  EXPECT_EQ(nothing.top1(), 0);
  EXPECT_EQ(nothing.low(), 0);
  EXPECT_EQ(nothing.high(), 1);
}

}  // namespace
}  // namespace rcc
