#pragma once

#include <cstdint>
#include <string>

#include "ir/graph.h"
#include "passes/pass.h"

namespace rcc {

// What running two graphs on the same inputs showed.
struct NumericVerdict {
  // Largest relative difference of an output; negative: the graphs could not be run, see `reason`.
  double difference = -1;
  std::string reason = {};
  // The promise does not hold, and where: "output `y` differs by 0.5 ...".
  std::string broken = {};
};

// Whether `after` computes what `before` computes, as `effect` promises: bitwise for exact, within
// `tolerance` of the largest magnitude for approx, or as far as the rounding of `before` itself goes;
// lossy promises nothing.
// The graphs run at a small spatial size where both can; a difference seen there counts only if it
// is also there at the real size.
NumericVerdict check_numerics(const Graph& before, const Graph& after, Effect effect,
                              double tolerance, std::uint64_t seed);

}  // namespace rcc
