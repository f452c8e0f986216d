#include "passes/validation/rule_validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ir/cost.h"
#include "ir/text.h"
#include "ir/verifier.h"
#include "passes/rules/matcher.h"
#include "passes/rules/rewriter.h"
#include "passes/validation/option_variations.h"
#include "passes/validation/rule_synthesis.h"
#include "passes/validation/site_comparison.h"
#include "passes/validation/site_variations.h"
#include "passes/validation/validation_goals.h"

namespace rcc {

namespace {

constexpr std::size_t kTriesOfSite = 40;
constexpr std::size_t kLeastTries = 300;
constexpr std::size_t kMostTriesForFirst = 500;
// With an option off its default there is a try for so many of the sites asked for.
constexpr std::size_t kSitesOfOptionTry = 4;
// After a failure, how many more graphs to try for a smaller one that fails.
constexpr std::size_t kTriesOfSmaller = 40;
// Of symbols.
constexpr std::int64_t kBatch = 3;
constexpr std::int64_t kLiteralElements = 1 << 16;

struct Growth {
  std::int64_t nodes = 0;
  std::int64_t macs = 0;
};

Growth growth(const Graph& before, const Graph& after) {
  return {
      static_cast<std::int64_t>(after.node_count()) -
          static_cast<std::int64_t>(before.node_count()),
      static_cast<std::int64_t>(cost(after).macs) - static_cast<std::int64_t>(cost(before).macs)};
}

bool is_dead(const Node& node) {
  for (std::size_t i = 0; i < node.result_count(); ++i)
    if (node.result(i) != nullptr && !node.result(i)->is_unused()) return false;
  return true;
}

// Matched or new nodes that nothing reads after the rewrite.
std::size_t dead_nodes(const SynthesisedSite& site, const Graph& after) {
  std::size_t count = 0;
  for (const Node& node : after.nodes()) {
    const bool is_matched =
        std::find(site.matched.begin(), site.matched.end(), node.id()) != site.matched.end();
    const Node* before = site.graph.node(node.id());
    if (is_dead(node) && (before == nullptr || (is_matched && !is_dead(*before)))) ++count;
  }
  return count;
}

std::string print_whole(const Graph& graph) {
  PrintOptions options;
  options.max_literal_elements = kLiteralElements;
  options.with_locations = false;
  return print(graph, options).value_or("");
}

class RuleValidator {
 public:
  RuleValidator(const RuleSet& rules, const Rule& rule, SynthesisSettings synthesis,
                const RuleValidationSettings& settings)
      : rules_(rules), rule_(rule), synthesis_(std::move(synthesis)), settings_(settings) {
    verdict_.rule = rule.name;
    verdict_.effect = rule.effect;
    verdict_.tolerance = rule.tolerance;
  }

  RuleVerdict run() {
    std::vector<ValidationGoal> goals = special_goals(rule_);
    std::size_t special = 0;
    for (const ValidationGoal& goal : goals)
      if (goal.kind == ValidationGoal::Kind::applies) special += goal.sites;
    ValidationGoal plain;
    plain.sites = std::max(settings_.sites, special + settings_.sites / 2) - special;
    goals.insert(goals.begin(), std::move(plain));
    for (const ValidationGoal& goal : goals)
      if (!reach(goal)) return std::move(verdict_);
    if (!has_run_ && rule_.effect != Effect::lossy)
      verdict_.problem =
          fmt::format("could not be run on any of {} graphs: {}", verdict_.graphs, not_run_);
    for (const OptionVariation& variation : option_variations(rules_, rule_, synthesis_.options))
      if (verdict_.is_ok() && !holds_with(variation)) break;
    return std::move(verdict_);
  }

 private:
  // With other options the rule may stay away, but is right where it applies.
  bool holds_with(const OptionVariation& variation) {
    synthesis_.options = variation.options;
    option_ = variation.name;
    const ValidationGoal goal;
    for (std::size_t i = 0; i < settings_.sites; i += kSitesOfOptionTry) {
      if (try_once(goal, next_seed()) != Trial::wrong) continue;
      look_for_smaller(goal);
      return false;
    }
    return true;
  }

  // One try of a goal.
  enum class Trial : std::uint8_t { missed, reached, wrong };

  bool reach(const ValidationGoal& goal) {
    deepest_ = 0;
    reason_.clear();
    std::size_t reached = 0;
    std::size_t tries = 0;
    const std::size_t most = std::max(goal.sites * kTriesOfSite, kLeastTries);
    for (; tries < most && reached < goal.sites; ++tries) {
      if (reached == 0 && tries == kMostTriesForFirst) break;
      switch (try_once(goal, seed_for(goal, tries))) {
        case Trial::missed:
          break;
        case Trial::reached:
          ++reached;
          break;
        case Trial::wrong:
          look_for_smaller(goal);
          return false;
      }
    }
    if (reached > 0) return true;
    verdict_.problem = fmt::format("does not apply{} in {} tries: {}", goal.name, tries, reason_);
    return false;
  }

