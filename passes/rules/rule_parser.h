#pragma once

#include "passes/rules/rule.h"

namespace rcc {

// Reads the syntax of a rule file into `rules`; names are not looked up yet. Problems go to
// `errors`, after which reading goes on with the next statement.
class RuleParser {
 public:
  RuleParser(const RuleSource& source, RuleSet& rules, RuleErrors& errors);
  void parse_file();

 private:
  using Patterns = std::vector<NodePattern>;

  // Statements of a file and of a rule (rule_parser.cpp).
  bool parse_option();
  bool parse_option_value(RuleOption& option);
  bool parse_option_range(RuleOption& option);
  bool parse_option_choices(RuleOption& option);
  bool parse_rule();
  bool parse_effect(Rule& rule);
  bool parse_rule_body(Rule& rule);
  bool parse_statement(Rule& rule);
  bool parse_test(Rule& rule);

  // Conditions and actions of a rule (rule_parse_action.cpp).
  bool parse_names(std::string_view what, std::vector<std::string>& names,
                   std::vector<TextRange>& ranges);
  bool parse_let(Rule& rule);
  bool parse_where(Rule& rule);
  bool parse_replace(Rule& rule);
  bool parse_edge(Rule& rule);
  bool parse_change(Rule& rule);
  bool parse_post_condition(Rule& rule);

  // Patterns (rule_parse_pattern.cpp).
  bool parse_match(Rule& rule);
  bool parse_binding(Patterns& patterns);
  // Appends the pattern, after those nested in it.
  bool parse_pattern(Patterns& patterns, NodePattern pattern);
  bool parse_operator(NodePattern& pattern);
  bool parse_operands(Patterns& patterns, NodePattern& pattern);
  bool parse_operand(Patterns& patterns, NodePattern& pattern);
  bool parse_suffix(NodePattern& pattern);
  bool append_pattern(Patterns& patterns, NodePattern pattern);
  bool parse_attribute_pattern(NodePattern& pattern);
  bool parse_attribute_literals(AttributePattern& attribute);
  bool parse_value_kind(ValueKind& kind);
  bool parse_dims(ValueKind& kind);

  // Patterns with a name (rule_parse_fragment.cpp).
  bool parse_fragment();
  // After `@`: appends the fragment's patterns with the arguments in place of its parameters. The
  // last takes the names in `binding`.
  bool parse_fragment_use(Patterns& patterns, NodePattern binding);
  void give_kind(Patterns& patterns, const ValueKind& kind, OperandPattern& argument);
  const PatternFragment* find_fragment(const std::string& name, TextRange range);
  void expand(Patterns& patterns, const PatternFragment& fragment,
              const std::vector<OperandPattern>& arguments, NodePattern binding, TextRange use);

  // Expressions (rule_parse_expression.cpp).
  bool parse_expression(Expression& result) { return parse_or(result); }
  bool parse_or(Expression& result);
  bool parse_and(Expression& result);
  bool parse_not(Expression& result);
  bool parse_comparison(Expression& result);
  bool parse_sum(Expression& result);
  bool parse_product(Expression& result);
  bool parse_unary(Expression& result);
  bool parse_postfix(Expression& result);
  bool parse_member(Expression& result);
  bool parse_index(Expression& result);
  bool parse_primary(Expression& result);
  bool parse_list(Expression& result);
  bool parse_call(Expression& result);
  bool parse_braces(Expression& result);
  using Level = bool (RuleParser::*)(Expression&);
  bool parse_left(Expression& result, Level next, std::initializer_list<std::string_view> signs);

  // Tokens.
  const RuleToken& peek() const { return lexer_.peek(); }
  RuleToken take();
  bool accept(std::string_view symbol);
  bool accept_word(std::string_view word);
  bool expect(std::string_view symbol, std::string_view after);
  bool expect_word(std::string_view word);
  bool expect_name(std::string_view what, std::string& name, TextRange& range);
  bool expect_text(std::string_view what, std::string& text);
  // Precondition: a number is next. 0 after an error.
  double take_number();
  bool accept_rest();
  // Reports that something else was expected here; false.
  bool unexpected(std::string_view wanted);
  // Skips to the end of a broken statement within `level` open braces.
  void synchronize(int level);
  TextRange range_from(std::uint32_t begin) const { return {begin, last_end_}; }

  RuleSet& rules_;
  RuleErrors& errors_;
  RuleLexer lexer_;
  std::uint32_t last_end_ = 0;
  int depth_ = 0;
  // Uses of matchers so far.
  int expansions_ = 0;
  // Open braces.
  int nesting_ = 0;
};

}  // namespace rcc
