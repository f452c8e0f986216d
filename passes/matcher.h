#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "ir/graph.h"
#include "passes/rule.h"

namespace rcc {

// The rules of a set by the operator of their root, those of higher benefit first.
class RuleIndex {
 public:
  explicit RuleIndex(const RuleSet& rules);
  const std::vector<const Rule*>& rules_for(const Node& root) const;

 private:
  std::vector<std::vector<const Rule*>> by_kind_;
  // Operators that were added to the table at run time.
  std::unordered_map<std::string, std::vector<const Rule*>> by_name_;
  std::vector<const Rule*> none_;
};

// Why a rule does not apply at a root.
struct Mismatch {
  const Rule* rule = nullptr;
  NodeId root;
  // The deepest step reached, and how many there are; the conditions count as steps.
  std::size_t steps_passed = 0;
  std::size_t steps_total = 0;
  std::string reason;
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

  // `selection` may be null: every layer is chosen.
  explicit Matcher(const std::vector<Datum>& options, Explain explain = Explain::declined,
                   const LayerSelection* selection = nullptr)
      : options_(options), explain_(explain), selection_(selection) {}

  Outcome match(const Rule& rule, Node& root);
  const Bindings& bindings() const { return bindings_; }
  const std::string& reason() const { return mismatch_.reason; }
  const Mismatch& mismatch() const { return mismatch_; }
  // How many rules were tried at how many roots, and how many steps that took.
  std::size_t attempts() const { return attempts_; }
  std::size_t steps() const { return steps_; }

 private:
  Outcome match_in_order(std::uint32_t order);
  void reset();
  bool run(const MatchStep& step);
  bool enter(const MatchStep& step);
  bool bind(const MatchStep& step);
  bool has_no_more(const MatchStep& step);
  bool check_attribute(const MatchStep& step);
  bool check_defaults(const MatchStep& step);
  bool check_value_kind(const MatchStep& step);
  bool check_dims(const ValueKind& kind, const Type& type);
  bool check_results(const MatchStep& step);
  bool check_uses(const MatchStep& step);
  bool is_matched(const Node& node) const;
  Outcome check_statements();
  Value* operand(const MatchStep& step);
  std::size_t operand_index(const MatchStep& step) const;
  bool is_near() const;
  bool wants_reason() const;
  void fail_with(std::string reason);

  const std::vector<Datum>& options_;
  const Explain explain_;
  const LayerSelection* selection_;
  const Rule* rule_ = nullptr;
  Node* root_ = nullptr;
  Bindings bindings_;
  // Of this try: which commutative nodes have their operands swapped, and which were looked at.
  std::uint32_t order_ = 0;
  std::uint32_t reached_ = 0;
  std::size_t position_ = 0;
  std::string reason_;
  Mismatch mismatch_;
  std::size_t attempts_ = 0;
  std::size_t steps_ = 0;
};

// What keeps each rule of a set whose root fits from applying at `root`; a rule that applies has an
// empty reason.
std::vector<Mismatch> explain_mismatch(const RuleSet& rules, const std::vector<Datum>& options,
                                       Node& root);
// "matched 3 of 9 steps; %c has 2 uses".
std::string to_text(const Mismatch& mismatch);

// "%name" or "@name".
std::string label_of(const Value& value);

}  // namespace rcc
