#pragma once

#include <map>

#include "passes/rule.h"

namespace rcc {

// Looks up every name of one rule, gives each expression its type and compiles the patterns to
// steps. Problems go to `errors`.
class RuleChecker {
 public:
  RuleChecker(const RuleSet& rules, Rule& rule, const OpTable& ops, RuleErrors& errors);
  void check();
  // After check().
  bool uses(const RuleOption& option) const;

 private:
  // What a name stands for.
  struct Entry {
    Symbol symbol;
    TextRange range;
    ExpressionType type;
    bool is_used = false;
    // What is said about it when it is not used.
    std::string_view what;
    // Of an attribute: its own type, for copying it to another.
    AttributeType attribute = AttributeType::none;
  };

  // Patterns (rule_checker.cpp).
  void check_patterns();
  void check_operators(NodePattern& pattern);
  void check_operands(std::size_t index);
  void check_operand(std::size_t index, OperandPattern& operand, int position);
  void check_capture(std::size_t index, OperandPattern& operand);
  void check_operand_count(const NodePattern& pattern);
  void check_results(std::size_t index);
  void check_value_kind(ValueKind& kind);
  void check_reachable();
  void check_unused();
  int new_value_slot(const std::string& name);
  bool declare(const std::string& name, Entry entry);
  Entry* find(const std::string& name);
  // find, with an error that offers the nearest name.
  Entry* look_up(const std::string& name, TextRange range);

  // Attributes and sizes (rule_check_attributes.cpp).
  void check_attributes(std::size_t index);
  void check_attribute(NodePattern& pattern, AttributePattern& attribute);
  void check_attribute_capture(AttributePattern& attribute, AttributeType type);
  bool to_attribute(const Expression& literal, AttributeType type, AttributeValue& value);
  const AttributeInfo* find_attribute(const OpInfo& op, const std::string& name, TextRange range);
  // Ranks and sizes against the letters of the operator's row.
  void check_axes(const NodePattern& pattern);

  // Expressions (rule_check_expression.cpp).
  void check_statements();
  void check_expression(Expression& expression);
  void check_name(Expression& expression);
  void check_member(Expression& expression);
  void check_list(Expression& expression);
  void check_unary(Expression& expression);
  void check_binary(Expression& expression);
  void check_or(Expression& expression);
  void check_call(Expression& expression);
  void check_arguments(Expression& expression, std::size_t positional);
  bool check_argument(Expression& argument, char letter, std::string_view function);
  void check_named_arguments(Expression& expression);
  ExpressionType call_type(const Expression& expression, std::size_t positional) const;
  // Reports a value, text or `none` where a number is needed. False then.
  bool require_numeric(const Expression& expression);

  // Replacements (rule_check_build.cpp).
  void check_replacements();
  void check_build_value(Expression& expression);
  bool is_build_call(const Expression& expression);
  void check_build(Expression& expression);
  bool find_build_operator(Expression& expression);
  // Rows the node may be made of: one, or the alternatives of a matched node.
  std::vector<const OpInfo*> build_rows(const Expression& expression) const;
  void check_build_arguments(Expression& expression);
  void check_build_attributes(Expression& expression);
  void check_build_attribute(Expression& expression, BuildAttribute& attribute);

  // rule_compile.cpp
  void compile();
  void compile_structure(int index, MatchStep enter, std::vector<bool>& entered);
  void compile_operands(int index);
  void compile_details(int index);

  const RuleSet& rules_;
  Rule& rule_;
  const OpTable& ops_;
  RuleErrors& errors_;
  std::map<std::string, Entry> names_;
};

// `help` text that offers the nearest of `names`, or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& names);

}  // namespace rcc
