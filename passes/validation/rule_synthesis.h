#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "ir/graph.h"
#include "passes/rules/rule.h"
#include "passes/validation/condition_solver.h"

namespace rcc {

// Which of the sites that a rule's pattern allows is to be made up.
struct SiteVariant {
  // By pattern: an index into its alternatives; unset: any.
  std::vector<std::optional<std::size_t>> operators;
  // By optional operand, see optional_operands(); unset: either.
  std::vector<std::optional<bool>> presence;
  // Patterns of commutative operators whose operands are the other way round.
  std::vector<int> swapped;

  // Whether the result of an interior node is read outside of the match, and how.
  enum class Reader : std::uint8_t { none, output, node };
  Reader reader = Reader::none;
  int read_pattern = -1;
};

// The operands of a rule's patterns that may be absent.
struct OptionalOperand {
  int pattern = 0;
  // Of NodePattern::operands.
  std::size_t operand = 0;
  std::string name;
};
std::vector<OptionalOperand> optional_operands(const Rule& rule);

// A graph with one place where a rule should apply.
struct SynthesisedSite {
  Graph graph;
  // The nodes that stand for the patterns; the root is last.
  std::vector<NodeId> matched;
  // What is special about it: "var = 0, without b".
  std::string description;
  // A condition of the rule that does not hold at the site, with its place among the statements.
  std::optional<std::size_t> failed_statement;
};

struct SynthesisSettings {
  std::vector<Datum> options;
  std::shared_ptr<const OpTable> ops;
};

// Makes up a graph that matches the pattern of `rule`: operators and operands from the pattern,
// shapes that the operators' shape functions accept, constants with usual and with extreme
// elements; where a condition does not hold, it is solved for a constant, an attribute or a size.
// A pure function of its arguments. Where the conditions are not met after several rounds the site
// says so; the error says why no graph could be built at all.
tl::expected<SynthesisedSite, std::string> synthesise_site(const Rule& rule,
                                                           const SiteVariant& variant,
                                                           const SynthesisSettings& settings,
                                                           std::uint64_t seed);

}  // namespace rcc
