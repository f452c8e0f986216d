#include <algorithm>
#include <numeric>

#include "passes/rules/matcher.h"
#include "passes/rules/rule_tree.h"

namespace rcc {

namespace {

// Alternatives are the same when their operators are, in any order.
bool are_same_operators(const std::vector<const OpInfo*>& a, const std::vector<const OpInfo*>& b) {
  return a.size() == b.size() && std::all_of(a.begin(), a.end(), [&](const OpInfo* op) {
           return std::any_of(b.begin(), b.end(),
                              [op](const OpInfo* other) { return op->name == other->name; });
         });
}

bool are_same_values(const std::vector<AttributeValue>* a, const std::vector<AttributeValue>* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->size() == b->size() && std::equal(a->begin(), a->end(), b->begin(), equal);
}

}  // namespace

bool TreeTest::is_equal(const TreeTest& other) const {
  return kind == other.kind && place == other.place && index == other.index &&
         value == other.value && bound == other.bound && name == other.name &&
         are_same_values(values, other.values) && names == other.names && dtype == other.dtype &&
         is_float == other.is_float && is_integer == other.is_integer &&
         is_allowed == other.is_allowed && is_detail == other.is_detail;
}

// Adds the tests of one rule, in one order of its commutative operands, below the root.
class RuleTreeBuilder {
 public:
  RuleTreeBuilder(RuleTree& tree, std::uint32_t rule, std::uint32_t order)
      : tree_(tree), rule_(*tree.rules_[rule]), order_(order) {
    places_.resize(rule_.patterns.size());
    slots_.resize(rule_.value_names.size());
    tree_.leaves_.push_back({rule, order, rule_.patterns.size() > 1});
    leaf_ = static_cast<std::uint32_t>(tree_.leaves_.size() - 1);
    tree_.branches_.front().below.push_back(leaf_);
  }

  void build() {
    for (std::size_t i = 0; i < rule_.steps.size(); ++i) {
      is_detail_ = i >= rule_.structure_steps;
      add(rule_.steps[i]);
    }
    tree_.branches_[branch_].leaves.push_back(leaf_);
  }

 private:
  void add(const MatchStep& step) {
    switch (step.kind) {
      case MatchStep::Kind::enter:
        enter(step);
        break;
      case MatchStep::Kind::bind:
        bind(step);
        break;
      case MatchStep::Kind::absent:
        check(operand_test(TreeTest::Kind::absent, step));
        break;
      case MatchStep::Kind::no_more: {
        TreeTest test = operand_test(TreeTest::Kind::no_more, step);
        test.index = static_cast<std::uint32_t>(step.operand);
        check(std::move(test));
        break;
      }
      case MatchStep::Kind::attribute:
        check(attribute_test(step));
        break;
      case MatchStep::Kind::default_others:
        check(defaults_test(step));
        break;
      case MatchStep::Kind::value_kind:
        value_kind(step);
        break;
      case MatchStep::Kind::results:
        results(step);
        break;
      case MatchStep::Kind::uses:
        // Depends on which nodes are matched: for the matcher.
        break;
    }
  }

  std::uint32_t place_of(int pattern) const { return places_[static_cast<std::size_t>(pattern)]; }

  std::uint32_t operand_of(const MatchStep& step) const {
    return static_cast<std::uint32_t>(operand_in_order(rule_, order_, step.parent, step.operand));
  }

  TreeTest operand_test(TreeTest::Kind kind, const MatchStep& step) const {
    TreeTest test;
    test.kind = kind;
    test.place = place_of(step.parent);
    test.index = operand_of(step);
    return test;
  }

  void enter(const MatchStep& step) {
    const auto pattern = static_cast<std::size_t>(step.pattern);
    if (step.parent >= 0) {
      places_[pattern] = place_below(place_of(step.parent), operand_of(step));
      choose(step, places_[pattern]);
    }
    const auto& slots = rule_.patterns[pattern].result_slots;
    for (std::uint32_t i = 0; i < slots.size(); ++i)
      slots_[static_cast<std::size_t>(slots[i])] = {{ValueRef::Kind::result, places_[pattern], i}};
  }

