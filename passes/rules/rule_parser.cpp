#include "passes/rules/rule_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "ir/support/number_text.h"

namespace rcc {

namespace {

// Where `=>` stands between the graphs of a test.
std::size_t find_arrow(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    at = end_of_quoted(text, at);
    if (text.substr(std::min(at, text.size()), 2) == "=>") return at;
  }
  return std::string_view::npos;
}

}  // namespace

RuleParser::RuleParser(const RuleSource& source, RuleSet& rules, RuleErrors& errors)
    : rules_(rules), errors_(errors), lexer_(source, errors) {}

RuleToken RuleParser::take() {
  RuleToken token = lexer_.take();
  last_end_ = token.range.end;
  if (token.is("{")) ++nesting_;
  if (token.is("}") && nesting_ > 0) --nesting_;
  return token;
}

bool RuleParser::accept(std::string_view symbol) {
  if (!peek().is(symbol)) return false;
  take();
  return true;
}

bool RuleParser::accept_word(std::string_view word) {
  if (!peek().is_word(word)) return false;
  take();
  return true;
}

bool RuleParser::accept_rest() { return accept("..") || accept("..."); }

bool RuleParser::unexpected(std::string_view wanted) {
  const RuleToken& token = peek();
  const std::string found = token.kind == RuleToken::Kind::end ? "the end of the file"
                            : token.kind == RuleToken::Kind::text
                                ? "a text"
                                : fmt::format("`{}`", escape_for_display(token.value));
  errors_.add(token.range, fmt::format("expected {}, found {}", wanted, found));
  return false;
}

bool RuleParser::expect(std::string_view symbol, std::string_view after) {
  if (accept(symbol)) return true;
  return unexpected(fmt::format("`{}` {}", symbol, after));
}

bool RuleParser::expect_word(std::string_view word) {
  return accept_word(word) || unexpected(fmt::format("`{}`", word));
}

bool RuleParser::expect_name(std::string_view what, std::string& name, TextRange& range) {
  if (peek().kind != RuleToken::Kind::name) return unexpected(what);
  const RuleToken token = take();
  name = token.value;
  range = token.range;
  return true;
}

bool RuleParser::expect_text(std::string_view what, std::string& text) {
  if (peek().kind != RuleToken::Kind::text) return unexpected(what);
  text = take().value;
  return true;
}

double RuleParser::take_number() {
  const RuleToken token = take();
  const auto number = parse_double(token.value);
  if (!number) errors_.add(token.range, "no float64 is so large, or so small");
  return number.value_or(0);
}

void RuleParser::synchronize(int level) {
  depth_ = 0;
  while (peek().kind != RuleToken::Kind::end) {
    if (peek().is("}") && nesting_ <= level && level > 0) return;
    const RuleToken token = take();
    if (nesting_ > level) continue;
    if (token.is(";") || (token.is("}") && level == 0)) return;
  }
}

void RuleParser::parse_file() {
  while (peek().kind != RuleToken::Kind::end) {
    bool is_good = true;
    const RuleToken start = peek();
    if (start.is_word("option")) {
      is_good = parse_option();
    } else if (start.is_word("rule")) {
      is_good = parse_rule();
    } else if (start.is_word("fixpoint")) {
      take();
      rules_.is_fixpoint = true;
      is_good = expect(";", "after `fixpoint`");
    } else if (start.is_word("matcher")) {
      is_good = parse_fragment();
    } else {
      is_good = unexpected("`option`, `matcher`, `rule` or `fixpoint`");
    }
    if (!is_good) synchronize(0);
  }
}

bool RuleParser::parse_option() {
  take();
  RuleOption option;
  const bool is_good = expect_name("the name of the option", option.name, option.range) &&
                       expect("=", "and the default of the option") && parse_option_value(option) &&
                       parse_option_range(option) &&
                       expect_text("what the option does, as a text", option.help) &&
                       expect(";", "after the option");
  if (!option.name.empty()) rules_.options.push_back(std::move(option));
  return is_good;
}

bool RuleParser::parse_option_value(RuleOption& option) {
  const bool is_negative = accept("-");
  if (peek().kind == RuleToken::Kind::number) {
    const auto integer = parse_int(peek().value);
    const double number = take_number();
    if (integer)
      option.value = is_negative ? -*integer : *integer;
    else
      option.value = is_negative ? -number : number;
    return true;
  }
  if (is_negative) return unexpected("a number");
  if (peek().kind == RuleToken::Kind::text) {
    option.value = take().value;
    return true;
  }
  if (!peek().is_word("true") && !peek().is_word("false"))
    return unexpected("a number, a text, `true` or `false`");
  option.value = take().value == "true";
  return true;
}

