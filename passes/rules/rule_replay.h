#pragma once

#include <map>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "ir/graph.h"
#include "passes/rules/rewriter.h"
#include "passes/rules/rule.h"

namespace rcc {

// Holds a rewrite to its promise: the matched nodes, with their real weights and random inputs of
// the smallest legal spatial size, are run before and after.
class RuleReplay {
 public:
  // Before the rewrite. The error says why the site cannot be run.
  static tl::expected<RuleReplay, std::string> record(const Graph& graph, const Rule& rule,
                                                      const Bindings& bindings, std::uint64_t seed);

  struct Difference {
    // Largest relative difference among the replaced results.
    double relative = 0;
    bool is_bitwise_equal = true;
  };
  // After the rewrite.
  tl::expected<Difference, std::string> compare(const Graph& graph, const Rewrite& rewrite) const;

 private:
  // Values read from outside, as run.
  std::map<ValueId, Tensor> inputs_;
  std::vector<Tensor> expected_;
  // Matched nodes; those that survive are part of what is run afterwards.
  std::vector<NodeId> matched_;
};

}  // namespace rcc
