#include "passes/rules/rule_tree.h"

#include <algorithm>

namespace rcc {

namespace {

bool is_present_from(const Node& node, std::size_t first) {
  for (std::size_t i = first; i < node.operand_count(); ++i)
    if (node.operand(i) != nullptr) return true;
  return false;
}

bool has_default_others(const Node& node, const std::vector<std::string_view>& names) {
  // A node keeps only attributes that differ from their default.
  return std::all_of(node.attributes().begin(), node.attributes().end(), [&](const auto& a) {
    return std::find(names.begin(), names.end(), a.name) != names.end();
  });
}

bool has_unused_others(const Node& node, const std::vector<bool>& is_allowed) {
  for (std::size_t i = 0; i < node.result_count(); ++i) {
    const Value* result = node.result(i);
    if (result == nullptr || result->is_unused()) continue;
    if (i >= is_allowed.size() || !is_allowed[i]) return false;
  }
  return true;
}

bool fits(const TreeTest& test, DType dtype) {
  return (test.dtype == DType::unknown || test.dtype == dtype) &&
         (!test.is_float || is_float(dtype)) && (!test.is_integer || is_integer(dtype));
}

}  // namespace

const std::vector<RuleTree::Candidate>& RuleTreeWalk::candidates(const RuleTree& tree, Node& root) {
  for (const RuleTree::Candidate& found : found_) found_at_[found.rule] = 0;
  found_.clear();
  found_at_.resize(std::max(found_at_.size(), tree.rules_.size()));
  places_.resize(std::max(places_.size(), tree.places_.size()));
  places_[0] = &root;
  pending_.assign(1, 0);
  while (!pending_.empty()) {
    const RuleTree::Branch& branch = tree.branches_[pending_.back()];
    pending_.pop_back();
    for (const std::uint32_t leaf : branch.leaves) mark_open(tree, leaf);
    for (const RuleTree::Switch& choice : branch.switches) look_up(choice);
    for (const RuleTree::Check& check : branch.checks) {
      ++steps_;
      if (holds(check.test))
        pending_.push_back(check.branch);
      else if (check.test.is_detail)
        mark_near(tree, tree.branches_[check.branch], check.test);
    }
  }
  std::sort(found_.begin(), found_.end(),
            [](const auto& a, const auto& b) { return a.rule < b.rule; });
  return found_;
}

void RuleTreeWalk::look_up(const RuleTree::Switch& choice) {
  ++steps_;
  const Value* value = places_[choice.parent]->operand(choice.operand);
  Node* node = value == nullptr ? nullptr : value->producer();
  if (node == nullptr || value->result_index() != choice.item) return;
  places_[choice.place] = node;
  const auto take = [&](const auto& known, const auto& key) {
    auto at = std::lower_bound(known.begin(), known.end(), key,
                               [](const auto& entry, const auto& k) { return entry.first < k; });
    for (; at != known.end() && at->first == key; ++at)
      pending_.push_back(choice.choices[at->second].branch);
  };
  if (node->kind() < OpKind::opaque)
    take(choice.by_kind, node->kind());
  else
    take(choice.by_name, node->op().name);
}

Value* RuleTreeWalk::value(const ValueRef& ref) const {
  const Node& node = *places_[ref.place];
  return ref.kind == ValueRef::Kind::operand ? node.operand(ref.index) : node.result(ref.index);
}

bool RuleTreeWalk::holds(const TreeTest& test) const {
  const Node& node = *places_[test.place];
  switch (test.kind) {
    case TreeTest::Kind::present:
      return node.operand(test.index) != nullptr;
    case TreeTest::Kind::absent:
      return node.operand(test.index) == nullptr;
    case TreeTest::Kind::no_more:
      return !is_present_from(node, test.index);
    case TreeTest::Kind::same: {
      const Value* bound = nullptr;
      for (const ValueRef& ref : test.bound)
        if (bound == nullptr) bound = value(ref);
      return bound == nullptr || bound == value(test.value);
    }
    case TreeTest::Kind::attribute: {
      const AttributeValue& set = node.attribute(test.name);
      if (test.values == nullptr) return type_of(set) != AttributeType::none;
      return std::any_of(test.values->begin(), test.values->end(),
                         [&](const AttributeValue& wanted) { return equal(wanted, set); });
    }
    case TreeTest::Kind::defaults:
      return has_default_others(node, test.names);
    case TreeTest::Kind::constant: {
      const Value* given = value(test.value);
      return given == nullptr || given->is_constant();
    }
    case TreeTest::Kind::type: {
      const Value* given = value(test.value);
      return given == nullptr || fits(test, given->type().dtype);
    }
    case TreeTest::Kind::results:
      return has_unused_others(node, test.is_allowed);
  }
  return false;
}

RuleTree::Candidate& RuleTreeWalk::candidate(std::uint32_t rule) {
  if (found_at_[rule] == 0) {
    found_.push_back({.rule = rule});
    found_at_[rule] = static_cast<std::uint32_t>(found_.size());
  }
  return found_[found_at_[rule] - 1];
}

void RuleTreeWalk::mark_open(const RuleTree& tree, std::uint32_t leaf) {
  const RuleTree::Leaf& found = tree.leaves_[leaf];
  candidate(found.rule).open.set(found.order);
}

void RuleTreeWalk::mark_near(const RuleTree& tree, const RuleTree::Branch& branch,
                             const TreeTest& test) {
  for (const std::uint32_t leaf : branch.below) {
    const RuleTree::Leaf& found = tree.leaves_[leaf];
    if (found.is_near_by_detail || test.kind == TreeTest::Kind::results)
      candidate(found.rule).near.set(found.order);
  }
}

RuleIndex::RuleIndex(const std::vector<std::unique_ptr<Rule>>& rules)
    : by_kind_(static_cast<std::size_t>(OpKind::opaque), 0) {
  std::vector<const Rule*> ordered;
  for (const auto& rule : rules) {
    ordered.push_back(rule.get());
    measure(*rule);
  }
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const Rule* a, const Rule* b) { return a->benefit > b->benefit; });
  // Trees are built once all their rules are known.
  std::vector<std::vector<const Rule*>> lists;
  for (const Rule* rule : ordered) {
    for (const OpInfo* op : rule->root().ops) {
      std::uint32_t& at = op->kind < OpKind::opaque ? by_kind_[static_cast<std::size_t>(op->kind)]
                                                    : by_name_[op->name];
      if (at == 0) {
        lists.emplace_back();
        at = static_cast<std::uint32_t>(lists.size());
      }
      lists[at - 1].push_back(rule);
    }
  }
  for (auto& list : lists) trees_.push_back(std::make_unique<RuleTree>(std::move(list)));
}

void RuleIndex::measure(const Rule& rule) {
  std::vector<std::size_t> depth(rule.patterns.size(), 1);
  std::size_t readers = 0;
  for (const MatchStep& step : rule.steps) {
    if (step.kind == MatchStep::Kind::bind) ++readers;
    if (step.kind != MatchStep::Kind::enter || step.parent < 0) continue;
    std::size_t& at = depth[static_cast<std::size_t>(step.pattern)];
    at = depth[static_cast<std::size_t>(step.parent)] + 1;
    depth_ = std::max(depth_, at);
  }
  most_readers_ = std::max(most_readers_, readers);
}

const RuleTree* RuleIndex::tree_for(const Node& root) const {
  std::uint32_t at = 0;
  if (root.kind() < OpKind::opaque) {
    at = by_kind_[static_cast<std::size_t>(root.kind())];
  } else if (!by_name_.empty()) {
    const auto found = by_name_.find(root.op().name);
    if (found != by_name_.end()) at = found->second;
  }
  return at == 0 ? nullptr : trees_[at - 1].get();
}

}  // namespace rcc
