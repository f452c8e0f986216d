#include "passes/rules/why_not.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "passes/rules/matcher.h"
#include "passes/rules/rule_tree.h"

namespace rcc {

namespace {

// Groups of near misses, and names in a list, that are printed.
constexpr std::size_t kMostGroups = 3;
constexpr std::size_t kMostNames = 3;

// "a, b, c and 4 more".
std::string list_text(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMostNames); ++i)
    text += fmt::format("{}{}", i == 0 ? "" : ", ", names[i]);
  if (names.size() > kMostNames) text += fmt::format(" and {} more", names.size() - kMostNames);
  return text;
}

std::string alternatives(const NodePattern& pattern) {
  std::string text;
  for (const OpInfo* op : pattern.ops)
    text += fmt::format("{}{}", text.empty() ? "" : " or ", op->name);
  return text;
}

// Rules of `set` that a word names: all when it names their pass.
std::vector<const Rule*> named_rules(const RuleSet& set, std::string_view pass,
                                     std::string_view what) {
  const std::size_t slash = what.rfind('/');
  const std::string_view rule = what.substr(slash == std::string_view::npos ? 0 : slash + 1);
  if (slash != std::string_view::npos && what.substr(0, slash) != pass) return {};
  std::vector<const Rule*> found;
  for (const auto& candidate : set.rules)
    if (what == pass || candidate->name == rule) found.push_back(candidate.get());
  return found;
}

Result<std::vector<PassInstance>> rule_passes(const PassCatalog& catalog) {
  std::vector<PassInstance> passes;
  for (const PassEntry& entry : catalog.entries())
    if (!entry.rules.empty()) passes.push_back(RCC_TRY(catalog.make(entry.name, {})));
  return passes;
}

tl::unexpected<Error> unknown(std::string_view what, const std::vector<PassInstance>& passes) {
  std::vector<std::string_view> known;
  for (const PassInstance& pass : passes) {
    if (pass.def->rules == nullptr) continue;
    known.push_back(pass.name);
    for (const auto& rule : pass.def->rules->rules) known.push_back(rule->name);
  }
  const std::string_view nearest = nearest_name(what.substr(what.rfind('/') + 1), known);
  return fail(ErrorKind::usage, fmt::format("no rule and no pass of rules is called `{}`", what),
              nearest.empty() ? "only passes of rules can say why they do not apply"
                              : fmt::format("did you mean `{}`?", nearest));
}

}  // namespace

WhyNotQuestion parse_why_not(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos) return {std::string(text), {}};
  return {std::string(text.substr(0, at)), std::string(text.substr(at + 1))};
}

Result<WhyNotSubject> find_subject(const WhyNotQuestion& question,
                                   const std::vector<PassInstance>& passes,
                                   const PassCatalog& catalog) {
  std::vector<PassInstance> all = passes;
  for (PassInstance& pass : RCC_TRY(rule_passes(catalog))) all.push_back(std::move(pass));
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].def->rules == nullptr) continue;
    auto rules = named_rules(*all[i].def->rules, all[i].name, question.what);
    if (!rules.empty()) return WhyNotSubject{all[i], std::min(i, passes.size()), std::move(rules)};
  }
  return unknown(question.what, all);
}

WhyNot::WhyNot(const RuleSet& set, std::vector<const Rule*> rules) : set_(set) {
  for (const Rule* rule : rules) tries_.push_back({rule, {}, {}});
}

Result<void> WhyNot::look_at(const Graph& graph, std::string_view name) {
  std::vector<std::string_view> known;
  bool is_found = false;
  for (const Node& node : graph.nodes()) {
    bool is_it = node.label() == name;
    for (std::size_t i = 0; i < node.result_count(); ++i) {
      if (node.result(i) == nullptr) continue;
      known.push_back(node.result(i)->name());
      is_it = is_it || node.result(i)->name() == name;
    }
    known.push_back(node.label());
    if (!is_it) continue;
    is_found = true;
    if (is_root_of_any(node)) {
      if (const Value* result = node.result()) roots_.emplace(result->name());
    } else {
      inner_ = describe(node);
      add_roots_above(node);
    }
  }
  if (is_found) return {};
  const std::string_view nearest = nearest_name(name, known);
  return fail(ErrorKind::usage, fmt::format("graph @{} has no node `{}`", graph.name(), name),
              nearest.empty() ? std::string() : fmt::format("did you mean `{}`?", nearest));
}

bool WhyNot::is_root_of_any(const Node& node) const {
  const RuleTree* tree = set_.trees->tree_for(node);
  return tree != nullptr && std::any_of(tries_.begin(), tries_.end(), [&](const Tries& tries) {
           return std::find(tree->rules().begin(), tree->rules().end(), tries.rule) !=
                  tree->rules().end();
         });
}

bool WhyNot::may_be_root(std::string_view op) const {
  return std::any_of(tries_.begin(), tries_.end(), [op](const Tries& tries) {
    const auto& ops = tries.rule->root().ops;
    return std::any_of(ops.begin(), ops.end(), [op](const OpInfo* o) { return o->name == op; });
  });
}

