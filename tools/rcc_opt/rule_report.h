#pragma once

#include <string>

#include "ir/support/result.h"
#include "passes/rules/rule_watch.h"
#include "tools/rcc_opt/settings.h"

namespace rcc {

// One JSON object on a line of its own.
std::string to_json(const RuleAttempt& attempt);

// --rule-log and --rule-stats: what the rules of a run did.
class RuleReport {
 public:
  explicit RuleReport(const Settings& settings);
  RuleReport(const RuleReport&) = delete;
  RuleReport& operator=(const RuleReport&) = delete;

  // For PipelineOptions; null when nothing is asked for.
  RuleWatch* watch();
  // Writes what was asked for; what goes to the standard error is returned.
  Result<std::string> finish();

 private:
  const std::string log_;
  RuleWatch watch_;
  std::string lines_;
};

}  // namespace rcc