  // The first failure stands, unless a smaller graph fails as well.
  void look_for_smaller(const ValidationGoal& goal) {
    const RuleVerdict first = verdict_;
    RuleVerdict best = verdict_;
    for (std::size_t i = 0; i < kTriesOfSmaller; ++i) {
      if (try_once(goal, next_seed()) != Trial::wrong) continue;
      if (verdict_.graph.size() >= best.graph.size()) continue;
      best.problem = verdict_.problem;
      best.graph = verdict_.graph;
    }
    verdict_ = std::move(best);
  }

  std::uint64_t next_seed() { return settings_.seed * 1'000'003 + next_++; }

  // Sites at which the rule applied serve again with a reader.
  std::uint64_t seed_for(const ValidationGoal& goal, std::size_t tries) {
    const bool serves_again =
        goal.kind != ValidationGoal::Kind::applies && tries < good_seeds_.size();
    return serves_again ? good_seeds_[tries] : next_seed();
  }

  Trial try_once(const ValidationGoal& goal, std::uint64_t seed) {
    SiteVariant variant = goal.variant;
    variant.reader = SiteVariant::Reader::none;
    variant.read_pattern = -1;
    auto plain = synthesise(variant, seed);
    if (!plain) return Trial::missed;
    Graph after = plain->graph.clone();
    if (!apply(after, plain->matched.back())) return unchanged(*plain, after);
    ++verdict_.fired;
    if (const std::string problem = check(*plain, after, seed); !problem.empty())
      return wrong(*plain, problem);
    if (const Trial open = try_open(*plain, seed); open == Trial::wrong) return open;
    if (const Trial merged = try_merged(*plain, seed); merged == Trial::wrong) return merged;
    if (goal.kind == ValidationGoal::Kind::applies) {
      good_seeds_.push_back(seed);
      return Trial::reached;
    }
    return try_reader(goal, growth(plain->graph, after), seed);
  }

  // The same site, where the size of the first axis is not known. A rule may decline it.
  Trial try_open(const SynthesisedSite& site, std::uint64_t seed) {
    const auto open = with_open_batch(site);
    if (!open) return Trial::missed;
    Graph after = open->graph.clone();
    if (!apply(after, open->matched.back())) return unchanged(*open, after);
    ++verdict_.graphs;
    ++verdict_.fired;
    const std::string problem = check(*open, after, seed);
    return problem.empty() ? Trial::reached : wrong(*open, problem);
  }

  // The same site, where one node stands for two patterns, as after merge_equal_nodes. The rule
  // need not apply there.
  Trial try_merged(const SynthesisedSite& site, std::uint64_t seed) {
    for (std::size_t second = 1; second + 1 < site.matched.size(); ++second) {
      for (std::size_t first = 0; first < second; ++first) {
        auto merged = with_one_node(site, first, second);
        if (!merged) continue;
        Graph after = merged->graph.clone();
        if (!apply(after, merged->matched.back())) {
          if (unchanged(*merged, after) == Trial::wrong) return Trial::wrong;
          continue;
        }
        ++verdict_.graphs;
        ++verdict_.fired;
        const std::string problem = check(*merged, after, seed);
        if (!problem.empty()) return wrong(*merged, problem);
      }
    }
    return Trial::missed;
  }

  // The same site, where an interior value has another reader.
  Trial try_reader(const ValidationGoal& goal, const Growth& without_reader, std::uint64_t seed) {
    auto site = synthesise(goal.variant, seed);
    if (!site) return Trial::missed;
    Graph after = site->graph.clone();
    const bool has_applied = apply(after, site->matched.back());
    if (goal.kind == ValidationGoal::Kind::stays_away)
      return has_applied ? wrong(*site, "applies although an interior value is read elsewhere")
                         : unchanged(*site, after, Trial::reached);
    if (!has_applied) return unchanged(*site, after);
    ++verdict_.fired;
    if (const std::string problem = check(*site, after, seed); !problem.empty())
      return wrong(*site, problem);
    const Growth with_reader = growth(site->graph, after);
    const std::int64_t macs = with_reader.macs - std::max<std::int64_t>(without_reader.macs, 0);
    const std::int64_t nodes = with_reader.nodes - std::max<std::int64_t>(without_reader.nodes, 0);
    if (macs > 0 || nodes > 0)
      return wrong(*site,
                   fmt::format("duplicates work that `shared` keeps alive: {} more node{} and "
                               "{} more multiply-accumulates than before",
                               std::max<std::int64_t>(with_reader.nodes, 0),
                               with_reader.nodes == 1 ? "" : "s",
                               std::max<std::int64_t>(with_reader.macs, 0)));
    return Trial::reached;
  }

  tl::expected<SynthesisedSite, std::string> synthesise(const SiteVariant& variant,
                                                        std::uint64_t seed) {
    auto site = synthesise_site(rule_, variant, synthesis_, seed);
    if (!site) {
      remember(0, site.error());
      return site;
    }
    ++verdict_.graphs;
    if (!site->failed_statement) return site;
    const RuleStatement& statement = rule_.statements[*site->failed_statement];
    const std::string_view text = rules_.source->text();
    remember(1 + *site->failed_statement,
             fmt::format(
                 "`{}` could not be met",
                 text.substr(statement.range.begin, statement.range.end - statement.range.begin)));
    return tl::unexpected<std::string>("a condition does not hold");
  }