// A pattern that has the node in it ends at one of its readers, as many levels above as patterns
// have.
void WhyNot::add_roots_above(const Node& node) {
  std::vector<const Node*> level{&node};
  std::set<NodeId> seen;
  for (std::size_t depth = set_.trees->depth(); depth > 1 && !level.empty(); --depth) {
    std::vector<const Node*> above;
    for (const Node* below : level) {
      for (std::size_t i = 0; i < below->result_count(); ++i) {
        if (below->result(i) == nullptr) continue;
        for (const Use& use : below->result(i)->uses())
          if (seen.insert(use.user().id()).second) above.push_back(&use.user());
      }
    }
    for (const Node* reader : above)
      if (is_root_of_any(*reader) && reader->result() != nullptr)
        roots_.emplace(reader->result()->name());
    level = std::move(above);
  }
}

void WhyNot::add(const RuleAttempt& attempt) {
  const bool is_asked = (roots_.empty() && inner_.empty()) || roots_.contains(attempt.value);
  if (!is_asked) return;
  const std::string node = fmt::format("{} ({})", attempt.node, attempt.op);
  for (Tries& tries : tries_) {
    if (tries.rule->name != attempt.rule) continue;
    if (attempt.outcome == RuleAttempt::Outcome::applied)
      tries.applied.emplace_back(attempt.node);
    else
      tries.misses.push_back(
          {node, attempt.outcome, attempt.steps_passed, attempt.steps_total, attempt.reason});
    return;
  }
  const bool was_in_the_way =
      attempt.outcome == RuleAttempt::Outcome::applied && may_be_root(attempt.op);
  if (was_in_the_way) others_[std::string(attempt.rule)].push_back(node);
}

std::string WhyNot::answer() const {
  std::string text;
  if (!inner_.empty())
    text += roots_.empty()
                ? fmt::format("{} is neither a root of these rules nor read by one\n", inner_)
                : fmt::format("{} is no root of these rules; nodes that read it are\n", inner_);
  if (!inner_.empty() && roots_.empty()) return text;
  for (const Tries& tries : tries_) text += answer_for(tries);
  for (const auto& [rule, nodes] : others_)
    text += fmt::format("rule {} was applied first at {}\n", rule, list_text(nodes));
  return text;
}

std::string WhyNot::answer_for(const Tries& tries) const {
  const Rule& rule = *tries.rule;
  if (tries.applied.empty() && tries.misses.empty()) return nothing_text(rule);
  if (!roots_.empty()) {
    std::string text;
    for (const std::string& node : tries.applied)
      text += fmt::format("{} applies at {}\n", rule.name, node);
    for (const Miss& miss : tries.misses)
      text += fmt::format("{} at {}\n", rule.name, miss_text(miss));
    return text;
  }
  std::string text = rule.name;
  if (tries.applied.empty())
    text += " applies nowhere\n";
  else
    text += fmt::format(" applies at {} node{}: {}\n", tries.applied.size(),
                        tries.applied.size() == 1 ? "" : "s", list_text(tries.applied));
  return text + ranking(tries.misses);
}

// The furthest first; those that stop at one step are a group.
std::string WhyNot::ranking(std::vector<Miss> misses) {
  std::stable_sort(misses.begin(), misses.end(), [](const Miss& a, const Miss& b) {
    if (a.outcome != b.outcome) return a.outcome < b.outcome;
    return a.passed > b.passed;
  });
  std::string text;
  std::size_t groups = 0;
  for (auto first = misses.begin(); first != misses.end(); ++groups) {
    const auto last = std::find_if(first, misses.end(), [&](const Miss& miss) {
      return miss.outcome != first->outcome || miss.passed != first->passed;
    });
    if (groups == kMostGroups)
      return text + fmt::format("  and {} further away\n", misses.end() - first);
    text += fmt::format("  {}\n", miss_text(*first));
    std::vector<std::string> others;
    for (auto other = first + 1; other != last; ++other) others.push_back(other->node);
    if (!others.empty()) text += fmt::format("    at that step too: {}\n", list_text(others));
    first = last;
  }
  return text;
}

std::string WhyNot::miss_text(const Miss& miss) {
  const bool is_refused = miss.passed == miss.total;
  return fmt::format("{}: matched {} of {} steps; {}{}", miss.node, miss.passed, miss.total,
                     is_refused ? "not replaced: " : "", miss.reason);
}

std::string WhyNot::nothing_text(const Rule& rule) const {
  if (!roots_.empty()) return fmt::format("{} was not tried there\n", rule.name);
  if (!others_.empty())
    return fmt::format("{} was not tried: other rules were applied at each {}\n", rule.name,
                       alternatives(rule.root()));
  return fmt::format("{} applies nowhere: no node is {}, the root of its pattern\n", rule.name,
                     alternatives(rule.root()));
}

}  // namespace rcc