  std::uint32_t place_below(std::uint32_t parent, std::uint32_t operand) {
    const auto known =
        std::find(tree_.places_.begin() + 1, tree_.places_.end(), RuleTree::Place{parent, operand});
    if (known != tree_.places_.end())
      return static_cast<std::uint32_t>(known - tree_.places_.begin());
    tree_.places_.push_back({parent, operand});
    return static_cast<std::uint32_t>(tree_.places_.size() - 1);
  }

  // Follows, or adds, the choice of the operators of a node.
  void choose(const MatchStep& step, std::uint32_t place) {
    const auto& ops = rule_.patterns[static_cast<std::size_t>(step.pattern)].ops;
    const auto item = static_cast<std::uint32_t>(step.item);
    auto& switches = tree_.branches_[branch_].switches;
    auto found = std::find_if(switches.begin(), switches.end(),
                              [&](const auto& s) { return s.place == place && s.item == item; });
    if (found == switches.end()) {
      RuleTree::Switch choice{.parent = place_of(step.parent),
                              .operand = operand_of(step),
                              .item = item,
                              .place = place};
      found = switches.insert(switches.end(), std::move(choice));
    }
    const auto same =
        std::find_if(found->choices.begin(), found->choices.end(),
                     [&](const auto& choice) { return are_same_operators(choice.ops, ops); });
    if (same != found->choices.end()) {
      descend(same->branch);
      return;
    }
    const auto branch = static_cast<std::uint32_t>(tree_.branches_.size());
    const auto at = static_cast<std::uint32_t>(found->choices.size());
    found->choices.push_back({ops, branch});
    for (const OpInfo* op : ops) {
      if (op->kind < OpKind::opaque)
        insert_sorted(found->by_kind, op->kind, at);
      else
        insert_sorted(found->by_name, op->name, at);
    }
    tree_.branches_.emplace_back();
    descend(branch);
  }

  template <typename Key>
  static void insert_sorted(std::vector<std::pair<Key, std::uint32_t>>& known, Key key,
                            std::uint32_t at) {
    const std::pair<Key, std::uint32_t> entry{key, at};
    const auto place = std::lower_bound(known.begin(), known.end(), entry);
    // An operator written twice among the alternatives is one.
    if (place == known.end() || *place != entry) known.insert(place, entry);
  }

  void bind(const MatchStep& step) {
    const ValueRef operand{ValueRef::Kind::operand, place_of(step.parent), operand_of(step)};
    if (!step.is_optional && !is_entered(operand))
      check(operand_test(TreeTest::Kind::present, step));
    if (step.slot < 0) return;
    auto& bound = slots_[static_cast<std::size_t>(step.slot)];
    if (bound.size() == 1 && is_result_of(bound.front(), operand)) return;
    if (!bound.empty()) {
      TreeTest test;
      test.kind = TreeTest::Kind::same;
      test.value = operand;
      test.bound = bound;
      check(std::move(test));
    }
    bound.push_back(operand);
  }

  // A node of the pattern computes that operand, so it is there.
  bool is_entered(const ValueRef& operand) const {
    for (std::size_t i = 0; i + 1 < places_.size(); ++i)
      if (places_[i] != 0 &&
          tree_.places_[places_[i]] == RuleTree::Place{operand.place, operand.index})
        return true;
    return false;
  }

  // Whether `result` is of the node that was found through `operand`.
  bool is_result_of(const ValueRef& result, const ValueRef& operand) const {
    if (result.kind != ValueRef::Kind::result || result.place == 0) return false;
    if (!(tree_.places_[result.place] == RuleTree::Place{operand.place, operand.index}))
      return false;
    for (const MatchStep& step : rule_.steps)
      if (step.kind == MatchStep::Kind::enter && step.parent >= 0 &&
          place_of(step.pattern) == result.place)
        return static_cast<std::uint32_t>(step.item) == result.index;
    return false;
  }

