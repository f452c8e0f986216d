#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "ir/support/result.h"
#include "passes/matcher.h"
#include "passes/pass.h"
#include "passes/rewriter.h"
#include "passes/rule.h"

namespace rcc {

struct RuleRunSettings {
  // One for each option of the rule set.
  std::vector<Datum> options;
  // Of rules that ask `selected(y)`.
  LayerSelection selection;
  Verify verify = Verify::structural;
  std::uint64_t seed = 0;
  // Told about sites that were left alone, once each.
  std::function<void(const Node&, std::string_view reason)> declined;
};

struct RuleRunStatistics {
  std::size_t rewrites = 0;
  // By rule, in the order of the file.
  std::vector<std::size_t> rewrites_of_rule;
  std::size_t attempts = 0;
  std::size_t steps = 0;
  std::size_t declined = 0;
  // Of Verify::numeric.
  std::size_t checked = 0;
  double largest_difference = 0;
  // Rewrites that could not be run, and why the first could not.
  std::size_t unchecked = 0;
  std::string unchecked_reason;
};

class RuleReplay;

// Applies rules over the nodes of a graph: one walk in topological order, each node once. New nodes
// are visited again only by recursive rules and in a `fixpoint` file.
class RuleRun {
 public:
  RuleRun(Graph& graph, const RuleSet& rules, RuleRunSettings settings);
  // Fails when a rewrite breaks its rule's promise, or when rewriting does not end.
  Result<void> run();
  const RuleRunStatistics& statistics() const { return statistics_; }

 private:
  // Rewrites at `root` as long as rules say; then the root may be gone.
  Result<void> visit(Node& root);
  // nullopt: the rule does not apply.
  Result<std::optional<Rewrite>> rewrite_at(Node& root, const Rule& rule);
  Result<void> check(const Rule& rule, const Rewrite& rewrite, const RuleReplay& replay,
                     const std::string& site);
  Result<void> defect(const Rule& rule, TextRange range, const std::string& site,
                      const std::string& problem) const;
  void decline(const Node& root);
  void enqueue(const Rewrite& rewrite);

  Graph& graph_;
  const RuleSet& rules_;
  RuleRunSettings settings_;
  RuleIndex index_;
  Matcher matcher_;
  SharedNodes shared_;
  RuleRunStatistics statistics_;
  // Reasons kept until it is known that no rule applies at the node.
  std::vector<std::string> reasons_;
  IdMap<NodeId, bool> is_reported_;
  std::vector<NodeId> queue_;
  IdMap<NodeId, bool> is_queued_;
};

}  // namespace rcc
