#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "ir/graph.h"
#include "ir/support/result.h"

namespace rcc {

// Whether a graph shows what is looked for. An error ends the reduction: it says that the question
// cannot be asked, not that the answer is no.
using Criterion = std::function<Result<bool>(const Graph&)>;

struct ReductionOptions {
  std::uint64_t max_tests = 10000;
  // Told after each step that made the graph smaller.
  std::function<void(const std::string& line)> progress = {};
};

struct GraphSize {
  std::size_t nodes = 0;
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  std::size_t attributes = 0;
  // Of all constants.
  std::uint64_t elements = 0;
};
GraphSize size_of(const Graph& graph);
std::string to_text(const GraphSize& size);

struct Reduction {
  Graph graph;
  std::uint64_t tests = 0;
  // The limit on tests ended it.
  bool is_cut_short = false;
};

// The smallest graph found that is sound by the verifier and that the criterion still holds for:
// chunks of nodes are cut out, halving them down to single nodes, then outputs, attributes, payloads
// and sizes are simplified, and all again until nothing gets smaller. Same graph, same criterion: same
// result. Precondition: the criterion holds for `graph`.
Result<Reduction> reduce(const Graph& graph, const Criterion& criterion,
                         const ReductionOptions& options = {});

}  // namespace rcc
