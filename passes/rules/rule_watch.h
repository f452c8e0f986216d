#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rcc {

// One try of a rule at a node whose operator is that of the rule's root.
struct RuleAttempt {
  enum class Outcome : std::uint8_t {
    applied,
    declined,   // the operators are in place, or the author gave a reason
    near_miss,  // they are not
  };
  std::string_view pass;
  std::string_view rule;
  // What users call the layer, its first result, and its operator.
  std::string_view node;
  std::string_view value;
  std::string_view op;
  Outcome outcome = Outcome::near_miss;
  // Why it was not applied.
  std::string reason;
  // How many steps matched, and how many there are.
  std::size_t steps_passed = 0;
  std::size_t steps_total = 0;
  // Results of the nodes that were made.
  std::vector<std::string_view> created;
};
std::string_view outcome_name(RuleAttempt::Outcome outcome);

// What became of one rule in one run of its pass.
struct RuleStatistics {
  std::string rule;
  // Roots of its operators that were looked at, and how many of them the whole pattern fits.
  std::size_t attempts = 0;
  std::size_t matches = 0;
  std::size_t rewrites = 0;
  std::size_t declined = 0;
  std::map<std::string, std::size_t> declined_for = {};
  // Tests of this rule alone, after those that it shares with others; and seconds in them and in
  // its rewrites.
  std::size_t steps = 0;
  double seconds = 0;
};

struct RulePassStatistics {
  std::string pass;
  // Tests of the decision trees: those that rules share.
  std::size_t shared_steps = 0;
  std::vector<RuleStatistics> rules;
};

// What a caller wants to know about the rules of a pipeline, and how far they may go.
struct RuleWatch {
  // Told about every try, in order. While it is set rules are tried one after the other.
  std::function<void(const RuleAttempt&)> attempted = {};
  // One entry for each run of a pass of rules, when asked for.
  bool has_statistics = false;
  std::vector<RulePassStatistics> statistics = {};
};

// A table, one row for each rule, also those that never applied; reasons are below their rule.
std::string statistics_table(const std::vector<RulePassStatistics>& passes);

}  // namespace rcc
