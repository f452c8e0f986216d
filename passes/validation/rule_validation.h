#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "passes/rules/rule.h"

namespace rcc {

struct RuleValidationSettings {
  std::uint64_t seed = 0;
  // Sites at which each rule is to apply before it is believed.
  std::size_t sites = 100;
};

// What came of trying one rule.
struct RuleVerdict {
  std::string rule;
  Effect effect = Effect::exact;
  double tolerance = 0;
  // Graphs made, and those on which the rule applied.
  std::size_t graphs = 0;
  std::size_t fired = 0;
  // Of results, relative to their largest element.
  double largest_difference = 0;
  // Empty: the rule keeps its promise. Else what is wrong, and the graph as text.
  std::string problem;
  std::string graph;

  bool is_ok() const { return problem.empty(); }
};

// Tries a rule of the set on graphs made up from its own pattern: every alternative operator, every
// optional operand present and absent, commutative operands in both orders, interior values read
// elsewhere, usual and extreme numbers. On every graph where the rule applies the result must be
// valid, compute what the rule promises, do no more work when interior values stay, and leave
// nothing dead; where an interior value is read elsewhere and not `shared`, the rule must not
// apply. A rule that cannot be brought to apply in one of these variants fails.
// Options are at their defaults first, then one after the other at the ends of its range.
// The same settings give the same verdict.
RuleVerdict validate_rule(const std::shared_ptr<const RuleSet>& rules, const Rule& rule,
                          std::shared_ptr<const OpTable> ops,
                          const RuleValidationSettings& settings);

// "conv_batch_norm  ok  48 graphs, 40 fired, largest difference 3.1e-7 of 1e-5".
std::string to_text(const RuleVerdict& verdict);

}  // namespace rcc
