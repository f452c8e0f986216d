#pragma once

#include "ir/graph.h"

namespace rcc {

// How often each axis of x is repeated by tile. Error when the numbers are not known or do not fit.
// Precondition: x has a known rank.
Result<Ints> tile_repeats(const Node& node);

// The axis that cum_sum or cum_prod runs along. Error when it is not known or does not exist.
Result<std::size_t> running_axis(const Node& node, std::size_t rank);

// How many numbers a range has and what they are; nullopt while an operand is not known.
struct RangeNumbers {
  double start = 0;
  double delta = 1;
  std::int64_t count = 0;
};
Result<std::optional<RangeNumbers>> range_numbers(const Node& node);

}  // namespace rcc
