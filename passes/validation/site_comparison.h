#pragma once

#include <cstdint>
#include <string>

#include "ir/graph.h"
#include "passes/pass.h"

namespace rcc {

// What two graphs computed from the same inputs.
struct SiteComparison {
  // Kinds of inputs on which both ran with finite results that have elements.
  std::size_t runs = 0;
  double largest_difference = 0;
  // The promise is broken, and how; or why there was no run.
  std::string broken;
  std::string reason;
};

// Runs both graphs on inputs of several kinds: normal, zero, large, positive, and multiples of one
// half with both zeros. `exact` asks for equal bits (any NaN is like another), `approx` for a
// difference of at most `tolerance` of the largest element that the output has on these or on
// normal inputs: an output that happens to be next to nothing is no measure. Where the old graph
// itself is that far from what it computes in f64, because it subtracts what nearly cancels, the
// difference is not the rule's. `batch` is the size of symbols on the first axis.
SiteComparison compare_sites(const Graph& before, const Graph& after, Effect effect,
                             double tolerance, std::uint64_t seed, std::int64_t batch = 1);

}  // namespace rcc
