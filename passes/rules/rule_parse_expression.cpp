#include <fmt/format.h>

#include <utility>

#include "ir/support/number_text.h"
#include "passes/rules/rule_parser.h"

namespace rcc {

namespace {

constexpr int kMaxDepth = 100;
// Operands joined by one sign; the tree grows by a level with each.
constexpr int kMaxChain = 100;

}  // namespace

bool RuleParser::parse_left(Expression& result, Level next,
                            std::initializer_list<std::string_view> signs) {
  const std::uint32_t begin = peek().range.begin;
  if (!(this->*next)(result)) return false;
  for (int length = 1;; ++length) {
    const RuleToken& token = peek();
    bool is_found = false;
    for (const std::string_view sign : signs)
      is_found = is_found || token.is(sign) || token.is_word(sign);
    if (!is_found) return true;
    if (length >= kMaxChain) {
      errors_.add(token.range, "the expression is too long", "give a part of it a name with `let`");
      return false;
    }
    Expression binary;
    binary.kind = Expression::Kind::binary;
    binary.text = take().value;
    binary.children.resize(2);
    binary.children[0] = std::move(result);
    if (!(this->*next)(binary.children[1])) return false;
    binary.range = range_from(begin);
    result = std::move(binary);
  }
}

bool RuleParser::parse_or(Expression& result) {
  if (++depth_ > kMaxDepth) {
    errors_.add(peek().range, "the expression is nested too deeply");
    --depth_;
    return false;
  }
  const bool is_good = parse_left(result, &RuleParser::parse_and, {"or"});
  --depth_;
  return is_good;
}

bool RuleParser::parse_and(Expression& result) {
  return parse_left(result, &RuleParser::parse_not, {"and"});
}

bool RuleParser::parse_not(Expression& result) {
  if (!peek().is_word("not")) return parse_comparison(result);
  if (++depth_ > kMaxDepth) {
    errors_.add(peek().range, "the expression is nested too deeply");
    --depth_;
    return false;
  }
  const RuleToken sign = take();
  result.kind = Expression::Kind::unary;
  result.text = "not";
  result.children.resize(1);
  const bool is_good = parse_not(result.children[0]);
  result.range = range_from(sign.range.begin);
  --depth_;
  return is_good;
}

bool RuleParser::parse_comparison(Expression& result) {
  if (!parse_left(result, &RuleParser::parse_sum, {"==", "!=", "<=", ">=", "<", ">"})) return false;
  const auto is_comparison = [](const Expression& e) {
    return e.kind == Expression::Kind::binary &&
           (e.text == "==" || e.text == "!=" || e.text[0] == '<' || e.text[0] == '>');
  };
  if (is_comparison(result) && is_comparison(result.children[0]) &&
      result.children[0].range.begin == result.range.begin)
    errors_.add(result.range, "comparisons do not chain", "join them with `and`");
  return true;
}

bool RuleParser::parse_sum(Expression& result) {
  return parse_left(result, &RuleParser::parse_product, {"+", "-"});
}

bool RuleParser::parse_product(Expression& result) {
  return parse_left(result, &RuleParser::parse_unary, {"*", "/", "//", "%"});
}

bool RuleParser::parse_unary(Expression& result) {
  if (!peek().is("-")) return parse_postfix(result);
  const RuleToken sign = take();
  Expression operand;
  if (++depth_ > kMaxDepth || !parse_unary(operand)) {
    if (depth_ > kMaxDepth) errors_.add(sign.range, "the expression is nested too deeply");
    --depth_;
    return false;
  }
  --depth_;
  if (operand.kind == Expression::Kind::number) {
    operand.number = -operand.number;
    operand.text = operand.text.starts_with('-') ? operand.text.substr(1) : "-" + operand.text;
    operand.integer = parse_int(operand.text);
    operand.range.begin = sign.range.begin;
    result = std::move(operand);
    return true;
  }
  result.kind = Expression::Kind::unary;
  result.text = "-";
  result.range = range_from(sign.range.begin);
  result.children.push_back(std::move(operand));
  return true;
}

bool RuleParser::parse_postfix(Expression& result) {
  if (!parse_primary(result)) return false;
  if (peek().is(".") && !parse_member(result)) return false;
  return !peek().is("[") || parse_index(result);
}

bool RuleParser::parse_member(Expression& result) {
  take();
  Expression member;
  member.kind = Expression::Kind::member;
  if (!expect_name("an attribute after `.`", member.text, member.range)) return false;
  if (result.kind != Expression::Kind::name) {
    errors_.add(result.range, "only a matched node has attributes");
    return true;
  }
  member.range.begin = result.range.begin;
  member.children.push_back(std::move(result));
  result = std::move(member);
  return true;
}

bool RuleParser::parse_index(Expression& result) {
  take();
  Expression element;
  element.kind = Expression::Kind::index;
  element.children.resize(2);
  if (!parse_expression(element.children[1]) || !expect("]", "after the index")) return false;
  element.range = range_from(result.range.begin);
  element.children[0] = std::move(result);
  result = std::move(element);
  return true;
}

bool RuleParser::parse_primary(Expression& result) {
  const RuleToken& token = peek();
  result.range = token.range;
  if (token.kind == RuleToken::Kind::number) {
    result.kind = Expression::Kind::number;
    result.text = token.value;
    result.integer = parse_int(result.text);
    result.number = take_number();
    return true;
  }
  if (token.kind == RuleToken::Kind::text) {
    result.kind = Expression::Kind::text;
    result.text = take().value;
    return true;
  }
  if (token.is("[")) return parse_list(result);
  if (token.is("(")) {
    take();
    return parse_expression(result) && expect(")", "after the expression");
  }
  if (token.kind != RuleToken::Kind::name) return unexpected("an expression");
  result.text = take().value;
  result.kind = Expression::Kind::name;
  if (result.text == "none") result.kind = Expression::Kind::none;
  if (result.text == "true" || result.text == "false") {
    result.kind = Expression::Kind::truth;
    result.number = result.text == "true" ? 1 : 0;
  }
  return !peek().is("(") || parse_call(result);
}

bool RuleParser::parse_list(Expression& result) {
  const std::uint32_t begin = take().range.begin;
  result.kind = Expression::Kind::list;
  while (!peek().is("]")) {
    result.children.emplace_back();
    if (!parse_expression(result.children.back())) return false;
    if (!peek().is("]") && !expect(",", "or `]` in the list")) return false;
  }
  take();
  result.range = range_from(begin);
  return true;
}

bool RuleParser::parse_call(Expression& result) {
  result.kind = Expression::Kind::call;
  take();
  while (!peek().is(")")) {
    std::string name;
    if (peek().kind == RuleToken::Kind::name && lexer_.peek_second().is("=")) {
      name = take().value;
      take();
    } else if (!result.argument_names.empty() && !result.argument_names.back().empty()) {
      errors_.add(peek().range, "arguments without a name come first");
    }
    result.argument_names.push_back(std::move(name));
    result.children.emplace_back();
    if (!parse_expression(result.children.back())) return false;
    if (!peek().is(")") && !expect(",", "or `)` after the argument")) return false;
  }
  take();
  if (peek().is("{") && !parse_braces(result)) return false;
  result.range = range_from(result.range.begin);
  return true;
}

bool RuleParser::parse_braces(Expression& result) {
  take();
  result.has_braces = true;
  while (!peek().is("}")) {
    BuildAttribute attribute;
    const bool is_copy = accept_rest();
    if (!expect_name(is_copy ? "a matched node after `..`" : "an attribute, or `..` and a node",
                     attribute.name, attribute.range))
      return false;
    if (!is_copy) {
      attribute.value.emplace_back();
      if (!expect("=", "and the value of the attribute") ||
          !parse_expression(attribute.value.back()))
        return false;
    }
    result.attributes.push_back(std::move(attribute));
    if (!peek().is("}") && !expect(",", "or `}` after the attribute")) return false;
  }
  take();
  return true;
}

}  // namespace rcc
