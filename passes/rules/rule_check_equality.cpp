// Comparisons that hold nowhere, or everywhere, are slips.

#include <fmt/format.h>

#include <algorithm>

#include "passes/rules/rule_checker.h"

namespace rcc {

void RuleChecker::check_equality(const Expression& comparison) {
  for (const std::size_t side : {0U, 1U}) {
    const Expression& asked = comparison.children[side];
    const Expression& literal = comparison.children[1 - side];
    if (literal.kind == Expression::Kind::text) check_choice(asked, literal);
    if (literal.kind == Expression::Kind::number) check_precision(asked, literal);
  }
}

void RuleChecker::check_choice(const Expression& asked, const Expression& literal) {
  if (asked.symbol.kind != Symbol::Kind::option) return;
  const std::vector<std::string>& choices = rules_.options[asked.symbol.index].choices;
  if (choices.empty() || std::find(choices.begin(), choices.end(), literal.text) != choices.end())
    return;
  errors_.add(literal.range,
              fmt::format("{} is not among the values of option `{}`", text_of(literal.range),
                          asked.text),
              did_you_mean(literal.text, {choices.begin(), choices.end()}));
}

// 0.1 is no f32, so an attribute or a constant of f32 is never equal to it.
void RuleChecker::check_precision(const Expression& asked, const Expression& literal) {
  if (!is_f32(asked) ||
      static_cast<double>(static_cast<float>(literal.number)) == literal.number)
    return;
  const std::string_view name = text_of(asked.range);
  const std::string_view number = text_of(literal.range);
  errors_.add(literal.range, fmt::format("`{}` is f32, and no f32 is {}", name, number),
              fmt::format("compare with a tolerance, as `abs({} - {}) < 1e-6`", name, number));
}

bool RuleChecker::is_f32(const Expression& expression) {
  if (expression.symbol.kind == Symbol::Kind::attribute)
    return find(expression.text)->attribute == AttributeType::real;
  if (expression.kind == Expression::Kind::member) {
    const int node = expression.children[0].symbol.node;
    if (node < 0) return false;
    const auto& ops = rule_.patterns[static_cast<std::size_t>(node)].ops;
    return std::any_of(ops.begin(), ops.end(), [&](const OpInfo* op) {
      const AttributeInfo* info = op->find_attribute(expression.text);
      return info != nullptr && info->type == AttributeType::real;
    });
  }
  return expression.symbol.kind == Symbol::Kind::value && expression.type.dtype == DType::f32;
}

}  // namespace rcc
