#include "passes/validation/validation_goals.h"

#include <fmt/format.h>

#include <utility>

namespace rcc {

namespace {

SiteVariant any_variant(const Rule& rule) {
  SiteVariant variant;
  variant.operators.resize(rule.patterns.size());
  variant.presence.resize(optional_operands(rule).size());
  return variant;
}

void add_operator_goals(const Rule& rule, std::vector<ValidationGoal>& goals) {
  for (std::size_t p = 0; p < rule.patterns.size(); ++p) {
    const auto& ops = rule.patterns[p].ops;
    for (std::size_t i = 0; ops.size() > 1 && i < ops.size(); ++i) {
      ValidationGoal goal{.variant = any_variant(rule),
                          .name = fmt::format(" with {}", ops[i]->name)};
      goal.variant.operators[p] = i;
      goals.push_back(std::move(goal));
    }
  }
}

void add_presence_goals(const Rule& rule, std::vector<ValidationGoal>& goals) {
  const std::vector<OptionalOperand> optional = optional_operands(rule);
  for (std::size_t i = 0; i < optional.size(); ++i) {
    for (const bool is_present : {false, true}) {
      ValidationGoal goal{
          .variant = any_variant(rule),
          .name = fmt::format(" {} {}", is_present ? "with" : "without", optional[i].name)};
      goal.variant.presence[i] = is_present;
      goals.push_back(std::move(goal));
    }
  }
}

void add_reader_goals(const Rule& rule, std::vector<ValidationGoal>& goals) {
  for (std::size_t p = 0; p + 1 < rule.patterns.size(); ++p) {
    const NodePattern& pattern = rule.patterns[p];
    for (const auto reader : {SiteVariant::Reader::output, SiteVariant::Reader::node}) {
      ValidationGoal goal{.variant = any_variant(rule)};
      goal.kind = pattern.is_shared ? ValidationGoal::Kind::applies_shared
                                    : ValidationGoal::Kind::stays_away;
      goal.variant.reader = reader;
      goal.variant.read_pattern = static_cast<int>(p);
      goal.name = fmt::format(" where the result of {} is read elsewhere", pattern.ops[0]->name);
      goals.push_back(std::move(goal));
    }
  }
}

}  // namespace

std::vector<ValidationGoal> special_goals(const Rule& rule) {
  std::vector<ValidationGoal> goals;
  add_operator_goals(rule, goals);
  add_presence_goals(rule, goals);
  for (const int pattern : rule.commutative) {
    ValidationGoal goal{.variant = any_variant(rule),
                        .name = " with the operands the other way round"};
    goal.variant.swapped.push_back(pattern);
    goals.push_back(std::move(goal));
  }
  add_reader_goals(rule, goals);
  return goals;
}

}  // namespace rcc
