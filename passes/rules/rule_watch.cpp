#include "passes/rules/rule_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace rcc {

std::string_view outcome_name(RuleAttempt::Outcome outcome) {
  switch (outcome) {
    case RuleAttempt::Outcome::applied:
      return "applied";
    case RuleAttempt::Outcome::declined:
      return "declined";
    case RuleAttempt::Outcome::near_miss:
      return "near miss";
  }
  return "";
}

std::string statistics_table(const std::vector<RulePassStatistics>& passes) {
  std::string text;
  const auto out = std::back_inserter(text);
  for (const RulePassStatistics& pass : passes) {
    std::size_t width = 4;
    for (const RuleStatistics& rule : pass.rules) width = std::max(width, rule.rule.size());
    fmt::format_to(out, "rules of {}, which share {} steps\n", pass.pass, pass.shared_steps);
    fmt::format_to(out, "  {:<{}} {:>9} {:>8} {:>9} {:>9} {:>9} {:>10}\n", "rule", width,
                   "attempts", "matches", "rewrites", "declined", "steps", "ms");
    for (const RuleStatistics& rule : pass.rules) {
      fmt::format_to(out, "  {:<{}} {:>9} {:>8} {:>9} {:>9} {:>9} {:>10.3f}\n", rule.rule, width,
                     rule.attempts, rule.matches, rule.rewrites, rule.declined, rule.steps,
                     rule.seconds * 1e3);
      for (const auto& [reason, count] : rule.declined_for)
        fmt::format_to(out, "    declined {}: {}\n",
                       count == 1 ? "once" : fmt::format("{} times", count), reason);
    }
  }
  return text;
}

}  // namespace rcc
