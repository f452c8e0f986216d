#pragma once

#include <string>
#include <vector>

#include "passes/rules/rule.h"

namespace rcc {

// Options of a rule file of which one is not at its default.
struct OptionVariation {
  // In the order of RuleSet::options.
  std::vector<Datum> options;
  // "min_size = 7".
  std::string name;
};

// Each option that the rule uses: at both ends of its range, the other truth, the other choices. A
// number without a range, and a text without choices, stay as they are.
std::vector<OptionVariation> option_variations(const RuleSet& rules, const Rule& rule,
                                               const std::vector<Datum>& defaults);

}  // namespace rcc
