#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "passes/rules/rule_checker.h"

namespace rcc {

namespace {

using Kind = ExpressionType::Kind;

bool fits(const ExpressionType& type, AttributeType attribute) {
  switch (attribute) {
    case AttributeType::integer:
      return type.kind == Kind::number || type.kind == Kind::truth;
    case AttributeType::real:
      return type.kind == Kind::number;
    case AttributeType::ints:
    case AttributeType::reals:
      return type.kind == Kind::list || type.kind == Kind::tensor;
    case AttributeType::string:
      return type.kind == Kind::text;
    case AttributeType::tensor:
      return type.kind == Kind::tensor;
    case AttributeType::none:
    case AttributeType::strings:
    case AttributeType::raw:
      break;
  }
  return false;
}

// A number, or a list of numbers, as it is written.
bool is_literal(const Expression& value) {
  const auto is_number = [](const Expression& item) {
    return item.kind == Expression::Kind::number;
  };
  return is_number(value) || (value.kind == Expression::Kind::list &&
                              std::all_of(value.children.begin(), value.children.end(), is_number));
}

TextRange name_range(const Expression& call) {
  return {call.range.begin, call.range.begin + static_cast<std::uint32_t>(call.text.size())};
}

}  // namespace

// What may stand in a replacement: a value of the graph, a node to make, or numbers that become a
// constant.
void RuleChecker::check_build_value(Expression& expression) {
  if (expression.kind == Expression::Kind::call && is_build_call(expression)) {
    check_build(expression);
    return;
  }
  check_expression(expression);
  if (expression.type.kind == Kind::text || expression.type.kind == Kind::truth)
    errors_.add(expression.range,
                fmt::format("{} cannot be an operand", name_of(expression.type.kind)));
}

// A name that is both an operator and a function (`reshape`) makes a node when it has braces or
// when an argument is not constant. A function that asks about values (`shape`) takes them.
bool RuleChecker::is_build_call(const Expression& expression) {
  const ExpressionFunction* function = rules_.functions->find(expression.text);
  if (expression.has_braces || function == nullptr) return true;
  if (ops_.find(expression.text) == nullptr || function->parameters.starts_with('v')) return false;
  return std::any_of(
      expression.children.begin(), expression.children.end(), [this](const Expression& child) {
        if (child.kind == Expression::Kind::call) return is_build_call(child);
        const Entry* entry = child.kind == Expression::Kind::name ? find(child.text) : nullptr;
        return entry != nullptr && entry->type.kind == Kind::value;
      });
}

bool RuleChecker::find_build_operator(Expression& expression) {
  if (Entry* entry = find(expression.text); entry != nullptr && entry->symbol.node >= 0) {
    entry->is_used = true;
    expression.build.like = entry->symbol.node;
    return true;
  }
  expression.build.op = ops_.find(expression.text);
  if (expression.build.op != nullptr) return true;
  std::vector<std::string_view> names;
  for (const OpInfo& row : ops_.rows()) names.push_back(row.name);
  for (const std::string_view name : rules_.functions->names()) names.push_back(name);
  errors_.add(name_range(expression),
              fmt::format("there is no operator or function `{}`", expression.text),
              did_you_mean(expression.text, names));
  return false;
}

std::vector<const OpInfo*> RuleChecker::build_rows(const Expression& expression) const {
  if (expression.build.op != nullptr) return {expression.build.op};
  if (expression.build.like < 0) return {};
  return rule_.patterns[static_cast<std::size_t>(expression.build.like)].ops;
}

void RuleChecker::check_build(Expression& expression) {
  expression.is_build = true;
  expression.type.kind = Kind::value;
  if (find_build_operator(expression)) {
    check_build_arguments(expression);
  } else {
    for (Expression& child : expression.children) check_build_value(child);
  }
  check_build_attributes(expression);
}

void RuleChecker::check_build_arguments(Expression& expression) {
  const auto rows = build_rows(expression);
  int position = 0;
  for (std::size_t i = 0; i < expression.children.size(); ++i) {
    Expression& argument = expression.children[i];
    check_build_value(argument);
    const std::string& name = expression.argument_names[i];
    int index = name.empty() ? position++ : -1;
    for (const OpInfo* op : rows) {
      std::vector<std::string_view> names;
      int here = name.empty() ? index : -1;
      for (std::size_t at = 0; at < op->operands.size(); ++at) {
        names.push_back(op->operands[at].name);
        if (!name.empty() && op->operands[at].name == name) here = static_cast<int>(at);
      }
      if (here >= 0 && index >= 0 && here != index)
        errors_.add(argument.range,
                    fmt::format("operand `{}` is at another place in `{}`", name, op->name));
      index = here;
      const auto count = static_cast<int>(op->operands.size());
      const bool is_variadic = count > 0 && op->operands.back().arity == Arity::variadic;
      if (index < 0) {
        errors_.add(argument.range, fmt::format("`{}` has no operand `{}`", op->name, name),
                    did_you_mean(name, names));
      } else if (index >= count && !is_variadic) {
        errors_.add(argument.range, fmt::format("`{}` has {} operands", op->name, count));
      } else if ((argument.type.is_optional || argument.type.kind == Kind::none) && index < count &&
                 op->operands[static_cast<std::size_t>(index)].arity != Arity::optional) {
        errors_.add(argument.range, fmt::format("operand `{}` of `{}` is never absent",
                                                names[static_cast<std::size_t>(index)], op->name));
      }
    }
    auto& operands = expression.build.operands;
    if (index >= 0 && std::find(operands.begin(), operands.end(), index) != operands.end())
      errors_.add(argument.range, "this operand is given twice");
    operands.push_back(index);
  }
  for (const OpInfo* op : rows)
    for (std::size_t at = 0; at < op->operands.size(); ++at) {
      const auto& given = expression.build.operands;
      const bool is_given =
          std::find(given.begin(), given.end(), static_cast<int>(at)) != given.end();
      if (op->operands[at].arity == Arity::required && !is_given)
        errors_.add(name_range(expression), fmt::format("operand `{}` of `{}` is missing",
                                                        op->operands[at].name, op->name));
    }
}

void RuleChecker::check_build_attributes(Expression& expression) {
  for (BuildAttribute& attribute : expression.attributes) {
    if (!attribute.value.empty()) {
      const auto is_same = [&](const BuildAttribute& other) {
        return !other.value.empty() && other.name == attribute.name;
      };
      if (&*std::find_if(expression.attributes.begin(), expression.attributes.end(), is_same) !=
          &attribute)
        errors_.add(attribute.range, fmt::format("attribute `{}` is given twice", attribute.name));
      check_build_attribute(expression, attribute);
      continue;
    }
    const Entry* entry = look_up(attribute.name, attribute.range);
    if (entry == nullptr) continue;
    if (entry->symbol.node < 0) {
      errors_.add(attribute.range, fmt::format("`{}` is not a matched node", attribute.name));
      continue;
    }
    if (expression.build.attributes_of >= 0)
      errors_.add(attribute.range, "attributes are copied from one node");
    expression.build.attributes_of = entry->symbol.node;
    const auto& from = rule_.patterns[static_cast<std::size_t>(entry->symbol.node)].ops;
    for (const OpInfo* op : build_rows(expression))
      if (expression.build.like != entry->symbol.node && !from.empty() &&
          (from.size() > 1 || from.front() != op))
        errors_.add(attribute.range,
                    fmt::format("`{}` may be another operator than `{}`", attribute.name, op->name),
                    fmt::format("write `{}(...)` for a node of the same operator", attribute.name));
  }
  for (const OpInfo* op : build_rows(expression)) {
    if (expression.build.attributes_of >= 0) break;
    for (const AttributeInfo& info : op->attributes) {
      const bool is_given =
          std::any_of(expression.attributes.begin(), expression.attributes.end(),
                      [&](const BuildAttribute& given) { return given.name == info.name; });
      if (info.is_required && !is_given)
        errors_.add(name_range(expression),
                    fmt::format("attribute `{}` of `{}` is missing", info.name, op->name));
    }
  }
}

void RuleChecker::check_build_attribute(Expression& expression, BuildAttribute& attribute) {
  Expression& value = attribute.value.front();
  check_expression(value);
  for (const OpInfo* op : build_rows(expression)) {
    const AttributeInfo* info = find_attribute(*op, attribute.name, attribute.range);
    if (info == nullptr) return;
    // A captured attribute of the same type is copied whole.
    if (value.symbol.kind == Symbol::Kind::attribute && find(value.text)->attribute == info->type)
      continue;
    AttributeValue literal;
    if (value.type.kind != Kind::unknown && !fits(value.type, info->type))
      errors_.add(value.range, fmt::format("attribute `{}` of `{}` is not {}", info->name, op->name,
                                           name_of(value.type.kind)));
    else if (is_literal(value) && !to_attribute(value, info->type, literal))
      errors_.add(value.range,
                  fmt::format("attribute `{}` is {}, not this", info->name, name_of(info->type)));
  }
}

}  // namespace rcc
