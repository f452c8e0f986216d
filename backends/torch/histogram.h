#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "passes/services.h"

namespace rcc {

// Counts values in bins of equal width over everything seen. The first batch spreads kFirstBins
// over its range; later batches that reach further add bins of the same width at either end.
// More than kMaxBins are avoided by merging neighbours in pairs, which is exact.
class Histogram {
 public:
  static constexpr std::size_t kFirstBins = 2048;
  static constexpr std::size_t kMaxBins = 4 * kFirstBins;

  // Makes room for values in [low, high]; call before counting them.
  void cover(float low, float high);
  // Adds the values to `counts`, which has one number per bin, so that threads can count apart.
  // Precondition: finite and covered.
  void count(std::span<const float> values, std::span<std::uint64_t> counts) const;
  void add(std::span<const std::uint64_t> counts);

  std::size_t bin_count() const { return counts_.size(); }
  ValueStatistics statistics() const;

 private:
  void spread();
  void merge_pairs();

  bool is_empty_ = true;
  float minimum_ = 0;
  float maximum_ = 0;
  // Of the left edge of the first bin; width 0 while all values seen are equal (one bin).
  double low_ = 0;
  double width_ = 0;
  std::vector<std::uint64_t> counts_;
};

}  // namespace rcc
