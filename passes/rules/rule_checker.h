#pragma once

#include <map>

#include "passes/rules/rule.h"

namespace rcc {

// Looks up every name of one rule, gives each expression its type and compiles the patterns to
// steps. Problems go to `errors`.
class RuleChecker {
 public:
  RuleChecker(const RuleSet& rules, Rule& rule, const OpTable& ops, RuleErrors& errors);
  void check();
  // After check().
  bool uses(const RuleOption& option) const;
  // Whether a condition asks `selected(y)`.
  bool has_selection() const { return has_selection_; }
  // Whether a literal can be the value of an attribute of that type, and that value.
  static bool to_attribute(const Expression& literal, AttributeType type, AttributeValue& value);

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
  // Operators with the trait that `op_names[index]` names.
  void check_trait(NodePattern& pattern, std::size_t index);
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
  const AttributeInfo* find_attribute(const OpInfo& op, const std::string& name, TextRange range);
  // Ranks and sizes against the letters of the operator's row.
  void check_axes(const NodePattern& pattern);

  // Expressions (rule_check_expression.cpp).
  void check_statements();
  void check_condition(Expression& condition);
  void check_let(RuleStatement& statement);
  void check_expression(Expression& expression);
  void check_index(Expression& expression);
  bool check_element_type(Expression& argument, std::string_view function);
  std::string_view text_of(TextRange range) const;
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
  // Reports a value, text or `none` where a number is needed. False then.
  bool require_numeric(const Expression& expression);
  // Reports what may be absent. False then.
  bool require_present(const Expression& expression);

  // Comparisons that hold nowhere (rule_check_equality.cpp).
  void check_equality(const Expression& comparison);
  void check_choice(const Expression& asked, const Expression& literal);
  void check_precision(const Expression& asked, const Expression& literal);
  bool is_f32(const Expression& expression);

  // Sizes of tensor expressions (rule_check_sizes.cpp).
  ExpressionType call_type(const Expression& expression, std::size_t positional);
  ExpressionType broadcast_type(ExpressionType::Kind kind, const ExpressionType& a,
                                const ExpressionType& b) const;
  void check_broadcast(const Expression& whole, const ExpressionType& a, const ExpressionType& b);
  void check_scale(const Expression& call);
  std::string sizes_text(const std::vector<std::int64_t>& sizes) const;

  // What a rule does (rule_check_action.cpp).
  void check_actions();
  void check_conflicts();
  void check_root_reads();
  void check_replacement(Replacement& replacement);
  // Nodes with a name.
  bool makes_node(const Expression& expression);
  void check_definition(RuleStatement& statement);
  void check_edge(EdgeInsertion& edge);
  void check_shared_edge(const EdgeInsertion& edge);
  // Reports what a shared chain cannot read; returns whether it reads the edge's value.
  bool check_shared_reads(const EdgeInsertion& edge, const Expression& expression);
  void check_change(ConstantChange& change);
  void check_contents(const ConstantChange& change, const ExpressionType& old);
  void check_post_conditions();

  // Types of whole patterns and replacements, by shape inference (rule_check_types.cpp).
  void check_types();

  // Nodes that are made (rule_check_build.cpp).
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
  bool has_selection_ = false;
};

// What an attribute of that type is: "a whole number".
std::string_view name_of(AttributeType type);

// `help` text that offers the nearest of `names`, or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& names);

}  // namespace rcc
