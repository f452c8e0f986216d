#include <fmt/format.h>

#include <utility>

#include "ir/support/number_text.h"
#include "passes/rules/rule_parser.h"

namespace rcc {

namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxPatterns = 64;

}  // namespace

bool RuleParser::parse_match(Rule& rule) {
  const TextRange range = take().range;
  if (!rule.patterns.empty()) errors_.add(range, "a rule has one `match`");
  if (!expect("{", "after `match`")) return false;
  const int level = nesting_;
  while (!peek().is("}")) {
    if (peek().kind == RuleToken::Kind::end) return unexpected("`}` after the pattern");
    if (!parse_binding(rule.patterns)) synchronize(level);
  }
  take();
  return true;
}

bool RuleParser::parse_binding(Patterns& patterns) {
  NodePattern pattern;
  return parse_names("the name of the node's result", pattern.results, pattern.result_ranges) &&
         expect("=", "and an operator") && parse_pattern(patterns, std::move(pattern)) &&
         expect(";", "after the pattern");
}

bool RuleParser::parse_pattern(Patterns& patterns, NodePattern pattern) {
  const std::uint32_t begin = peek().range.begin;
  if (++depth_ > kMaxDepth) {
    errors_.add(peek().range, "patterns are nested too deeply");
    --depth_;
    return false;
  }
  if (accept("@")) {
    const bool is_good = parse_fragment_use(patterns, std::move(pattern));
    --depth_;
    return is_good;
  }
  do {
    if (!parse_operator(pattern)) {
      --depth_;
      return false;
    }
  } while (accept("|"));
  if (!parse_operands(patterns, pattern)) return false;
  if (accept("{")) {
    while (!peek().is("}")) {
      if (!parse_attribute_pattern(pattern)) return false;
      if (!peek().is("}") && !expect(",", "or `}` after the attribute")) return false;
    }
    take();
  }
  if (!parse_suffix(pattern)) return false;
  pattern.range = range_from(begin);
  --depth_;
  return append_pattern(patterns, std::move(pattern));
}

// `conv`, or `!contraction` for every operator with that trait.
bool RuleParser::parse_operator(NodePattern& pattern) {
  const std::uint32_t begin = peek().range.begin;
  const bool is_trait = accept("!");
  std::string name;
  TextRange range;
  if (!expect_name(is_trait ? "a trait of operators after `!`" : "an operator", name, range))
    return false;
  pattern.op_names.push_back(is_trait ? "!" + name : std::move(name));
  pattern.op_ranges.push_back({begin, range.end});
  return true;
}

bool RuleParser::append_pattern(Patterns& patterns, NodePattern pattern) {
  if (patterns.size() == kMaxPatterns)
    errors_.add(pattern.range, fmt::format("a rule matches at most {} nodes", kMaxPatterns));
  patterns.push_back(std::move(pattern));
  return patterns.size() <= 2 * kMaxPatterns;
}

bool RuleParser::parse_operands(Patterns& patterns, NodePattern& pattern) {
  if (!expect("(", "after the operator")) return false;
  while (!peek().is(")")) {
    if (!parse_operand(patterns, pattern)) return false;
    if (!peek().is(")") && !expect(",", "or `)` after the operand")) return false;
  }
  take();
  return true;
}

// `: f32[N, C] shared` after a pattern.
bool RuleParser::parse_suffix(NodePattern& pattern) {
  if (accept(":")) {
    pattern.has_kind = true;
    if (!parse_value_kind(pattern.value_kind)) return false;
  }
  pattern.is_shared = accept_word("shared") || pattern.is_shared;
  return true;
}

bool RuleParser::parse_operand(Patterns& patterns, NodePattern& pattern) {
  OperandPattern operand;
  operand.range = peek().range;
  if (accept_rest()) {
    operand.kind = OperandPattern::Kind::rest;
    pattern.has_rest_operands = true;
    if (!peek().is(")")) return unexpected("`)` after `..`");
    pattern.operands.push_back(std::move(operand));
    return true;
  }
  if (lexer_.peek_second().is("=")) {
    TextRange range;
    if (!expect_name("the name of an operand", operand.operand, range)) return false;
    take();
  }
  if (peek().is("@") || peek().is("!") || lexer_.peek_second().is("(") || lexer_.peek_second().is("|")) {
    operand.kind = OperandPattern::Kind::node;
    if (!parse_pattern(patterns, {})) return false;
    operand.node = static_cast<int>(patterns.size()) - 1;
    operand.range = range_from(operand.range.begin);
    pattern.operands.push_back(std::move(operand));
    return true;
  }
  TextRange range;
  if (!expect_name("an operand: a name, `_`, `none`, `..` or an operator", operand.name, range))
    return false;
  operand.kind = operand.name == "_"      ? OperandPattern::Kind::any
                 : operand.name == "none" ? OperandPattern::Kind::none
                                          : OperandPattern::Kind::capture;
  operand.is_optional = accept("?");
  if (accept(":")) {
    operand.has_kind = true;
    if (!parse_value_kind(operand.value_kind)) return false;
  }
  operand.range = range_from(operand.range.begin);
  pattern.operands.push_back(std::move(operand));
  return true;
}

