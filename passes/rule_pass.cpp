#include "passes/rule_pass.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "passes/rule_replay.h"

namespace rcc {

namespace {

// A recursive rule that has rewritten its own result that often will not end.
constexpr std::size_t kMaxRecursion = 1000;
// In a fixpoint file, rewrites for each node of the graph at the start.
constexpr std::size_t kMaxRewritesPerNode = 16;

std::string site_of(const Node& node) {
  const Value* result = node.result();
  return result != nullptr ? label_of(*result) : std::string(node.label());
}

}  // namespace

RuleRun::RuleRun(Graph& graph, const RuleSet& rules, RuleRunSettings settings)
    : graph_(graph),
      rules_(rules),
      settings_(std::move(settings)),
      index_(rules),
      matcher_(settings_.options, Matcher::Explain::declined, &settings_.selection),
      shared_(graph) {
  statistics_.rewrites_of_rule.resize(rules.rules.size());
}

Result<void> RuleRun::run() {
  const std::size_t limit = kMaxRewritesPerNode * (graph_.node_count() + 16);
  for (Node& node : graph_.nodes()) {
    if (index_.rules_for(node).empty()) continue;
    RCC_TRY(visit(node));
  }
  for (std::size_t next = 0; next < queue_.size(); ++next) {
    is_queued_[queue_[next]] = false;
    Node* node = graph_.node(queue_[next]);
    if (node == nullptr || index_.rules_for(*node).empty()) continue;
    if (statistics_.rewrites > limit)
      return fail(ErrorKind::limit,
                  fmt::format("the rules of {} rewrote {} nodes and have not come to an end",
                              rules_.source->file(), statistics_.rewrites),
                  "two rules may undo each other; drop `fixpoint` or narrow one of them");
    RCC_TRY(visit(*node));
  }
  statistics_.attempts = matcher_.attempts();
  statistics_.steps = matcher_.steps();
  return {};
}

Result<void> RuleRun::visit(Node& root) {
  Node* node = &root;
  for (std::size_t depth = 0; node != nullptr; ++depth) {
    reasons_.clear();
    std::optional<Rewrite> done;
    const Rule* applied = nullptr;
    for (const Rule* rule : index_.rules_for(*node)) {
      done = RCC_TRY(rewrite_at(*node, *rule));
      applied = rule;
      if (done) break;
    }
    if (!done) {
      decline(*node);
      return {};
    }
    if (rules_.is_fixpoint) enqueue(*done);
    node = applied->is_recursive && !done->new_nodes.empty() ? done->new_nodes.back() : nullptr;
    if (node != nullptr && depth >= kMaxRecursion)
      return fail(ErrorKind::limit,
                  fmt::format("rule `{}` rewrites its own result without end at {}", applied->name,
                              site_of(*node)));
  }
  return {};
}

Result<std::optional<Rewrite>> RuleRun::rewrite_at(Node& root, const Rule& rule) {
  const Matcher::Outcome outcome = matcher_.match(rule, root);
  if (outcome == Matcher::Outcome::declined) reasons_.push_back(matcher_.reason());
  if (outcome != Matcher::Outcome::yes) return std::nullopt;
  const std::string site = site_of(root);
  std::optional<RuleReplay> replay;
  if (settings_.verify == Verify::numeric && rule.effect != Effect::lossy) {
    auto recorded = RuleReplay::record(graph_, rule, matcher_.bindings(), settings_.seed);
    if (recorded) {
      replay = std::move(*recorded);
    } else {
      if (statistics_.unchecked++ == 0)
        statistics_.unchecked_reason = fmt::format("{}: {}", site, recorded.error());
    }
  }
  auto done = Rewriter(graph_, rule, matcher_.bindings(), &shared_).apply();
  if (!done) {
    // Without a reason: the rule's own work.
    if (!done.error().empty()) reasons_.push_back(std::move(done).error());
    return std::nullopt;
  }
  if (done->violation)
    RCC_TRY(defect(rule, done->violation->range, site, done->violation->message));
  ++statistics_.rewrites;
  for (std::size_t i = 0; i < rules_.rules.size(); ++i)
    if (rules_.rules[i].get() == &rule) ++statistics_.rewrites_of_rule[i];
  if (replay) RCC_TRY(check(rule, *done, *replay, site));
  return std::optional<Rewrite>(std::move(*done));
}

Result<void> RuleRun::check(const Rule& rule, const Rewrite& rewrite, const RuleReplay& replay,
                            const std::string& site) {
  const auto difference = replay.compare(graph_, rewrite);
  std::string problem;
  if (!difference) {
    problem = fmt::format("its replacement cannot be run: {}", difference.error());
  } else {
    ++statistics_.checked;
    statistics_.largest_difference = std::max(statistics_.largest_difference, difference->relative);
    if (rule.effect == Effect::exact && !difference->is_bitwise_equal)
      problem = fmt::format(
          "the result differs by {:.3g}, relative to its largest element; the rule "
          "says it is exact",
          difference->relative);
    else if (rule.effect == Effect::approx && !(difference->relative <= rule.tolerance))
      problem = fmt::format(
          "the result differs by {:.3g}, relative to its largest element; the rule "
          "allows {:.3g}",
          difference->relative, rule.tolerance);
  }
  if (problem.empty()) return {};
  return defect(rule, rule.range, site, problem);
}

Result<void> RuleRun::defect(const Rule& rule, TextRange range, const std::string& site,
                             const std::string& problem) const {
  Diagnostic diagnostic;
  diagnostic.message = fmt::format("rule `{}` is wrong at {}: {}", rule.name, site, problem);
  diagnostic.span = rules_.source->span(range);
  diagnostic.help = "this is a defect of the rule, not of the model";
  // The pipeline makes it the user's error when the rule is the user's.
  return fail(ErrorKind::internal, std::move(diagnostic));
}

void RuleRun::decline(const Node& root) {
  if (reasons_.empty() || is_reported_[root.id()]) return;
  is_reported_[root.id()] = true;
  statistics_.declined += reasons_.size();
  if (!settings_.declined) return;
  for (const std::string& reason : reasons_) settings_.declined(root, reason);
}

// New nodes and the users of what they compute may be roots now.
void RuleRun::enqueue(const Rewrite& rewrite) {
  const auto add = [this](const Node& node) {
    if (is_queued_[node.id()]) return;
    is_queued_[node.id()] = true;
    queue_.push_back(node.id());
  };
  for (const Node* node : rewrite.new_nodes) add(*node);
  for (const Value* result : rewrite.results)
    for (const Use& use : result->uses()) add(use.user());
}

}  // namespace rcc