bool RuleParser::parse_option_range(RuleOption& option) {
  if (!accept_word("in")) return true;
  if (option.value.index() == 3) return parse_option_choices(option);
  const auto bound = [this](std::optional<double>& limit) {
    const double sign = accept("-") ? -1 : 1;
    if (peek().kind != RuleToken::Kind::number) return unexpected("a number");
    limit = sign * take_number();
    return true;
  };
  return expect("[", "before the smallest value") && bound(option.minimum) &&
         expect(",", "before the largest value") && bound(option.maximum) &&
         expect("]", "after the largest value");
}

bool RuleParser::parse_option_choices(RuleOption& option) {
  if (!expect("[", "before the texts that are allowed")) return false;
  if (peek().is("]")) return unexpected("a text that is allowed");
  while (!peek().is("]")) {
    option.choices.emplace_back();
    if (!expect_text("a text", option.choices.back())) return false;
    if (!peek().is("]") && !expect(",", "or `]` after the text")) return false;
  }
  take();
  return true;
}

bool RuleParser::parse_rule() {
  take();
  auto rule = std::make_unique<Rule>();
  if (!expect_name("the name of the rule", rule->name, rule->range)) return false;
  if (!parse_effect(*rule)) return false;
  for (;;) {
    if (accept_word("recursive")) {
      rule->is_recursive = true;
    } else if (accept_word("benefit")) {
      if (peek().kind != RuleToken::Kind::number) return unexpected("a whole number");
      const RuleToken token = take();
      const auto benefit = parse_int(token.value);
      if (!benefit) errors_.add(token.range, "a benefit is a whole number");
      rule->benefit = benefit;
    } else {
      break;
    }
  }
  if (!expect("{", "before the rule's body")) return false;
  const bool is_good = parse_rule_body(*rule);
  rules_.rules.push_back(std::move(rule));
  return is_good;
}

bool RuleParser::parse_effect(Rule& rule) {
  if (!accept_word("effect"))
    return unexpected("`effect exact`, `effect approx TOLERANCE` or `effect lossy`");
  if (accept_word("exact")) {
    rule.effect = Effect::exact;
  } else if (accept_word("lossy")) {
    rule.effect = Effect::lossy;
  } else if (accept_word("approx")) {
    rule.effect = Effect::approx;
    if (peek().kind != RuleToken::Kind::number)
      return unexpected("the largest relative difference, a number");
    const TextRange range = peek().range;
    rule.tolerance = take_number();
    if (!(rule.tolerance > 0 && rule.tolerance < 1))
      errors_.add(range, "a tolerance lies between 0 and 1", "write `effect exact` for equal bits");
  } else {
    return unexpected("`exact`, `approx` or `lossy`");
  }
  return true;
}

bool RuleParser::parse_rule_body(Rule& rule) {
  const int level = nesting_;
  while (!peek().is("}")) {
    if (peek().kind == RuleToken::Kind::end) return unexpected("`}` after the rule's body");
    if (!parse_statement(rule)) synchronize(level);
  }
  take();
  return true;
}

bool RuleParser::parse_statement(Rule& rule) {
  const RuleToken& token = peek();
  if (token.is_word("match")) return parse_match(rule);
  if (token.is_word("let")) return parse_let(rule);
  if (token.is_word("where")) return parse_where(rule);
  if (token.is_word("replace")) return parse_replace(rule);
  if (token.is_word("on")) return parse_edge(rule);
  if (token.is_word("set")) return parse_change(rule);
  if (token.is_word("ensure")) return parse_post_condition(rule);
  if (token.is_word("test")) return parse_test(rule);
  return unexpected("`match`, `let`, `where`, `replace`, `on edge`, `set`, `ensure` or `test`");
}

bool RuleParser::parse_test(Rule& rule) {
  RuleTest test;
  test.range = take().range;
  if (!expect_text("what the test shows, as a text", test.name)) return false;
  if (!peek().is("{")) return unexpected("`{` before the graph of the test");
  take();
  TextRange body;
  const bool is_closed = lexer_.take_block(body);
  --nesting_;
  if (!is_closed) {
    errors_.add(test.range, "the test is not closed");
    return true;
  }
  const std::string_view text =
      std::string_view(rules_.source->text()).substr(body.begin, body.end - body.begin);
  const std::size_t arrow = find_arrow(text);
  if (arrow == std::string_view::npos) {
    errors_.add(test.range, "the test has no `=>`",
                "write the graph, `=>`, and the graph it becomes or `unchanged`");
    return true;
  }
  const auto offset = static_cast<std::uint32_t>(arrow);
  test.before = {body.begin, body.begin + offset};
  test.after = {body.begin + offset + 2, body.end};
  std::string word;
  for (const char c : text.substr(arrow + 2))
    if (std::isspace(static_cast<unsigned char>(c)) == 0) word += c;
  test.is_unchanged = word == "unchanged";
  rule.tests.push_back(std::move(test));
  return true;
}

}  // namespace rcc