  TreeTest attribute_test(const MatchStep& step) const {
    const AttributePattern& pattern = rule_.patterns[static_cast<std::size_t>(step.pattern)]
                                          .attributes[static_cast<std::size_t>(step.item)];
    TreeTest test;
    test.kind = TreeTest::Kind::attribute;
    test.place = place_of(step.pattern);
    test.name = pattern.name;
    if (pattern.kind != AttributePattern::Kind::capture) test.values = &pattern.values;
    return test;
  }

  TreeTest defaults_test(const MatchStep& step) const {
    TreeTest test;
    test.kind = TreeTest::Kind::defaults;
    test.place = place_of(step.pattern);
    for (const auto& named : rule_.patterns[static_cast<std::size_t>(step.pattern)].attributes)
      test.names.push_back(named.name);
    std::sort(test.names.begin(), test.names.end());
    return test;
  }

  // Sizes are left to the matcher, and so are values that one of several operands gives.
  void value_kind(const MatchStep& step) {
    const auto& bound = slots_[static_cast<std::size_t>(step.slot)];
    if (bound.size() != 1) return;
    const ValueKind& kind = *step.value_kind;
    TreeTest test;
    test.value = bound.front();
    if (kind.is_const) {
      test.kind = TreeTest::Kind::constant;
      check(test);
    }
    if (kind.dtype == DType::unknown && !kind.is_float && !kind.is_integer) return;
    test.kind = TreeTest::Kind::type;
    test.dtype = kind.dtype;
    test.is_float = kind.is_float;
    test.is_integer = kind.is_integer;
    check(std::move(test));
  }

  void results(const MatchStep& step) {
    const NodePattern& pattern = rule_.patterns[static_cast<std::size_t>(step.pattern)];
    const bool is_root = static_cast<std::size_t>(step.pattern) + 1 == rule_.patterns.size();
    if (pattern.is_shared || (is_root && rule_.keeps_nodes())) return;
    TreeTest test;
    test.kind = TreeTest::Kind::results;
    test.place = place_of(step.pattern);
    for (std::size_t i = 0; i < pattern.result_slots.size(); ++i)
      test.is_allowed.push_back(may_be_used(rule_, step.pattern, i));
    check(std::move(test));
  }

  // Follows, or adds, a test.
  void check(TreeTest test) {
    test.is_detail = is_detail_;
    for (const RuleTree::Check& known : tree_.branches_[branch_].checks) {
      if (!known.test.is_equal(test)) continue;
      descend(known.branch);
      return;
    }
    const auto branch = static_cast<std::uint32_t>(tree_.branches_.size());
    tree_.branches_[branch_].checks.push_back({std::move(test), branch});
    tree_.branches_.emplace_back();
    descend(branch);
  }

  void descend(std::uint32_t branch) {
    branch_ = branch;
    tree_.branches_[branch].below.push_back(leaf_);
  }

  RuleTree& tree_;
  const Rule& rule_;
  const std::uint32_t order_;
  std::uint32_t leaf_ = 0;
  std::uint32_t branch_ = 0;
  bool is_detail_ = false;
  // By pattern and by slot of the rule.
  std::vector<std::uint32_t> places_;
  std::vector<std::vector<ValueRef>> slots_;
};

RuleTree::RuleTree(std::vector<const Rule*> rules)
    : rules_(std::move(rules)), branches_(1), places_(1) {
  for (std::uint32_t rule = 0; rule < rules_.size(); ++rule)
    for (std::uint32_t order = 0; order < order_count(*rules_[rule]); ++order)
      RuleTreeBuilder(*this, rule, order).build();
}

}  // namespace rcc
