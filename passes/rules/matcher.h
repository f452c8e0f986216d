#pragma once

#include <bitset>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "passes/rules/rule.h"

namespace rcc {

// Both orders of every commutative node are tried: 2^8 ways at most.
inline constexpr std::size_t kMaxCommutative = 8;
// Orders of the commutative operands of a rule, one bit each.
using OrderSet = std::bitset<1U << kMaxCommutative>;

// In how many orders of its commutative operands a rule is tried: bit i of an order swaps the
// operands of pattern Rule::commutative[i].
std::uint32_t order_count(const Rule& rule);
// Where operand `operand` of pattern `parent` is looked for.
std::size_t operand_in_order(const Rule& rule, std::uint32_t order, int parent, int operand);
// Whether a rule knows what becomes of the readers of result `result` of a pattern.
bool may_be_used(const Rule& rule, int pattern, std::size_t result);

// Why a rule does not apply at a root.
struct Mismatch {
  const Rule* rule = nullptr;
  NodeId root;
  // The deepest step reached, and how many there are; the conditions count as steps.
  std::size_t steps_passed = 0;
  std::size_t steps_total = 0;
  // Empty when it applies.
  std::string reason;
  // The operators are in place, or the author gave a reason.
  bool is_declined = false;
};

// Decides whether a rule applies at a node. Walks from the root through operands, each of which has
// one producer; only commutative nodes are tried in two orders.
class Matcher {
 public:
  enum class Outcome : std::uint8_t {
    no,        // the operators are not there
    declined,  // they are, but something else is in the way: reason()
    yes,       // bindings() holds the site
  };
  // Reasons are put into words only for sites that are declined, unless asked for always.
  enum class Explain : std::uint8_t { declined, always };

  // `options`: one for each of the rule set. `selection` may be null: every layer is chosen. From
  // `source`, if given, conditions are quoted.
  explicit Matcher(const std::vector<Datum>& options, Explain explain = Explain::declined,
                   const LayerSelection* selection = nullptr, const RuleSource* source = nullptr)
      : options_(options), explain_(explain), selection_(selection), source_(source) {}

  // `orders`: those that may match.
  Outcome match(const Rule& rule, Node& root, const OrderSet& orders = OrderSet().set());
  const Bindings& bindings() const { return bindings_; }
  const std::string& reason() const { return mismatch_.reason; }
  const Mismatch& mismatch() const { return mismatch_; }
  // How many steps that took, over all rules and roots.
  std::size_t steps() const { return steps_; }

 private:
  Outcome match_in_order(std::uint32_t order);
  void keep_best(Outcome outcome);
  void reset();
  bool run(const MatchStep& step);
  bool enter(const MatchStep& step);
  bool bind(const MatchStep& step);
  bool is_absent(const MatchStep& step);
  bool has_no_more(const MatchStep& step);
  bool check_attribute(const MatchStep& step);
  bool check_defaults(const MatchStep& step);
  bool check_value_kind(const MatchStep& step);
  bool check_dims(const Value& value, const ValueKind& kind);
  bool check_dim(const Value& value, std::size_t axis, const DimPattern& pattern);
  bool check_results(const MatchStep& step);
  bool check_uses(const MatchStep& step);
  bool is_matched(const Node& node) const;
  bool has_matched_readers(const Value& value) const;
  std::size_t matched_uses(const Value& value) const;
  Outcome check_statements();
  Value* operand(const MatchStep& step);
  bool is_near() const;

  // In words (matcher_reasons.cpp), when they are wanted.
  bool wants_reason() const;
  void explain_enter(const MatchStep& step, const Node* node);
  void explain_bind(const MatchStep& step, const Value* bound, const Value* value);
  void explain_operand(const MatchStep& step, std::size_t index);
  void explain_attribute(const AttributePattern& pattern, const Node& node);
  void explain_default(const Node& node, const NamedAttribute& attribute);
  void explain_type(const Value& value, const ValueKind& kind);
  void explain_dim(const Value& value, std::size_t axis, const DimPattern& pattern);
  void explain_rank(const Value& value, std::size_t count, std::string_view bound);
  void explain_readers(const Value& value);
  void explain_condition(const RuleStatement& statement);

  const std::vector<Datum>& options_;
  const Explain explain_;
  const LayerSelection* selection_;
  const RuleSource* source_;
  const Rule* rule_ = nullptr;
  Node* root_ = nullptr;
  Bindings bindings_;
  // Of this try: which commutative nodes have their operands swapped, and which were looked at.
  std::uint32_t order_ = 0;
  std::uint32_t reached_ = 0;
  std::size_t position_ = 0;
  std::string reason_;
  Mismatch mismatch_;
  bool has_tried_ = false;
  std::size_t steps_ = 0;
};

// "matched 3 of 9 steps; %c has 2 uses".
std::string to_text(const Mismatch& mismatch);

// "%name" or "@name".
std::string label_of(const Value& value);
// "`layer1.0.add` (add)": a node as users know it.
std::string describe(const Node& node);

}  // namespace rcc
