#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "passes/rules/rule_parser.h"

namespace rcc {

namespace {

int index_of(const std::vector<std::string>& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

// Names that no rule can write: `_` given to a parameter that stands for one value in several
// places.
constexpr char kHiddenMark = '@';
bool is_hidden(std::string_view name) { return name.find(kHiddenMark) != std::string_view::npos; }

std::ptrdiff_t operands_named(const PatternFragment& fragment, const std::string& name) {
  std::ptrdiff_t count = 0;
  for (const NodePattern& pattern : fragment.patterns)
    count += std::count_if(pattern.operands.begin(), pattern.operands.end(),
                           [&](const OperandPattern& operand) { return operand.name == name; });
  return count;
}

// Which parameters a fragment's patterns name, where operands and attributes are captured.
std::vector<bool> named_parameters(const PatternFragment& fragment) {
  std::vector<bool> is_named(fragment.parameters.size(), false);
  const auto mark = [&](const std::string& name) {
    const int index = index_of(fragment.parameters, name);
    if (index >= 0) is_named[static_cast<std::size_t>(index)] = true;
  };
  for (const NodePattern& pattern : fragment.patterns) {
    for (const OperandPattern& operand : pattern.operands) mark(operand.name);
    for (const AttributePattern& attribute : pattern.attributes) mark(attribute.capture);
  }
  return is_named;
}

}  // namespace

bool RuleParser::parse_fragment() {
  take();
  PatternFragment fragment;
  if (!expect_name("the name of the matcher", fragment.name, fragment.range)) return false;
  if (!expect("(", "before the parameters")) return false;
  while (!peek().is(")")) {
    fragment.parameters.emplace_back();
    fragment.parameter_ranges.emplace_back();
    if (!expect_name("the name of a parameter", fragment.parameters.back(),
                     fragment.parameter_ranges.back()))
      return false;
    if (!peek().is(")") && !expect(",", "or `)` after the parameter")) return false;
  }
  take();
  if (!expect("=", "and a pattern") || !parse_pattern(fragment.patterns, {}) ||
      !expect(";", "after the pattern"))
    return false;
  for (const NodePattern& pattern : fragment.patterns) {
    const auto check = [&](const std::string& name, TextRange range) {
      if (!name.empty() && !is_hidden(name) && index_of(fragment.parameters, name) < 0)
        errors_.add(range, fmt::format("`{}` is no parameter of matcher `{}`", name, fragment.name),
                    "a rule sees only what the parameters name; write `_` where any will do");
    };
    for (const OperandPattern& operand : pattern.operands)
      if (operand.kind == OperandPattern::Kind::capture) check(operand.name, operand.range);
    for (const AttributePattern& attribute : pattern.attributes)
      check(attribute.capture, attribute.range);
  }
  const std::vector<bool> is_named = named_parameters(fragment);
  for (std::size_t i = 0; i < is_named.size(); ++i)
    if (!is_named[i])
      errors_.add(fragment.parameter_ranges[i],
                  fmt::format("matcher `{}` does not use `{}`", fragment.name,
                              fragment.parameters[i]));
  for (const PatternFragment& other : rules_.fragments)
    if (other.name == fragment.name)
      errors_.add(fragment.range, fmt::format("matcher `{}` is already there", fragment.name));
  rules_.fragments.push_back(std::move(fragment));
  return true;
}

const PatternFragment* RuleParser::find_fragment(const std::string& name, TextRange range) {
  std::vector<std::string_view> names;
  for (PatternFragment& fragment : rules_.fragments) {
    names.push_back(fragment.name);
    if (fragment.name != name) continue;
    fragment.is_used = true;
    return &fragment;
  }
  const std::string_view nearest = nearest_name(name, names);
  errors_.add(range, fmt::format("there is no matcher `{}` above", name),
              nearest.empty() ? "write `matcher NAME(a, b) = PATTERN;` before the rule"
                              : fmt::format("did you mean `{}`?", nearest));
  return nullptr;
}

bool RuleParser::parse_fragment_use(Patterns& patterns, NodePattern binding) {
  std::string name;
  TextRange range;
  if (!expect_name("the name of a matcher after `@`", name, range)) return false;
  const PatternFragment* fragment = find_fragment(name, range);
  // The arguments are read like operands of an operator.
  NodePattern call;
  if (!parse_operands(patterns, call) || !parse_suffix(binding)) return false;
  if (fragment == nullptr) return false;
  for (const OperandPattern& argument : call.operands) {
    if (argument.kind == OperandPattern::Kind::rest || !argument.operand.empty())
      errors_.add(argument.range, "arguments of a matcher are given one by one, by position");
  }
  if (call.operands.size() != fragment->parameters.size()) {
    errors_.add(range_from(range.begin),
                fmt::format("matcher `{}` has {} parameters, not {}", name,
                            fragment->parameters.size(), call.operands.size()));
    return true;
  }
  expand(patterns, *fragment, call.operands, std::move(binding), range_from(range.begin - 1));
  return true;
}

// What the matcher asks of its parameter, asked of the argument: a pattern is asked for its result.
void RuleParser::give_kind(Patterns& patterns, const ValueKind& kind, OperandPattern& argument) {
  NodePattern* node = argument.kind == OperandPattern::Kind::node && argument.node >= 0
                          ? &patterns[static_cast<std::size_t>(argument.node)]
                          : nullptr;
  bool& has_kind = node != nullptr ? node->has_kind : argument.has_kind;
  ValueKind& given = node != nullptr ? node->value_kind : argument.value_kind;
  if (has_kind) errors_.add(given.range, "the matcher says the kind of this operand already");
  has_kind = true;
  given = kind;
}

void RuleParser::expand(Patterns& patterns, const PatternFragment& fragment,
                        const std::vector<OperandPattern>& arguments, NodePattern binding,
                        TextRange use) {
  const auto offset = static_cast<int>(patterns.size());
  const std::string mark = fmt::format("{}{}", kHiddenMark, ++expansions_);
  std::vector<bool> is_given(arguments.size(), false);
  for (std::size_t i = 0; i < fragment.patterns.size(); ++i) {
    NodePattern pattern = fragment.patterns[i];
    for (OperandPattern& operand : pattern.operands) {
      if (operand.kind == OperandPattern::Kind::node) operand.node += offset;
      if (operand.kind == OperandPattern::Kind::capture && is_hidden(operand.name))
        operand.name += mark;
      const int parameter = index_of(fragment.parameters, operand.name);
      if (operand.kind != OperandPattern::Kind::capture || parameter < 0) continue;
      const auto at = static_cast<std::size_t>(parameter);
      OperandPattern given = arguments[at];
      if (given.kind == OperandPattern::Kind::any && operands_named(fragment, operand.name) > 1) {
        given.kind = OperandPattern::Kind::capture;
        given.name = operand.name + mark;
      }
      given.operand = operand.operand;
      given.is_optional = given.is_optional || operand.is_optional;
      // The kind is said where a value is first named.
      if (is_given[at]) given.has_kind = false;
      if (operand.has_kind && !is_given[at]) give_kind(patterns, operand.value_kind, given);
      is_given[at] = true;
      operand = std::move(given);
    }
    for (AttributePattern& attribute : pattern.attributes) {
      const int parameter = index_of(fragment.parameters, attribute.capture);
      if (attribute.kind != AttributePattern::Kind::capture || parameter < 0) continue;
      const OperandPattern& given = arguments[static_cast<std::size_t>(parameter)];
      if (given.kind == OperandPattern::Kind::any)
        attribute.kind = AttributePattern::Kind::any;
      else if (given.kind != OperandPattern::Kind::capture)
        errors_.add(given.range, "this parameter is an attribute; give a name or `_`");
      attribute.capture = given.name;
      attribute.range = given.range;
    }
    if (i + 1 == fragment.patterns.size()) {
      pattern.results = std::move(binding.results);
      pattern.result_ranges = std::move(binding.result_ranges);
      pattern.is_shared = pattern.is_shared || binding.is_shared;
      pattern.range = use;
      if (binding.has_kind) {
        pattern.has_kind = true;
        pattern.value_kind = std::move(binding.value_kind);
      }
    }
    if (!append_pattern(patterns, std::move(pattern))) return;
  }
}

}  // namespace rcc
