#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ir/support/random.h"
#include "ir/support/result.h"

namespace rcc {

// A reproducible sequence of choices: the same seed, purpose and key give the same sequence.
class RandomChoices {
 public:
  RandomChoices(std::uint64_t seed, std::string_view purpose, std::uint64_t key = 0)
      : stream_(seed, purpose, key) {}

  // In [0, bound). Precondition: bound > 0.
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(stream_.below(next_++, static_cast<std::uint64_t>(bound)));
  }
  // In [low, high].
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + below(high - low + 1); }
  bool one_in(std::int64_t count) { return below(count) == 0; }
  double normal() { return stream_.normal(next_++); }
  double uniform(double low, double high) { return low + (high - low) * stream_.uniform(next_++); }
  // Precondition: the list is not empty.
  template <typename T>
  T pick(const std::vector<T>& from) {
    RCC_CHECK(!from.empty(), "nothing to choose from");
    return from[static_cast<std::size_t>(below(static_cast<std::int64_t>(from.size())))];
  }

 private:
  RandomStream stream_;
  std::uint64_t next_ = 0;
};

}  // namespace rcc
