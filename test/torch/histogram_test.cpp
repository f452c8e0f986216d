#include "backends/torch/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace rcc {
namespace {

void add(Histogram& histogram, const std::vector<float>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  histogram.cover(*low, *high);
  std::vector<std::uint64_t> counts(histogram.bin_count());
  histogram.count(values, counts);
  histogram.add(counts);
}

std::uint64_t total(const ValueStatistics& statistics) {
  return std::accumulate(statistics.histogram.begin(), statistics.histogram.end(),
                         std::uint64_t{0});
}

TEST(Histogram, SpreadsTheFirstBatchOver2048Bins) {
  Histogram histogram;
  add(histogram, {0, 2048, 0.5f, 1.0f, 2047.25f, 1024});
  const ValueStatistics statistics = histogram.statistics();
  EXPECT_EQ(statistics.histogram.size(), 2048U);
  EXPECT_EQ(statistics.bin_low, 0);
  EXPECT_EQ(statistics.bin_width, 1);
  EXPECT_EQ(statistics.histogram[0], 2U);
  EXPECT_EQ(statistics.histogram[1], 1U);
  EXPECT_EQ(statistics.histogram[1024], 1U);
  // The greatest value belongs to the last bin.
  EXPECT_EQ(statistics.histogram[2047], 2U);
}

TEST(Histogram, GrowsAtBothEndsAtConstantWidth) {
  Histogram histogram;
  add(histogram, {0, 2048, 100.5f});
  add(histogram, {-2.5f, 2050.5f});
  const ValueStatistics statistics = histogram.statistics();
  EXPECT_EQ(statistics.bin_width, 1);
  EXPECT_EQ(statistics.bin_low, -3);
  EXPECT_EQ(statistics.histogram.size(), 2048U + 3 + 3);
  EXPECT_EQ(statistics.minimum, -2.5f);
  EXPECT_EQ(statistics.maximum, 2050.5f);
  EXPECT_EQ(statistics.histogram[0], 1U);
  EXPECT_EQ(statistics.histogram[103], 1U);
  EXPECT_EQ(statistics.histogram[2053], 1U);
}

TEST(Histogram, MergesPairsExactlyWhenTheRangeGrowsManyTimes) {
  Histogram histogram;
  add(histogram, {0, 2048, 10.5f, 11.5f});
  add(histogram, {20000});
  const ValueStatistics statistics = histogram.statistics();
  EXPECT_LE(statistics.histogram.size(), Histogram::kMaxBins);
  EXPECT_EQ(statistics.bin_width, 4);
  EXPECT_EQ(statistics.histogram[2], 2U);
  ASSERT_EQ(statistics.histogram.size(), 5000U);
  EXPECT_EQ(statistics.histogram[4999], 1U);
  EXPECT_EQ(total(statistics), 5U);
}

TEST(Histogram, WaitsWithItsWidthWhileAllValuesAreEqual) {
  Histogram histogram;
  add(histogram, {3, 3, 3});
  EXPECT_EQ(histogram.statistics().bin_width, 0);
  EXPECT_EQ(histogram.statistics().histogram, (std::vector<std::uint64_t>{3}));
  add(histogram, {1, 5});
  const ValueStatistics statistics = histogram.statistics();
  EXPECT_EQ(statistics.bin_width, 4.0f / 2048);
  EXPECT_EQ(statistics.bin_low, 1);
  EXPECT_EQ(statistics.histogram[1024], 3U);
  EXPECT_EQ(total(statistics), 5U);
}

TEST(Histogram, DoesNotDependOnHowABatchIsDivided) {
  std::vector<float> values;
  for (int i = 0; i < 1000; ++i) values.push_back(static_cast<float>((i * 37) % 211) - 50);
  Histogram whole;
  add(whole, values);
  Histogram parts;
  parts.cover(-50, 160);
  for (std::size_t begin = 0; begin < values.size(); begin += 100) {
    std::vector<std::uint64_t> counts(parts.bin_count());
    parts.count(std::span(values).subspan(begin, 100), counts);
    parts.add(counts);
  }
  EXPECT_EQ(whole.statistics().histogram, parts.statistics().histogram);
}

}  // namespace
}  // namespace rcc
