#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "passes/rules/rule_checker.h"

namespace rcc {

namespace {

using Kind = ExpressionType::Kind;

bool is_comparison(std::string_view sign) {
  return sign == "==" || sign == "!=" || sign[0] == '<' || sign[0] == '>';
}

// The named parameter of `function`, with whether it may be left out.
struct NamedParameter {
  std::string_view name;
  bool is_optional;
};
std::vector<NamedParameter> named_parameters(const ExpressionFunction& function) {
  std::vector<NamedParameter> result;
  std::string_view rest = function.named;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    std::string_view name = rest.substr(0, end);
    const bool is_optional = name.ends_with('?');
    if (is_optional) name.remove_suffix(1);
    result.push_back({name, is_optional});
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return result;
}

// How many positional arguments a function takes.
struct Count {
  std::size_t least = 0;
  std::size_t most = 0;
};
Count positional_count(std::string_view parameters) {
  Count count;
  for (const char letter : parameters) {
    if (letter == '*') {
      --count.least;
      count.most = 64;
    } else if (letter == '?') {
      --count.least;
    } else {
      ++count.least;
      ++count.most;
    }
  }
  return count;
}

}  // namespace

void RuleChecker::check_statements() {
  std::vector<RuleStatement> kept;
  for (RuleStatement& statement : rule_.statements) {
    if (statement.kind == RuleStatement::Kind::where) {
      check_condition(statement.expression);
      if (statement.reason.empty())
        statement.reason = fmt::format("`{}` does not hold", text_of(statement.range));
    } else if (makes_node(statement.expression)) {
      check_definition(statement);
      continue;
    } else {
      check_let(statement);
    }
    kept.push_back(std::move(statement));
  }
  rule_.statements = std::move(kept);
}

std::string_view RuleChecker::text_of(TextRange range) const {
  return std::string_view(rules_.source->text()).substr(range.begin, range.end - range.begin);
}

void RuleChecker::check_condition(Expression& condition) {
  check_expression(condition);
  const ExpressionType& type = condition.type;
  if (type.kind == Kind::truths)
    errors_.add(condition.range, "a condition is one truth, not one for each element",
                "wrap it in `all(...)` or `any(...)`");
  else if (type.kind != Kind::truth && type.kind != Kind::unknown)
    errors_.add(condition.range,
                fmt::format("a condition is a truth, not {}", name_of(type.kind)));
}

void RuleChecker::check_let(RuleStatement& statement) {
  check_expression(statement.expression);
  const ExpressionType& type = statement.expression.type;
  if (require_numeric(statement.expression) && type.is_optional)
    errors_.add(statement.expression.range, "this may be absent", "write `(... or 0)`");
  if (statement.names.size() > 1)
    errors_.add(statement.name_ranges[1], "only a node has several results",
                "name what is computed, then `slice` it");
  statement.slot = static_cast<int>(rule_.let_count++);
  Entry entry;
  entry.symbol = {Symbol::Kind::let, static_cast<std::uint32_t>(statement.slot)};
  entry.range = statement.range;
  entry.type = type;
  entry.what = "computed";
  declare(statement.name, entry);
}

void RuleChecker::check_expression(Expression& expression) {
  switch (expression.kind) {
    case Expression::Kind::number:
      expression.type.kind = Kind::number;
      return;
    case Expression::Kind::text:
      expression.type.kind = Kind::text;
      return;
    case Expression::Kind::truth:
      expression.type.kind = Kind::truth;
      return;
    case Expression::Kind::none:
      expression.type.kind = Kind::none;
      return;
    case Expression::Kind::list:
      return check_list(expression);
    case Expression::Kind::name:
      return check_name(expression);
    case Expression::Kind::member:
      return check_member(expression);
    case Expression::Kind::unary:
      return check_unary(expression);
    case Expression::Kind::binary:
      return check_binary(expression);
    case Expression::Kind::call:
      return check_call(expression);
    case Expression::Kind::index:
      return check_index(expression);
  }
}

void RuleChecker::check_name(Expression& expression) {
  const Entry* entry = look_up(expression.text, expression.range);
  if (entry == nullptr) return;
  expression.symbol = entry->symbol;
  expression.type = entry->type;
}

void RuleChecker::check_member(Expression& expression) {
  Expression& owner = expression.children[0];
  check_name(owner);
  if (owner.symbol.kind == Symbol::Kind::unresolved) return;
  if (owner.symbol.node < 0) {
    errors_.add(owner.range, fmt::format("`{}` is not a matched node", owner.text),
                "only a node bound in `match` has attributes");
    return;
  }
  const NodePattern& pattern = rule_.patterns[static_cast<std::size_t>(owner.symbol.node)];
  const TextRange name{
      expression.range.end - static_cast<std::uint32_t>(expression.text.size()),
      expression.range.end};
  for (const OpInfo* op : pattern.ops) {
    const AttributeInfo* info = find_attribute(*op, expression.text, name);
    if (info == nullptr) return;
    const bool is_list = info->type == AttributeType::ints || info->type == AttributeType::reals;
    const bool is_number =
        info->type == AttributeType::integer || info->type == AttributeType::real;
    expression.type.kind = is_list                               ? Kind::list
                           : is_number                           ? Kind::number
                           : info->type == AttributeType::string ? Kind::text
                           : info->type == AttributeType::tensor ? Kind::tensor
                                                                 : Kind::unknown;
  }
}

void RuleChecker::check_list(Expression& expression) {
  expression.type.kind = Kind::list;
  expression.type.rank = 1;
  expression.type.sizes = {static_cast<std::int64_t>(expression.children.size())};
  for (Expression& item : expression.children) {
    check_expression(item);
    if (item.type.kind != Kind::number && item.type.kind != Kind::unknown)
      errors_.add(item.range, fmt::format("a list holds numbers, not {}", name_of(item.type.kind)));
  }
}

void RuleChecker::check_index(Expression& expression) {
  Expression& list = expression.children[0];
  Expression& index = expression.children[1];
  check_expression(list);
  check_expression(index);
  expression.type.kind = Kind::number;
  if (require_numeric(list) && (!list.type.is_array() || list.type.rank.value_or(1) != 1))
    errors_.add(list.range,
                fmt::format("a list, or a tensor of one axis, has elements; this is {}",
                            name_of(list.type.kind)),
                list.type.kind == Kind::tensor ? "`slice` takes a part of a tensor" : "");
  if (index.type.kind != Kind::number && index.type.kind != Kind::unknown)
    errors_.add(index.range, fmt::format("an index is a number, not {}", name_of(index.type.kind)));
}

bool RuleChecker::require_numeric(const Expression& expression) {
  const Kind kind = expression.type.kind;
  if (kind == Kind::value && expression.symbol.kind == Symbol::Kind::made) {
    errors_.add(expression.range,
                fmt::format("`{}` is a node that the rule makes, so nothing can be computed with it",
                            expression.text));
    return false;
  }
  if (kind == Kind::value) {
    errors_.add(
        expression.range,
        fmt::format("`{}` is not constant, so nothing can be computed with it", expression.text),
        expression.symbol.node >= 0
            ? std::string()
            : fmt::format("write `{}: const` in the pattern", expression.text));
    return false;
  }
  if (kind == Kind::text || kind == Kind::none) {
    errors_.add(expression.range, fmt::format("{} is not a number", name_of(kind)));
    return false;
  }
  return kind != Kind::unknown;
}

bool RuleChecker::require_present(const Expression& expression) {
  if (!expression.type.is_optional) return true;
  const std::string_view words = text_of(expression.range);
  errors_.add(expression.range, fmt::format("`{}` may be absent", words),
              fmt::format("write `({} or 0)`", words));
  return false;
}

void RuleChecker::check_unary(Expression& expression) {
  Expression& operand = expression.children[0];
  check_expression(operand);
  if (expression.text == "not") {
    if (operand.type.kind != Kind::truth && operand.type.kind != Kind::truths &&
        operand.type.kind != Kind::unknown)
      errors_.add(operand.range,
                  fmt::format("`not` takes a truth, not {}", name_of(operand.type.kind)));
    expression.type = operand.type;
    return;
  }
  if (!require_numeric(operand)) return;
  require_present(operand);
  expression.type = operand.type;
  expression.type.is_optional = false;
}

void RuleChecker::check_or(Expression& expression) {
  const Expression& left = expression.children[0];
  const Expression& right = expression.children[1];
  if (left.type.is_optional && expression.text == "or") {
    expression.type = right.type;
    if (left.type.kind == Kind::value) {
      // In a replacement: one value of the graph or another.
      expression.type.kind = Kind::value;
    } else if (right.type.kind != Kind::none && require_numeric(right)) {
      expression.type = {Kind::tensor,
                         left.type.rank == right.type.rank ? left.type.rank : std::nullopt};
      if (left.type.sizes == right.type.sizes) expression.type.sizes = left.type.sizes;
      expression.type.is_optional = right.type.is_optional;
    }
    return;
  }
  for (const Expression* side : {&left, &right})
    if (side->type.kind != Kind::truth && side->type.kind != Kind::unknown)
      errors_.add(
          side->range,
          fmt::format("`{}` takes truths, not {}", expression.text, name_of(side->type.kind)),
          expression.text == "or" ? "a default is given to an optional operand, as `(b or 0)`"
                                  : "");
  expression.type.kind = Kind::truth;
}

void RuleChecker::check_binary(Expression& expression) {
  Expression& left = expression.children[0];
  Expression& right = expression.children[1];
  check_expression(left);
  check_expression(right);
  if (expression.text == "or" || expression.text == "and") return check_or(expression);
  const bool is_text = left.type.kind == Kind::text && right.type.kind == Kind::text;
  const bool compares = is_comparison(expression.text);
  const bool asks_equality = expression.text == "==" || expression.text == "!=";
  if (asks_equality) check_equality(expression);
  if (is_text && asks_equality) {
    expression.type.kind = Kind::truth;
    return;
  }
  for (const Expression* side : {&left, &right}) {
    if (!require_numeric(*side)) {
      expression.type.kind = compares ? Kind::truth : Kind::unknown;
      return;
    }
    require_present(*side);
  }
  const auto is_single = [](const Expression& e) {
    return e.type.kind == Kind::number || e.type.kind == Kind::truth;
  };
  const bool is_scalar = is_single(left) && is_single(right);
  const bool are_lists = left.type.kind == Kind::list && right.type.kind == Kind::list;
  const bool is_whole = are_lists && asks_equality;
  if (!is_whole) check_broadcast(expression, left.type, right.type);
  if (compares) {
    expression.type.kind = is_scalar || is_whole ? Kind::truth : Kind::truths;
    if (expression.type.kind == Kind::truths)
      expression.type = broadcast_type(Kind::truths, left.type, right.type);
    // Of tensors without axes there is one.
    if (expression.type.rank == 0) expression.type.kind = Kind::truth;
    return;
  }
  const bool has_tensor = left.type.kind == Kind::tensor || right.type.kind == Kind::tensor;
  expression.type.kind = is_scalar ? Kind::number : has_tensor ? Kind::tensor : Kind::list;
  if (has_tensor) expression.type = broadcast_type(Kind::tensor, left.type, right.type);
}

void RuleChecker::check_call(Expression& expression) {
  if (expression.has_braces) {
    errors_.add(expression.range, "a node can be made only in `replace`");
    return;
  }
  expression.function = rules_.functions->find(expression.text);
  if (expression.function == nullptr) {
    const std::vector<std::string_view> names = rules_.functions->names();
    std::string help = did_you_mean(expression.text, names);
    if (help.empty() && ops_.find(expression.text) != nullptr)
      help = "operators are for `match` and `replace`";
    const TextRange name{
        expression.range.begin,
        expression.range.begin + static_cast<std::uint32_t>(expression.text.size())};
    errors_.add(name, fmt::format("there is no function `{}`", expression.text), std::move(help));
    return;
  }
  std::size_t positional = 0;
  while (positional < expression.children.size() && expression.argument_names[positional].empty())
    ++positional;
  check_arguments(expression, positional);
  check_named_arguments(expression);
}

void RuleChecker::check_arguments(Expression& expression, std::size_t positional) {
  const ExpressionFunction& function = *expression.function;
  const Count count = positional_count(function.parameters);
  if (positional < count.least || positional > count.most) {
    errors_.add(expression.range,
                fmt::format("`{}` takes {}{} arguments, not {}", function.name, count.least,
                            count.most == count.least ? ""
                            : count.most == 64        ? " or more"
                                                      : fmt::format(" to {}", count.most),
                            positional));
    return;
  }
  bool is_good = true;
  for (std::size_t i = 0; i < positional; ++i)
    is_good = check_argument(expression.children[i], function.letter(i), function.name) && is_good;
  if (function.name == "selected") has_selection_ = true;
  if (is_good) expression.type = call_type(expression, positional);
}

bool RuleChecker::check_element_type(Expression& argument, std::string_view function) {
  const auto dtype = argument.kind == Expression::Kind::name ? parse_dtype(argument.text)
                                                              : std::optional<DType>();
  if (!dtype || !is_numeric(*dtype)) {
    errors_.add(argument.range,
                argument.kind == Expression::Kind::name
                    ? fmt::format("`{}` is not an element type of numbers", argument.text)
                    : fmt::format("`{}` takes an element type here", function),
                "element types are f32, f16, i8, i64, ...");
    return false;
  }
  argument.dtype = *dtype;
  return true;
}

bool RuleChecker::check_argument(Expression& argument, char letter, std::string_view function) {
  if (letter == 'd') return check_element_type(argument, function);
  check_expression(argument);
  const ExpressionType& type = argument.type;
  if (type.kind == Kind::unknown && argument.symbol.kind == Symbol::Kind::unresolved) return false;
  const auto refuse = [&](std::string_view wanted, std::string_view help = {}) {
    errors_.add(argument.range,
                fmt::format("`{}` takes {}, not {}", function, wanted, name_of(type.kind)),
                std::string(help));
    return false;
  };
  if (letter == 'v')
    return argument.symbol.kind == Symbol::Kind::value ||
           refuse("an operand or a result of a node");
  if (letter == 'm') return argument.symbol.node >= 0 || refuse("a node bound in `match`");
  if (letter == 'c')
    return type.kind == Kind::truth || type.kind == Kind::truths ||
           refuse("truths", "a comparison gives them, as `... != 0`");
  if (!require_numeric(argument)) return false;
  if (!require_present(argument)) return false;
  const bool is_number =
      type.kind == Kind::number || (type.kind == Kind::tensor && type.rank == 0);
  if (letter == 'n' && !is_number) return refuse("a number");
  if (letter == 'l' && type.kind != Kind::list && type.kind != Kind::tensor)
    return refuse("a list");
  return true;
}

void RuleChecker::check_named_arguments(Expression& expression) {
  const ExpressionFunction& function = *expression.function;
  const auto parameters = named_parameters(function);
  for (std::size_t i = 0; i < expression.children.size(); ++i) {
    const std::string& name = expression.argument_names[i];
    if (name.empty()) continue;
    const bool is_known = std::any_of(parameters.begin(), parameters.end(),
                                      [&](const NamedParameter& p) { return p.name == name; });
    std::vector<std::string_view> names;
    for (const NamedParameter& parameter : parameters) names.push_back(parameter.name);
    if (!is_known)
      errors_.add(expression.children[i].range,
                  fmt::format("`{}` has no argument `{}`", function.name, name),
                  did_you_mean(name, names));
    const auto& given = expression.argument_names;
    if (std::find(given.begin(), given.begin() + static_cast<long>(i), name) !=
        given.begin() + static_cast<long>(i))
      errors_.add(expression.children[i].range,
                  fmt::format("argument `{}` of `{}` is given twice", name, function.name));
    check_argument(expression.children[i], 'n', function.name);
  }
  for (const NamedParameter& parameter : parameters) {
    const auto& given = expression.argument_names;
    if (!parameter.is_optional &&
        std::find(given.begin(), given.end(), parameter.name) == given.end())
      errors_.add(expression.range,
                  fmt::format("`{}` needs `{} = ...`", function.name, parameter.name));
  }
  const auto& first = expression.children.empty() ? expression : expression.children[0];
  for (std::size_t i = 0; i < expression.children.size(); ++i) {
    const Expression& argument = expression.children[i];
    if (expression.argument_names[i] != "axis" || argument.kind != Expression::Kind::number)
      continue;
    if (!first.type.rank) continue;
    const auto rank = static_cast<double>(*first.type.rank);
    if (argument.number >= rank || argument.number < -rank)
      errors_.add(argument.range, fmt::format("there is no axis {} in a tensor of rank {}",
                                              argument.number, *first.type.rank));
  }
}

}  // namespace rcc
