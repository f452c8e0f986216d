#include "backends/torch/histogram.h"

#include <algorithm>
#include <cmath>

#include "ir/support/result.h"

namespace rcc {

void Histogram::cover(float low, float high) {
  minimum_ = is_empty_ ? low : std::min(minimum_, low);
  maximum_ = is_empty_ ? high : std::max(maximum_, high);
  is_empty_ = false;
  if (width_ == 0) return spread();
  const auto missing = [&](double distance) {
    return distance > 0 ? std::ceil(distance / width_) : 0.0;
  };
  const auto below = [&] { return missing(low_ - minimum_); };
  const auto above = [&] {
    return missing(maximum_ - (low_ + width_ * static_cast<double>(counts_.size())));
  };
  while (below() + static_cast<double>(counts_.size()) + above() > kMaxBins) merge_pairs();
  const auto at_end = static_cast<std::size_t>(above());
  const auto at_start = static_cast<std::size_t>(below());
  counts_.resize(counts_.size() + at_end);
  counts_.insert(counts_.begin(), at_start, 0);
  low_ -= width_ * static_cast<double>(at_start);
}

// From no value, or one value seen any number of times, to the first range.
void Histogram::spread() {
  const std::uint64_t before = counts_.empty() ? 0 : counts_.front();
  const double old_value = low_;
  low_ = minimum_;
  if (minimum_ == maximum_) {
    counts_.assign(1, before);
    return;
  }
  width_ = (static_cast<double>(maximum_) - minimum_) / kFirstBins;
  counts_.assign(kFirstBins, 0);
  const auto bin = static_cast<std::size_t>((old_value - low_) / width_);
  if (before > 0) counts_[std::min(bin, kFirstBins - 1)] = before;
}

void Histogram::merge_pairs() {
  counts_.resize(counts_.size() + counts_.size() % 2);
  for (std::size_t i = 0; i < counts_.size() / 2; ++i)
    counts_[i] = counts_[2 * i] + counts_[2 * i + 1];
  counts_.resize(counts_.size() / 2);
  width_ *= 2;
}

void Histogram::count(std::span<const float> values, std::span<std::uint64_t> counts) const {
  RCC_CHECK(counts.size() == counts_.size());
  if (width_ == 0) {
    counts[0] += values.size();
    return;
  }
  const double scale = 1.0 / width_;
  const auto last = static_cast<std::int64_t>(counts_.size()) - 1;
  for (const float value : values) {
    const auto bin = static_cast<std::int64_t>((value - low_) * scale);
    ++counts[static_cast<std::size_t>(std::clamp<std::int64_t>(bin, 0, last))];
  }
}

void Histogram::add(std::span<const std::uint64_t> counts) {
  for (std::size_t i = 0; i < counts.size(); ++i) counts_[i] += counts[i];
}

ValueStatistics Histogram::statistics() const {
  return {.minimum = minimum_,
          .maximum = maximum_,
          .histogram = counts_,
          .bin_low = static_cast<float>(low_),
          .bin_width = static_cast<float>(width_)};
}

}  // namespace rcc
