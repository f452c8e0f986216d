#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ir/graph.h"
#include "passes/pass.h"
#include "passes/rule_lexer.h"
#include "passes/tensor_expression.h"

namespace rcc {

// A rule file, parsed and checked: what docs/rules.md describes. First the patterns, as written.

// One size in `f32[OC, IC, ...]`.
struct DimPattern {
  enum class Kind : std::uint8_t { any, number, name, rest };
  Kind kind = Kind::any;
  TextRange range;
  std::int64_t number = 0;
  std::string name;
  // Of Bindings::dims.
  int slot = -1;
};

// What follows the colon of an operand: `const f32[OC, ...]`, `!float`.
struct ValueKind {
  bool is_const = false;
  // unknown: any, or as `is_float` / `is_integer` say.
  DType dtype = DType::unknown;
  bool is_float = false;
  bool is_integer = false;
  bool has_dims = false;
  std::vector<DimPattern> dims;
  TextRange range;
};

struct OperandPattern {
  enum class Kind : std::uint8_t { capture, any, rest, none, node };
  Kind kind = Kind::any;
  TextRange range;
  // Given by name (`conv(x, bias = b)`), else empty.
  std::string operand;
  // Of a capture, or of the earlier binding it refers to.
  std::string name;
  bool is_optional = false;
  bool has_kind = false;
  ValueKind value_kind;
  // Of RulePattern list, for Kind::node.
  int node = -1;
  // Of Bindings::values, for a capture.
  int slot = -1;
  // Operand of the row; agreed among alternatives.
  int index = -1;
};

struct AttributePattern {
  enum class Kind : std::uint8_t { one_of, capture, any, rest };
  Kind kind = Kind::any;
  TextRange range;
  std::string name;
  // Literals of `= literal` and `in [..]`, and what they are as attributes.
  std::vector<Expression> literals;
  std::vector<AttributeValue> values;
  // Of a capture.
  std::string capture;
  int slot = -1;
};

// An operator with its operands and attributes: one node of the graph.
struct NodePattern {
  TextRange range;
  std::vector<std::string> op_names;
  std::vector<TextRange> op_ranges;
  std::vector<const OpInfo*> ops;
  std::vector<OperandPattern> operands;
  bool has_rest_operands = false;
  std::vector<AttributePattern> attributes;
  bool has_rest_attributes = false;
  // Its results may be read outside the match.
  bool is_shared = false;
  // Kind asked of the first result.
  bool has_kind = false;
  ValueKind value_kind;
  // Names of the results bound, one each; empty for a nested pattern.
  std::vector<std::string> results;
  std::vector<TextRange> result_ranges;
  // Of Bindings::values, one for each name; a nested pattern has one for its first result.
  std::vector<int> result_slots;
};

// Patterns compile to a straight list of steps: each tests or binds one thing. The first
// `structure` steps find the operators.
struct MatchStep {
  enum class Kind : std::uint8_t {
    enter,           // the operand is result `item` of a node that becomes node `pattern`
    bind,            // the operand becomes value `slot`, or is it already
    absent,          // the operand is not given
    no_more,         // no operand from `operand` on
    attribute,       // attribute pattern `item` holds
    default_others,  // attributes that the pattern does not name have their default
    value_kind,      // value `slot` fits the kind
    results,         // results that are neither named nor replaced are unused
    uses,            // results are read by matched nodes only
  };
  Kind kind = Kind::enter;
  int pattern = 0;
  // Where the operand is: pattern and operand index. -1: the root itself.
  int parent = -1;
  int operand = -1;
  int slot = -1;
  int item = -1;
  bool is_optional = false;
  const ValueKind* value_kind = nullptr;
};

struct RuleStatement {
  enum class Kind : std::uint8_t { let, where };
  Kind kind = Kind::let;
  TextRange range;
  // Of a let, and its index.
  std::string name;
  int slot = -1;
  Expression expression;
  // Of a where; its text when there is no `else`. A site is reported as declined only for a reason
  // that the author gave.
  std::string reason;
  bool has_reason = false;
};

struct Replacement {
  TextRange range;
  std::string target;
  TextRange target_range;
  // Of Bindings::values, once resolved.
  int slot = -1;
  Expression with;
};

struct RuleTest {
  std::string name;
  TextRange range;
  // IR texts; `after` is empty for `unchanged`.
  TextRange before;
  TextRange after;
  bool is_unchanged = false;
};

struct Rule {
  std::string name;
  TextRange range;
  Effect effect = Effect::exact;
  double tolerance = 0;
  std::int64_t benefit = 0;
  bool is_recursive = false;
  // Operands before users; the root is last.
  std::vector<NodePattern> patterns;
  std::vector<RuleStatement> statements;
  std::vector<Replacement> replacements;
  std::vector<RuleTest> tests;

  // Names of the slots of Bindings, for messages.
  std::vector<std::string> value_names;
  std::vector<std::string> attribute_names;
  std::vector<std::string> dim_names;
  std::size_t let_count = 0;
  std::vector<MatchStep> steps;
  // How many of the steps find operators and operands.
  std::size_t structure_steps = 0;
  // Patterns of commutative operators of two operands; the matcher tries both orders.
  std::vector<int> commutative;

  const NodePattern& root() const { return patterns.back(); }
};

struct RuleOption {
  using Value = std::variant<bool, std::int64_t, double, std::string>;
  std::string name;
  TextRange range;
  Value value;
  std::string help;
  std::optional<double> minimum = std::nullopt;
  std::optional<double> maximum = std::nullopt;
};

struct RuleSet {
  std::shared_ptr<const RuleSource> source;
  std::vector<RuleOption> options;
  // Stable addresses: steps point into the patterns.
  std::vector<std::unique_ptr<Rule>> rules;
  // New nodes, and users of new results, are visited again.
  bool is_fixpoint = false;
};

// Parses and checks. Every problem found is in the error, each with file:line:column.
Result<std::shared_ptr<const RuleSet>> load_rules(std::string_view text, std::string_view file,
                                                  const OpTable& ops);

// The options of a rule set, as the pipeline handles them.
class RuleOptionSet final : public OptionSet {
 public:
  explicit RuleOptionSet(std::shared_ptr<const RuleSet> rules);
  void describe(OptionVisitor& visitor) override;
  // In the order of RuleSet::options.
  std::vector<Datum> values() const;

 private:
  std::shared_ptr<const RuleSet> rules_;
  std::vector<RuleOption::Value> values_;
};

// The pass that applies the rules of a file. Its effect is the weakest of theirs. `ops` must
// outlive it.
Result<PassDef> rules_pass(std::string_view text, std::string_view file, const OpTable& ops);

// Runs the `test` blocks of all rules with numeric verification. The error lists those that failed.
Result<std::size_t> run_rule_tests(std::string_view text, std::string_view file,
                                   std::shared_ptr<const OpTable> ops);

}  // namespace rcc
