#pragma once

#include <cstdint>
#include <string_view>

namespace rcc {

// Counter-based random numbers: a pure function of (seed, purpose, index), so that no generator
// state has to be saved and every run, resumed or not, on any thread and processor, draws the same
// numbers. Philox4x32-10 with the index as counter; its key is the XXH3 hash of (seed, purpose,
// key).
class RandomStream {
 public:
  // `purpose` names what the numbers are for ("shuffle", "augment", "zoo"); streams of different
  // purposes are independent. `key` distinguishes epochs, passes, tensors.
  RandomStream(std::uint64_t seed, std::string_view purpose, std::uint64_t key = 0);

  std::uint64_t bits(std::uint64_t index) const;
  // In [0, 1), 53 bits.
  double uniform(std::uint64_t index) const;
  // In [0, bound), unbiased to 2^-64; bound > 0.
  std::uint64_t below(std::uint64_t index, std::uint64_t bound) const;
  // Standard normal (Box-Muller).
  double normal(std::uint64_t index) const;

 private:
  std::uint64_t key_;
};

}  // namespace rcc
