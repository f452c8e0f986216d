#include "tools/rcc_opt/rule_report.h"

#include <nlohmann/json.hpp>

#include "ir/support/file.h"

namespace rcc {

std::string to_json(const RuleAttempt& attempt) {
  nlohmann::ordered_json line;
  line["pass"] = attempt.pass;
  line["rule"] = attempt.rule;
  line["node"] = attempt.node;
  line["value"] = attempt.value;
  line["op"] = attempt.op;
  line["outcome"] = outcome_name(attempt.outcome);
  line["step"] = attempt.steps_passed;
  line["steps"] = attempt.steps_total;
  if (attempt.outcome == RuleAttempt::Outcome::applied)
    line["created"] = attempt.created;
  else
    line["reason"] = attempt.reason;
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

RuleReport::RuleReport(const Settings& settings) : log_(settings.rule_log) {
  watch_.has_statistics = settings.rule_stats;
  if (!log_.empty())
    watch_.attempted = [this](const RuleAttempt& attempt) { lines_ += to_json(attempt) + "\n"; };
}

RuleWatch* RuleReport::watch() {
  return log_.empty() && !watch_.has_statistics ? nullptr : &watch_;
}

Result<std::string> RuleReport::finish() {
  std::string text;
  if (log_ == "json")
    text = lines_;
  else if (!log_.empty())
    RCC_TRY(write_atomic(log_, lines_));
  return text + statistics_table(watch_.statistics);
}

}  // namespace rcc
