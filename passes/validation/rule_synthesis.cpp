#include "passes/validation/rule_synthesis.h"

#include <utility>

#include "passes/validation/site_builder.h"

namespace rcc {

namespace {

constexpr std::uint64_t kMostRounds = 16;

// Evaluates the statements in order, as the matcher will; the index of the first that fails.
std::optional<std::size_t> first_failure(const Rule& rule, Bindings& bindings) {
  bindings.lets.clear();
  for (std::size_t i = 0; i < rule.statements.size(); ++i) {
    const RuleStatement& statement = rule.statements[i];
    DatumResult value = evaluate(statement.expression, bindings);
    if (!value) return i;
    if (statement.kind == RuleStatement::Kind::let)
      bindings.lets.push_back(std::move(*value));
    else if (value->data.empty() || value->data[0] == 0)
      return i;
  }
  return std::nullopt;
}

// What was solved for other sizes does not fit any more; sizes stay. False: there is nothing.
bool forget_contents(SiteHints& hints) {
  const bool is_empty =
      hints.constants.empty() && hints.attributes.empty() && hints.members.empty();
  hints.constants.clear();
  hints.attributes.clear();
  hints.members.clear();
  return !is_empty;
}

}  // namespace

tl::expected<SynthesisedSite, std::string> synthesise_site(const Rule& rule,
                                                           const SiteVariant& variant,
                                                           const SynthesisSettings& settings,
                                                           std::uint64_t seed) {
  SiteHints hints;
  for (std::uint64_t round = 0;; ++round) {
    SiteBuilder builder(rule, variant, settings, hints, seed);
    if (std::string problem = builder.build(); !problem.empty()) {
      if (round == kMostRounds || !forget_contents(hints))
        return tl::unexpected<std::string>(std::move(problem));
      continue;
    }
    const auto failed = first_failure(rule, builder.bindings());
    bool goes_on = failed && round < kMostRounds &&
                   rule.statements[*failed].kind == RuleStatement::Kind::where;
    if (goes_on) {
      RandomChoices random(seed, "solve", round);
      goes_on = ConditionSolver(rule, builder.bindings(), random, hints)
                    .satisfy(rule.statements[*failed].expression);
    }
    if (goes_on) continue;
    std::vector<NodeId> matched;
    for (const Node* node : builder.bindings().nodes) matched.push_back(node->id());
    return SynthesisedSite{std::move(builder.graph()), std::move(matched), builder.description(),
                           failed};
  }
}

}  // namespace rcc
