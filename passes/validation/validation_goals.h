#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "passes/rules/rule.h"
#include "passes/validation/rule_synthesis.h"

namespace rcc {

// What is to be seen of a rule before it is believed.
struct ValidationGoal {
  enum class Kind : std::uint8_t {
    applies,
    // The same site with a reader of an interior value: the rule stays away, or is right there too.
    stays_away,
    applies_shared,
  };
  Kind kind = Kind::applies;
  SiteVariant variant = {};
  // " without b": what comes after "does not apply".
  std::string name = {};
  // At how many sites.
  std::size_t sites = 4;
};

// Each alternative operator, optional operands present and absent, commutative operands the other
// way round, each interior value read elsewhere as an output and by a node.
std::vector<ValidationGoal> special_goals(const Rule& rule);

}  // namespace rcc
