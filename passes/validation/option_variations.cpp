#include "passes/validation/option_variations.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "ir/support/number_text.h"
#include "passes/validation/rule_expressions.h"

namespace rcc {

namespace {

std::set<std::size_t> options_of(const Rule& rule) {
  std::set<std::size_t> used;
  for_each_expression(rule, [&](const Expression& expression) {
    if (expression.symbol.kind == Symbol::Kind::option) used.insert(expression.symbol.index);
  });
  return used;
}

// Values besides the default, each with its text.
std::vector<std::pair<Datum, std::string>> other_values(const RuleOption& option) {
  std::vector<std::pair<Datum, std::string>> values;
  if (const bool* truth = std::get_if<bool>(&option.value))
    values.emplace_back(Datum::of(*truth ? 0 : 1), *truth ? "false" : "true");
  for (const std::optional<double>& end : {option.minimum, option.maximum})
    if (end) values.emplace_back(Datum::of(*end), to_text(*end));
  for (const std::string& choice : option.choices) {
    if (RuleOption::Value(choice) == option.value) continue;
    Datum datum;
    datum.text = choice;
    values.emplace_back(std::move(datum), choice);
  }
  return values;
}

}  // namespace

std::vector<OptionVariation> option_variations(const RuleSet& rules, const Rule& rule,
                                               const std::vector<Datum>& defaults) {
  std::vector<OptionVariation> variations;
  for (const std::size_t index : options_of(rule)) {
    const RuleOption& option = rules.options[index];
    for (auto& [value, text] : other_values(option)) {
      OptionVariation variation{defaults, fmt::format("{} = {}", option.name, text)};
      variation.options[index] = std::move(value);
      variations.push_back(std::move(variation));
    }
  }
  return variations;
}

}  // namespace rcc
