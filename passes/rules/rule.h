#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ir/graph.h"
#include "passes/pass.h"
#include "passes/rules/rule_lexer.h"
#include "passes/rules/tensor_expression.h"

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
  // Of a let: all names, of which several are results of a node. The checker moves a let that makes a
  // node to the definitions.
  std::vector<std::string> names;
  std::vector<TextRange> name_ranges;
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

// `let t = relu(x);`, `let (a, b) = split(x) { ... };`: a node that the replacement uses by name.
struct NodeDefinition {
  TextRange range;
  // Of its results.
  std::vector<std::string> names;
  std::vector<TextRange> name_ranges;
  Expression node;
};

// `on edge x -> y insert EXPRESSION share;`: where node y reads x, it reads the new value instead.
struct EdgeInsertion {
  enum class Sharing : std::uint8_t {
    none,
    // Readers of one value that ask for equal nodes get the same ones.
    shared,
  };
  TextRange range;
  std::string source;
  TextRange source_range;
  // Of Bindings::values, once resolved.
  int slot = -1;
  std::string target;
  TextRange target_range;
  // Of Rule::patterns, once resolved, and its operands that are the edge.
  int node = -1;
  std::vector<int> operands;
  Expression with;
  Sharing sharing = Sharing::none;
};

// `set W = EXPRESSION sparse shared;`: other contents for a constant.
struct ConstantChange {
  enum class Readers : std::uint8_t {
    // Readers outside of the match keep the old contents.
    matched,
    all,
  };
  TextRange range;
  std::string target;
  TextRange target_range;
  // Of Bindings::values, once resolved.
  int slot = -1;
  Expression value;
  // Exact zeros stay zero from here on.
  bool marks_sparse = false;
  Readers readers = Readers::matched;
};

// `ensure CONDITION else "what is wrong";`: holds after the rewrite, or the rule has a defect.
struct PostCondition {
  TextRange range;
  Expression condition;
  // What is said when it does not hold.
  std::string message;
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
  // Of RuleSet::rules.
  std::size_t index = 0;
  TextRange range;
  Effect effect = Effect::exact;
  double tolerance = 0;
  // Once checked: the number of patterns when none is given.
  std::optional<std::int64_t> benefit = std::nullopt;
  bool is_recursive = false;
  // Operands before users; the root is last.
  std::vector<NodePattern> patterns;
  std::vector<RuleStatement> statements;
  // A rule either replaces results of its root, or changes edges and constants and keeps its nodes.
  std::vector<NodeDefinition> definitions;
  std::vector<Replacement> replacements;
  std::vector<EdgeInsertion> edges;
  std::vector<ConstantChange> changes;
  std::vector<PostCondition> post_conditions;
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
  bool keeps_nodes() const { return replacements.empty(); }
};

// What a rewrite may change, seen from outside the match: the results it replaces, where they are
// produced, or, when it keeps its nodes, all their results, those of the root first.
std::vector<Value*> observed_results(const Rule& rule, const Bindings& bindings);

// `matcher NAME(a, b) = PATTERN;`: a pattern to be used as `@NAME(x, y)`.
struct PatternFragment {
  std::string name;
  TextRange range;
  std::vector<std::string> parameters;
  std::vector<TextRange> parameter_ranges;
  // Operands before users; the last is its root.
  std::vector<NodePattern> patterns;
  bool is_used = false;
};

struct RuleOption {
  using Value = std::variant<bool, std::int64_t, double, std::string>;
  std::string name;
  TextRange range;
  Value value;
  std::string help;
  std::optional<double> minimum = std::nullopt;
  std::optional<double> maximum = std::nullopt;
  // Of a text; empty: any.
  std::vector<std::string> choices = {};
};

class RuleIndex;

struct RuleSet {
  std::shared_ptr<const RuleSource> source;
  std::shared_ptr<const FunctionTable> functions;
  std::vector<RuleOption> options;
  std::vector<PatternFragment> fragments;
  // Stable addresses: steps point into the patterns.
  std::vector<std::unique_ptr<Rule>> rules;
  // New nodes, and users of new results, are visited again.
  bool is_fixpoint = false;
  // A rule asks `selected(y)`; the pass has the options `layers` and `exclude` then.
  bool has_selection = false;
  // The rules as decision trees, once they are checked.
  std::shared_ptr<const RuleIndex> trees;
};

// Parses and checks. Every problem found is in the error, each with file:line:column.
Result<std::shared_ptr<const RuleSet>> load_rules(
    std::string_view text, std::string_view file, const OpTable& ops,
    std::shared_ptr<const FunctionTable> functions = FunctionTable::builtin());

// The options of a rule set, as the pipeline handles them.
class RuleOptionSet final : public OptionSet {
 public:
  explicit RuleOptionSet(std::shared_ptr<const RuleSet> rules);
  void describe(OptionVisitor& visitor) override;
  // In the order of RuleSet::options.
  std::vector<Datum> values() const;
  // Of a rule set that asks for it.
  const LayerSelection& selection() const { return selection_; }

 private:
  std::shared_ptr<const RuleSet> rules_;
  std::vector<RuleOption::Value> values_;
  LayerSelection selection_;
};

// The pass that applies the rules of a file. Its effect is the weakest of theirs. `ops` must
// outlive it.
Result<PassDef> rules_pass(
    std::string_view text, std::string_view file, const OpTable& ops,
    std::shared_ptr<const FunctionTable> functions = FunctionTable::builtin());

// Runs the `test` blocks of all rules with numeric verification. The error lists those that failed.
Result<std::size_t> run_rule_tests(std::string_view text, std::string_view file,
                                   std::shared_ptr<const OpTable> ops);

}  // namespace rcc
