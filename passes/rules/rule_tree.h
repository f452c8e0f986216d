#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "ir/graph.h"
#include "passes/rules/matcher.h"
#include "passes/rules/rule.h"

namespace rcc {

// A value of the site that rules look at: an operand or a result of a node. `place` counts the
// nodes that patterns name, the root first; see RuleTree::Place.
struct ValueRef {
  enum class Kind : std::uint8_t { operand, result };
  Kind kind = Kind::operand;
  std::uint32_t place = 0;
  std::uint32_t index = 0;
  bool operator==(const ValueRef&) const = default;
};

// One test of a decision tree. Its answer depends on the root alone, so rules may share it.
struct TreeTest {
  enum class Kind : std::uint8_t {
    present,    // the operand is given
    absent,     // it is not
    no_more,    // no operand of `place` from `index` on is given
    same,       // `value` is what the earlier `bound` are, as far as they are given
    attribute,  // the attribute is set, and one of `values` when there are any
    defaults,   // all attributes but `names` have their default
    constant,   // the value, if given, is constant
    type,       // the element type of the value, if given, fits
    results,    // results of `place` that are not in `is_allowed` are unused
  };
  Kind kind = Kind::present;
  std::uint32_t place = 0;
  std::uint32_t index = 0;
  ValueRef value;
  std::vector<ValueRef> bound;
  std::string_view name;
  const std::vector<AttributeValue>* values = nullptr;
  std::vector<std::string_view> names;
  DType dtype = DType::unknown;
  bool is_float = false;
  bool is_integer = false;
  std::vector<bool> is_allowed;
  // The operators are in place when it fails, so the rule may have declined.
  bool is_detail = false;

  bool is_equal(const TreeTest& other) const;
};

// The rules of one root operator, compiled into one tree: what several rules ask is asked once.
// A rule with commutative operands is in it once for each order of them.
class RuleTree {
 public:
  // In the order in which they are to be tried.
  explicit RuleTree(std::vector<const Rule*> rules);
  const std::vector<const Rule*>& rules() const { return rules_; }

  // What the tree leaves of one rule.
  struct Candidate {
    std::uint32_t rule = 0;
    // In these orders all tests passed; the rest is for the Matcher.
    OrderSet open = {};
    // In these the operators are in place and a detail is not: the rule declines.
    OrderSet near = {};
  };

 private:
  friend class RuleTreeWalk;
  friend class RuleTreeBuilder;

  // A rule in one order of its operands, at the branch where its tests end.
  struct Leaf {
    std::uint32_t rule = 0;
    std::uint32_t order = 0;
    // Several operators found in their places are no accident.
    bool is_near_by_detail = false;
  };
  struct Check {
    TreeTest test;
    std::uint32_t branch = 0;
  };
  // Alternatives for the operator of a node, each leading to a branch.
  struct Choice {
    std::vector<const OpInfo*> ops;
    std::uint32_t branch = 0;
  };
  // Which operator computes an operand: one look for all rules that ask.
  struct Switch {
    std::uint32_t parent = 0;
    std::uint32_t operand = 0;
    std::uint32_t item = 0;
    // Where the node is kept.
    std::uint32_t place = 0;
    std::vector<Choice> choices = {};
    // Sorted by operator; of choices.
    std::vector<std::pair<OpKind, std::uint32_t>> by_kind = {};
    std::vector<std::pair<std::string_view, std::uint32_t>> by_name = {};
  };
  struct Branch {
    std::vector<Switch> switches;
    std::vector<Check> checks;
    // Of leaves_: those that end here, and all below.
    std::vector<std::uint32_t> leaves;
    std::vector<std::uint32_t> below;
  };
  // A node of the site: the producer of an operand of an earlier one. Place 0 is the root.
  struct Place {
    std::uint32_t parent = 0;
    std::uint32_t operand = 0;
    bool operator==(const Place&) const = default;
  };

  std::vector<const Rule*> rules_;
  std::vector<Branch> branches_;
  std::vector<Leaf> leaves_;
  std::vector<Place> places_;
};

// Walks trees; keeps its buffers from one root to the next.
class RuleTreeWalk {
 public:
  // The rules that may match or decline at `root`, in their order. Valid until the next call.
  const std::vector<RuleTree::Candidate>& candidates(const RuleTree& tree, Node& root);
  // Tests made so far.
  std::size_t steps() const { return steps_; }

 private:
  void look_up(const RuleTree::Switch& choice);
  bool holds(const TreeTest& test) const;
  Value* value(const ValueRef& ref) const;
  void mark_open(const RuleTree& tree, std::uint32_t leaf);
  void mark_near(const RuleTree& tree, const RuleTree::Branch& branch, const TreeTest& test);
  RuleTree::Candidate& candidate(std::uint32_t rule);

  std::vector<Node*> places_;
  std::vector<std::uint32_t> pending_;
  std::vector<RuleTree::Candidate> found_;
  // By rule: its place in found_ plus one.
  std::vector<std::uint32_t> found_at_;
  std::size_t steps_ = 0;
};

// The trees of a rule set by the operator of their root; rules of higher benefit are tried first,
// others in the order of the file.
class RuleIndex {
 public:
  explicit RuleIndex(const std::vector<std::unique_ptr<Rule>>& rules);
  // Null when no rule has a root like that.
  const RuleTree* tree_for(const Node& root) const;
  // Nodes from the root of a pattern to its furthest leaf, at most.
  std::size_t depth() const { return depth_; }
  // Operand slots that a match may account for, at most: more readers, and a value is no interior.
  std::size_t most_readers() const { return most_readers_; }

 private:
  void measure(const Rule& rule);

  std::vector<std::unique_ptr<RuleTree>> trees_;
  // Of trees_ plus one.
  std::vector<std::uint32_t> by_kind_;
  // Operators that were added to the table at run time.
  std::unordered_map<std::string_view, std::uint32_t> by_name_;
  std::size_t depth_ = 1;
  std::size_t most_readers_ = 0;
};

}  // namespace rcc