bool RuleParser::parse_attribute_pattern(NodePattern& pattern) {
  AttributePattern attribute;
  attribute.range = peek().range;
  if (accept_rest()) {
    attribute.kind = AttributePattern::Kind::rest;
    pattern.has_rest_attributes = true;
    pattern.attributes.push_back(std::move(attribute));
    return true;
  }
  if (!expect_name("an attribute or `..`", attribute.name, attribute.range)) return false;
  if (accept_word("in")) {
    if (!peek().is("[")) return unexpected("a list of literals");
    Expression list;
    if (!parse_list(list)) return false;
    if (list.children.empty()) errors_.add(list.range, "no value is in an empty list");
    attribute.kind = AttributePattern::Kind::one_of;
    attribute.literals = std::move(list.children);
  } else {
    if (!expect("=", "or `in` after the attribute's name")) return false;
    if (!parse_attribute_literals(attribute)) return false;
  }
  pattern.attributes.push_back(std::move(attribute));
  return true;
}

bool RuleParser::parse_attribute_literals(AttributePattern& attribute) {
  attribute.kind = AttributePattern::Kind::one_of;
  if (peek().is_word("_")) {
    take();
    attribute.kind = AttributePattern::Kind::any;
    return true;
  }
  const bool is_literal_word =
      peek().is_word("true") || peek().is_word("false") || peek().is_word("none");
  if (peek().kind == RuleToken::Kind::name && !is_literal_word) {
    attribute.kind = AttributePattern::Kind::capture;
    return expect_name("a name", attribute.capture, attribute.range);
  }
  attribute.literals.emplace_back();
  return parse_unary(attribute.literals.back());
}

bool RuleParser::parse_value_kind(ValueKind& kind) {
  const std::uint32_t begin = peek().range.begin;
  kind.is_const = accept_word("const");
  if (accept("!")) {
    const RuleToken word = peek();
    kind.is_float = word.is_word("float");
    kind.is_integer = word.is_word("integer");
    if (!kind.is_float && !kind.is_integer) return unexpected("`float` or `integer` after `!`");
    take();
  } else if (peek().kind == RuleToken::Kind::name && !peek().is_word("shared")) {
    const RuleToken word = take();
    if (const auto dtype = parse_dtype(word.value)) {
      kind.dtype = *dtype;
    } else {
      errors_.add(word.range, fmt::format("`{}` is not an element type", word.value),
                  "element types are f32, f16, i64, ...; `!float` is any of the floats");
    }
  } else if (!kind.is_const && !peek().is("[")) {
    return unexpected("`const`, an element type or `!float`");
  }
  const bool is_good = !peek().is("[") || parse_dims(kind);
  kind.range = range_from(begin);
  return is_good;
}

bool RuleParser::parse_dims(ValueKind& kind) {
  take();
  kind.has_dims = true;
  while (!peek().is("]")) {
    DimPattern dim;
    dim.range = peek().range;
    if (accept_rest()) {
      dim.kind = DimPattern::Kind::rest;
    } else if (peek().kind == RuleToken::Kind::number) {
      const RuleToken token = take();
      dim.kind = DimPattern::Kind::number;
      const auto size = parse_int(token.value);
      if (!size) errors_.add(token.range, "a size is a whole number");
      dim.number = size.value_or(0);
    } else {
      if (!expect_name("a size: a number, a name, `_` or `...`", dim.name, dim.range)) return false;
      dim.kind = dim.name == "_" ? DimPattern::Kind::any : DimPattern::Kind::name;
    }
    const bool is_rest = dim.kind == DimPattern::Kind::rest;
    kind.dims.push_back(std::move(dim));
    if (is_rest && !peek().is("]")) return unexpected("`]` after `...`");
    if (!peek().is("]") && !expect(",", "or `]` after the size")) return false;
  }
  take();
  return true;
}

}  // namespace rcc
