#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "ir/support/result.h"
#include "passes/pass.h"
#include "passes/rules/matcher.h"
#include "passes/rules/rewriter.h"
#include "passes/rules/rule.h"
#include "passes/rules/rule_contract.h"
#include "passes/rules/rule_tree.h"
#include "passes/rules/rule_watch.h"
#include "passes/step_limit.h"

namespace rcc {

// In which order a fixpoint file visits nodes. The result must not depend on it: tests use
// `random`.
enum class WorklistOrder : std::uint8_t { topological, random };

struct RuleRunSettings {
  using Apply = tl::expected<Rewrite, std::string> (*)(Graph&, const Rule&, const Bindings&,
                                                       SharedNodes*);

  // One for each option of the rule set.
  std::vector<Datum> options;
  // Of rules that ask `selected(y)`.
  LayerSelection selection;
  Verify verify = Verify::structural;
  std::uint64_t seed = 0;
  WorklistOrder order = WorklistOrder::topological;
  // Told about sites that were left alone, once each.
  std::function<void(const Node&, std::string_view reason)> declined;
  // Asked before each rewrite; null: no limit.
  StepLimit* rule_limit = nullptr;
  RuleWatch* watch = nullptr;
  // Its name, for the watch.
  std::string pass;
  // Null: the Rewriter. Tests put a wrong one in its place.
  Apply apply = nullptr;
};

struct RuleRunStatistics {
  std::size_t rewrites = 0;
  // By rule, in the order of the file.
  std::vector<std::size_t> rewrites_of_rule;
  // Visits of nodes that are roots by their operator, and tests made there.
  std::size_t attempts = 0;
  std::size_t steps = 0;
  std::size_t declined = 0;
  // The limit on rewrites kept the next one, "RULE at %VALUE", from being done.
  bool is_cut_short = false;
  std::string next_rewrite;
  // Of Verify::numeric.
  std::size_t checked = 0;
  double largest_difference = 0;
  // Rewrites that could not be run, and why the first could not.
  std::size_t unchecked = 0;
  std::string unchecked_reason;
};

class RuleReplay;

// Applies rules over the nodes of a graph: one walk in topological order, each node once. New nodes
// are visited again only by recursive rules and in a `fixpoint` file, right after they were made,
// and with them the readers of new results that were visited before.
class RuleRun {
 public:
  RuleRun(Graph& graph, const RuleSet& rules, RuleRunSettings settings);
  // Fails when a rewrite breaks its rule's promise or changes nothing, and when rewriting does not
  // end.
  Result<void> run();
  const RuleRunStatistics& statistics() const { return statistics_; }

 private:
  struct Applied {
    const Rule* rule = nullptr;
    Rewrite rewrite;
  };
  Result<void> visit_queued();
  NodeId take_queued();
  // Rewrites at `root` as long as rules say; then the root may be gone.
  Result<void> visit(Node& root);
  Result<std::optional<Applied>> rewrite_any(Node& root);
  const std::vector<RuleTree::Candidate>& candidates(const RuleTree& tree, Node& root);
  bool wants_reasons() const;
  // nullopt: the rule does not apply.
  Result<std::optional<Rewrite>> rewrite_at(Node& root, const Rule& rule, const OrderSet& orders);
  Result<std::optional<Rewrite>> rewrite_site(Node& root, const Rule& rule);
  // Applies the rule to a graph that must change, or must not when it is refused.
  Result<tl::expected<Rewrite, std::string>> apply(const Rule& rule, std::string_view site);
  Result<void> check(const Rule& rule, const Rewrite& rewrite, const RuleReplay& replay,
                     std::string_view site);
  Result<void> check_end(const Rule& rule, NodeId root, const Rewrite& rewrite,
                         std::size_t nodes_before, std::string_view site);
  tl::unexpected<Error> broken(TextRange range, std::string message, std::string help = {}) const;
  bool may_rewrite(const Rule& rule, std::string_view site);
  void count(const Rule& rule);
  // For the watch.
  void note(RuleAttempt attempt, const Rule& rule);
  void note_refused(const Node& root, const Rule& rule, const std::string& reason);
  void decline(const Node& root);

  // Who may be a root now: remembered before a rewrite, put into the queue after it.
  void remember_readers(const Rule& rule);
  void enqueue(const Rewrite& rewrite, NodeId root);
  void enqueue_readers(const Value& value, std::size_t levels);
  void enqueue_node(const Node& node);

  Graph& graph_;
  const RuleSet& rules_;
  RuleRunSettings settings_;
  RuleTreeWalk tree_walk_;
  Matcher matcher_;
  SharedNodes shared_;
  RuleLineage lineage_;
  SiteState site_state_;
  RuleRunStatistics statistics_;
  // Of RuleWatch::has_statistics; else empty.
  std::vector<RuleStatistics> by_rule_;
  std::vector<RuleTree::Candidate> every_rule_;
  // Reasons kept until it is known that no rule applies at the node, and how many there are.
  std::vector<std::string> reasons_;
  std::size_t declined_here_ = 0;
  // Indices of the rules that changed this node and kept it.
  std::vector<std::size_t> applied_here_;
  IdMap<NodeId, bool> is_reported_;
  // Of a fixpoint file: nodes to visit again, the next one last.
  std::vector<NodeId> queue_;
  IdMap<NodeId, bool> is_queued_;
  std::size_t taken_ = 0;
  // The walk goes on here, so that what comes after it needs no place in the queue.
  Node* next_ = nullptr;
  std::vector<NodeId> readers_;
  std::vector<ValueId> operands_;
};

}  // namespace rcc