  bool apply(Graph& graph, NodeId root) {
    Matcher matcher(synthesis_.options, Matcher::Explain::always);
    if (matcher.match(rule_, *graph.node(root)) != Matcher::Outcome::yes) {
      remember(kMatched, matcher.reason());
      return false;
    }
    const std::uint64_t epoch = graph.epoch();
    auto done = Rewriter(graph, rule_, matcher.bindings()).apply();
    if (!done) remember(kPlanned, done.error());
    violation_.clear();
    if (done && done->violation) violation_ = "its `ensure` fails: " + done->violation->message;
    if (done && graph.epoch() == epoch) remember(kPlanned, "it would change nothing");
    return done.has_value() && graph.epoch() != epoch;
  }

  // A rule that does not apply must leave everything as it was.
  Trial unchanged(const SynthesisedSite& site, const Graph& after,
                  Trial otherwise = Trial::missed) {
    const std::string difference = first_difference(site.graph, after);
    if (difference.empty()) return otherwise;
    return wrong(site, "changes the graph although it does not apply: " + difference);
  }

  std::string check(const SynthesisedSite& site, const Graph& after, std::uint64_t seed) {
    const Graph& before = site.graph;
    if (!violation_.empty()) return violation_;
    if (const auto valid = verify(after); !valid)
      return "its result is not valid: " + valid.error().message();
    if (before.outputs().size() != after.outputs().size()) return "the number of outputs changes";
    for (std::size_t i = 0; i < before.outputs().size(); ++i)
      if (before.outputs()[i].name != after.outputs()[i].name)
        return fmt::format("output `{}` becomes `{}`", before.outputs()[i].name,
                           after.outputs()[i].name);
    if (const std::size_t dead = dead_nodes(site, after); dead > 0)
      return fmt::format("leaves {} node{} that nothing reads", dead, dead == 1 ? "" : "s");
    if (rule_.effect == Effect::lossy) return {};
    const SiteComparison compared =
        compare_sites(before, after, rule_.effect, rule_.tolerance, seed, kBatch);
    verdict_.largest_difference =
        std::max(verdict_.largest_difference, compared.largest_difference);
    has_run_ = has_run_ || compared.runs > 0;
    if (!compared.reason.empty()) not_run_ = compared.reason;
    return compared.broken;
  }

  Trial wrong(const SynthesisedSite& site, const std::string& problem) {
    std::string what = site.description;
    if (!option_.empty()) what += fmt::format("{}option {}", what.empty() ? "" : ", ", option_);
    const std::string place = what.empty() ? "" : fmt::format(" ({})", what);
    verdict_.problem = fmt::format("at graph {}{}: {}", verdict_.graphs, place, problem);
    verdict_.graph = print_whole(site.graph);
    return Trial::wrong;
  }

  void remember(std::size_t depth, std::string reason) {
    if (depth < deepest_ || reason.empty()) return;
    deepest_ = depth;
    reason_ = std::move(reason);
  }

  static constexpr std::size_t kMatched = 1000;
  static constexpr std::size_t kPlanned = 1001;

  const RuleSet& rules_;
  const Rule& rule_;
  SynthesisSettings synthesis_;
  const RuleValidationSettings& settings_;
  RuleVerdict verdict_;
  std::uint64_t next_ = 0;
  std::vector<std::uint64_t> good_seeds_;
  bool has_run_ = false;
  std::string not_run_;
  // The option that is not at its default.
  std::string option_;
  // Of the rewrite just done.
  std::string violation_;
  // Of the goal being tried: how far the best try came, and why no further.
  std::size_t deepest_ = 0;
  std::string reason_;
};

}  // namespace

RuleVerdict validate_rule(const std::shared_ptr<const RuleSet>& rules, const Rule& rule,
                          std::shared_ptr<const OpTable> ops,
                          const RuleValidationSettings& settings) {
  const SynthesisSettings synthesis{RuleOptionSet(rules).values(), std::move(ops)};
  return RuleValidator(*rules, rule, synthesis, settings).run();
}

std::string to_text(const RuleVerdict& verdict) {
  if (!verdict.is_ok()) return fmt::format("{}  WRONG  {}", verdict.rule, verdict.problem);
  std::string text =
      fmt::format("{}  ok  {} graphs, {} fired", verdict.rule, verdict.graphs, verdict.fired);
  switch (verdict.effect) {
    case Effect::exact:
      return text + ", exact";
    case Effect::approx:
      return text + fmt::format(", largest difference {:.2g} of {:.2g}", verdict.largest_difference,
                                verdict.tolerance);
    case Effect::lossy:
      return text + ", lossy";
  }
  return text;
}

}  // namespace rcc
