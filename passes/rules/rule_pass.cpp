#include "passes/rules/rule_pass.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "ir/support/random.h"
#include "passes/rules/rule_replay.h"

namespace rcc {

namespace {

using Clock = std::chrono::steady_clock;

Matcher::Explain explain_mode(const RuleRunSettings& settings) {
  const bool is_logged = settings.watch != nullptr && settings.watch->attempted;
  return is_logged ? Matcher::Explain::always : Matcher::Explain::declined;
}

std::string_view site_of(const Node& node) {
  const Value* result = node.result();
  return result != nullptr ? result->name() : node.label();
}

RuleAttempt attempt_at(const Node& root, RuleAttempt::Outcome outcome, std::string reason) {
  const Value* result = root.result();
  RuleAttempt attempt;
  attempt.node = root.label();
  attempt.value = result == nullptr ? std::string_view() : result->name();
  attempt.op = root.op().name;
  attempt.outcome = outcome;
  attempt.reason = std::move(reason);
  return attempt;
}

tl::expected<Rewrite, std::string> apply_rewriter(Graph& graph, const Rule& rule,
                                                  const Bindings& bindings, SharedNodes* shared) {
  return Rewriter(graph, rule, bindings, shared).apply();
}

}  // namespace

RuleRun::RuleRun(Graph& graph, const RuleSet& rules, RuleRunSettings settings)
    : graph_(graph),
      rules_(rules),
      settings_(std::move(settings)),
      matcher_(settings_.options, explain_mode(settings_), &settings_.selection,
               rules.source.get()),
      shared_(graph) {
  if (settings_.apply == nullptr) settings_.apply = apply_rewriter;
  statistics_.rewrites_of_rule.resize(rules.rules.size());
  if (settings_.watch == nullptr || !settings_.watch->has_statistics) return;
  for (const auto& rule : rules.rules) by_rule_.push_back({.rule = rule->name});
}

Result<void> RuleRun::run() {
  if (rules_.is_fixpoint && settings_.order == WorklistOrder::random) {
    for (const Node& node : graph_.nodes()) enqueue_node(node);
    RCC_TRY(visit_queued());
  } else {
    for (Node* node = graph_.first_node(); node != nullptr && !statistics_.is_cut_short;
         node = next_) {
      next_ = node->next();
      RCC_TRY(visit(*node));
      RCC_TRY(visit_queued());
    }
  }
  statistics_.steps = tree_walk_.steps() + matcher_.steps();
  if (!by_rule_.empty())
    settings_.watch->statistics.push_back({settings_.pass, tree_walk_.steps(), by_rule_});
  return {};
}

Result<void> RuleRun::visit_queued() {
  while (!queue_.empty() && !statistics_.is_cut_short)
    if (Node* node = graph_.node(take_queued())) RCC_TRY(visit(*node));
  return {};
}

NodeId RuleRun::take_queued() {
  if (settings_.order == WorklistOrder::random) {
    const RandomStream random(settings_.seed, "worklist");
    std::swap(queue_[random.below(taken_++, queue_.size())], queue_.back());
  }
  const NodeId id = queue_.back();
  queue_.pop_back();
  is_queued_[id] = false;
  return id;
}

Result<void> RuleRun::visit(Node& root) {
  Node* node = &root;
  applied_here_.clear();
  while (node != nullptr && !statistics_.is_cut_short) {
    const NodeId id = node->id();
    const std::optional<Applied> applied = RCC_TRY(rewrite_any(*node));
    if (!applied) return {};
    const std::vector<Node*>& made = applied->rewrite.new_nodes;
    if (rules_.is_fixpoint) enqueue(applied->rewrite, id);
    const bool goes_on = applied->rule->is_recursive && !rules_.is_fixpoint && !made.empty();
    // A rule that keeps its nodes leaves the root to the others.
    if (applied->rule->keeps_nodes())
      applied_here_.push_back(applied->rule->index);
    else
      node = goes_on ? made.back() : nullptr;
  }
  return {};
}

Result<std::optional<RuleRun::Applied>> RuleRun::rewrite_any(Node& root) {
  const RuleTree* tree = rules_.trees->tree_for(root);
  if (tree == nullptr) return std::nullopt;
  ++statistics_.attempts;
  if (!by_rule_.empty())
    for (const Rule* rule : tree->rules()) ++by_rule_[rule->index].attempts;
  reasons_.clear();
  declined_here_ = 0;
  for (const RuleTree::Candidate& candidate : candidates(*tree, root)) {
    const Rule& rule = *tree->rules()[candidate.rule];
    if (std::find(applied_here_.begin(), applied_here_.end(), rule.index) != applied_here_.end())
      continue;
    if (candidate.open.none() && !wants_reasons()) {
      ++declined_here_;
      continue;
    }
    auto done = RCC_TRY(rewrite_at(root, rule, candidate.open | candidate.near));
    if (done) return Applied{&rule, std::move(*done)};
    if (statistics_.is_cut_short) return std::nullopt;
  }
  decline(root);
  return std::nullopt;
}

bool RuleRun::wants_reasons() const {
  return settings_.declined || !by_rule_.empty() ||
         (settings_.watch != nullptr && settings_.watch->attempted);
}

// A log tells of every rule, so none may be ruled out by the tree.
const std::vector<RuleTree::Candidate>& RuleRun::candidates(const RuleTree& tree, Node& root) {
  if (settings_.watch == nullptr || !settings_.watch->attempted)
    return tree_walk_.candidates(tree, root);
  every_rule_.clear();
  for (std::uint32_t i = 0; i < tree.rules().size(); ++i)
    every_rule_.push_back({.rule = i, .open = OrderSet().set()});
  return every_rule_;
}

Result<std::optional<Rewrite>> RuleRun::rewrite_at(Node& root, const Rule& rule,
                                                   const OrderSet& orders) {
  const bool is_timed = !by_rule_.empty();
  const Clock::time_point start = is_timed ? Clock::now() : Clock::time_point();
  const std::size_t steps = matcher_.steps();
  std::optional<Rewrite> done;
  const Matcher::Outcome outcome = matcher_.match(rule, root, orders);
  if (outcome == Matcher::Outcome::yes) {
    if (is_timed) ++by_rule_[rule.index].matches;
    done = RCC_TRY(rewrite_site(root, rule));
  } else if (outcome == Matcher::Outcome::declined) {
    note_refused(root, rule, matcher_.reason());
  } else if (settings_.watch != nullptr && settings_.watch->attempted) {
    note(attempt_at(root, RuleAttempt::Outcome::near_miss, matcher_.reason()), rule);
  }
  if (is_timed) {
    by_rule_[rule.index].steps += matcher_.steps() - steps;
    by_rule_[rule.index].seconds += std::chrono::duration<double>(Clock::now() - start).count();
  }
  return done;
}

Result<std::optional<Rewrite>> RuleRun::rewrite_site(Node& root, const Rule& rule) {
  const std::string_view site = site_of(root);
  if (!may_rewrite(rule, site)) return std::nullopt;
  std::optional<RuleReplay> replay;
  if (settings_.verify == Verify::numeric && rule.effect != Effect::lossy) {
    auto recorded = RuleReplay::record(graph_, rule, matcher_.bindings(), settings_.seed);
    if (recorded)
      replay = std::move(*recorded);
    else if (statistics_.unchecked++ == 0)
      statistics_.unchecked_reason = fmt::format("%{}: {}", site, recorded.error());
  }
  if (rules_.is_fixpoint) remember_readers(rule);
  RuleAttempt attempt = attempt_at(root, RuleAttempt::Outcome::applied, {});
  const NodeId id = root.id();
  const std::size_t nodes_before = graph_.node_count();
  auto done = RCC_TRY(apply(rule, site));
  if (!done) {
    // Without a reason: the rule's own work.
    if (!done.error().empty()) note_refused(root, rule, done.error());
    return std::nullopt;
  }
  if (done->violation)
    return broken(done->violation->range, fmt::format("rule `{}` is wrong at %{}: {}", rule.name,
                                                      site, done->violation->message));
  count(rule);
  if (settings_.watch != nullptr && settings_.watch->attempted) {
    for (const Node* node : done->new_nodes)
      if (const Value* result = node->result()) attempt.created.push_back(result->name());
    note(std::move(attempt), rule);
  }
  if (rules_.is_fixpoint || rule.is_recursive)
    RCC_TRY(check_end(rule, id, *done, nodes_before, site));
  if (replay) RCC_TRY(check(rule, *done, *replay, site));
  return std::optional<Rewrite>(std::move(*done));
}

Result<tl::expected<Rewrite, std::string>> RuleRun::apply(const Rule& rule, std::string_view site) {
  site_state_.take(graph_, matcher_.bindings());
  const std::uint64_t epoch = graph_.epoch();
  tl::expected<Rewrite, std::string> done =
      settings_.apply(graph_, rule, matcher_.bindings(), &shared_);
  if (done && graph_.epoch() == epoch)
    return broken(rule.range, fmt::format("rule `{}` changes nothing at %{}", rule.name, site),
                  "add a condition (`where`) that keeps it from sites that need no rewrite");
  if (!done && graph_.epoch() != epoch && !site_state_.still_holds(graph_))
    return broken(rule.range,
                  fmt::format("rule `{}` was refused at %{} and changed the graph all the same: {}",
                              rule.name, site, done.error()),
                  "a rewrite must be complete or leave the graph as it was");
  return done;
}

bool RuleRun::may_rewrite(const Rule& rule, std::string_view site) {
  if (settings_.rule_limit == nullptr || settings_.rule_limit->take()) return true;
  statistics_.next_rewrite = fmt::format("{} at %{}", rule.name, site);
  statistics_.is_cut_short = true;
  return false;
}

void RuleRun::count(const Rule& rule) {
  ++statistics_.rewrites;
  ++statistics_.rewrites_of_rule[rule.index];
  if (!by_rule_.empty()) ++by_rule_[rule.index].rewrites;
}

Result<void> RuleRun::check(const Rule& rule, const Rewrite& rewrite, const RuleReplay& replay,
                            std::string_view site) {
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
  return broken(rule.range, fmt::format("rule `{}` is wrong at %{}: {}", rule.name, site, problem));
}

Result<void> RuleRun::check_end(const Rule& rule, NodeId root, const Rewrite& rewrite,
                                std::size_t nodes_before, std::string_view site) {
  const auto growth =
      static_cast<std::int64_t>(graph_.node_count()) - static_cast<std::int64_t>(nodes_before);
  const auto circle = lineage_.add(graph_, rule, root, rewrite, growth);
  if (!circle) return {};
  std::string names;
  for (std::size_t i = 0; i < circle->rules.size(); ++i)
    names += fmt::format("{}`{}`",
                         i == 0                         ? ""
                         : i + 1 < circle->rules.size() ? ", "
                                                        : " and ",
                         circle->rules[i]->name);
  const bool is_one = circle->rules.size() == 1;
  switch (circle->kind) {
    case RuleLineage::Circle::Kind::own_result:
      return broken(rule.range, fmt::format("rule {} rewrites its own result at %{}", names, site),
                    "mark it `recursive` if that comes to an end, else narrow what it matches");
    case RuleLineage::Circle::Kind::repetition:
      return broken(rule.range,
                    is_one ? fmt::format("rule {} makes the same of its own result at %{}, again "
                                         "and again",
                                         names, site)
                           : fmt::format("rules {} undo each other at %{}", names, site),
                    "narrow what one of them matches");
    case RuleLineage::Circle::Kind::endless:
      return broken(
          rule.range,
          fmt::format("rule{} {} rewrite{} {} without end at %{}", is_one ? "" : "s", names,
                      is_one ? "s" : "", is_one ? "its own result" : "each other's results", site),
          "narrow what one of them matches");
  }
  return {};
}

// The pipeline makes it the user's error when the rule is the user's.
tl::unexpected<Error> RuleRun::broken(TextRange range, std::string message,
                                      std::string help) const {
  Diagnostic diagnostic;
  diagnostic.message = std::move(message);
  diagnostic.span = rules_.source->span(range);
  diagnostic.help =
      help.empty() ? "this is a defect of the rule, not of the model" : std::move(help);
  return fail(ErrorKind::internal, std::move(diagnostic));
}

void RuleRun::note_refused(const Node& root, const Rule& rule, const std::string& reason) {
  ++declined_here_;
  if (settings_.declined) reasons_.push_back(reason);
  if (settings_.watch == nullptr || !wants_reasons()) return;
  note(attempt_at(root, RuleAttempt::Outcome::declined, reason), rule);
}

void RuleRun::note(RuleAttempt attempt, const Rule& rule) {
  if (!by_rule_.empty() && attempt.outcome == RuleAttempt::Outcome::declined) {
    ++by_rule_[rule.index].declined;
    ++by_rule_[rule.index].declined_for[attempt.reason];
  }
  if (!settings_.watch->attempted) return;
  attempt.pass = settings_.pass;
  attempt.rule = rule.name;
  attempt.steps_passed = matcher_.mismatch().steps_passed;
  attempt.steps_total = matcher_.mismatch().steps_total;
  settings_.watch->attempted(attempt);
}

void RuleRun::decline(const Node& root) {
  if (declined_here_ == 0 || is_reported_[root.id()]) return;
  is_reported_[root.id()] = true;
  statistics_.declined += declined_here_;
  for (const std::string& reason : reasons_) settings_.declined(root, reason);
}

}  // namespace rcc
