#include <fmt/format.h>

#include <algorithm>

#include "passes/rules/matcher.h"
#include "passes/rules/rule_checker.h"

namespace rcc {

namespace {

// Whether there is another order of the operands: two are named or, of two, one is and `..` the
// other.
bool is_commutative(const NodePattern& pattern) {
  const std::size_t named = pattern.operands.size() - (pattern.has_rest_operands ? 1 : 0);
  const auto may_swap = [&](const OpInfo* op) {
    const bool has_two = op->operands.size() == 2 && op->operands.back().arity != Arity::variadic;
    return op->is_commutative && (!pattern.has_rest_operands || has_two);
  };
  return (named == 2 || (named == 1 && pattern.has_rest_operands)) &&
         std::all_of(pattern.ops.begin(), pattern.ops.end(), may_swap);
}

}  // namespace

void RuleChecker::compile() {
  const int root = static_cast<int>(rule_.patterns.size()) - 1;
  std::vector<bool> entered(rule_.patterns.size(), false);
  compile_structure(root, {}, entered);
  for (int i = root; i >= 0; --i) compile_operands(i);
  rule_.structure_steps = rule_.steps.size();
  for (int i = root; i >= 0; --i) compile_details(i);
  for (int i = root; i >= 0; --i)
    if (i != root && !rule_.patterns[static_cast<std::size_t>(i)].is_shared)
      rule_.steps.push_back({.kind = MatchStep::Kind::uses, .pattern = i});
  for (int i = 0; i <= root; ++i) {
    if (is_commutative(rule_.patterns[static_cast<std::size_t>(i)])) rule_.commutative.push_back(i);
  }
  if (rule_.commutative.size() > kMaxCommutative)
    errors_.add(rule_.range,
                fmt::format("rule `{}` has {} commutative nodes; at most {} are tried in "
                            "both orders",
                            rule_.name, rule_.commutative.size(), kMaxCommutative));
}

// Finds the nodes, the root first. `enter` says where node `index` is found.
void RuleChecker::compile_structure(int index, MatchStep enter, std::vector<bool>& entered) {
  enter.kind = MatchStep::Kind::enter;
  enter.pattern = index;
  rule_.steps.push_back(enter);
  entered[static_cast<std::size_t>(index)] = true;
  for (const OperandPattern& child : rule_.patterns[static_cast<std::size_t>(index)].operands) {
    if (child.kind != OperandPattern::Kind::node || entered[static_cast<std::size_t>(child.node)])
      continue;
    const auto& slots = rule_.patterns[static_cast<std::size_t>(child.node)].result_slots;
    const auto result = std::find(slots.begin(), slots.end(), child.slot);
    MatchStep step{.parent = index, .operand = child.index};
    step.item = result == slots.end() ? 0 : static_cast<int>(result - slots.begin());
    compile_structure(child.node, step, entered);
  }
}

// Binds the operands of one node.
void RuleChecker::compile_operands(int index) {
  const NodePattern& pattern = rule_.patterns[static_cast<std::size_t>(index)];
  int last = -1;
  for (const OperandPattern& operand : pattern.operands) {
    last = std::max(last, operand.index);
    MatchStep step{.kind = MatchStep::Kind::bind,
                   .pattern = index,
                   .parent = index,
                   .operand = operand.index,
                   .slot = operand.slot,
                   .is_optional = operand.is_optional};
    if (operand.kind == OperandPattern::Kind::rest) continue;
    if (operand.kind == OperandPattern::Kind::none) step.kind = MatchStep::Kind::absent;
    if (operand.kind == OperandPattern::Kind::node && operand.slot < 0)
      step.slot = rule_.patterns[static_cast<std::size_t>(operand.node)].result_slots.front();
    rule_.steps.push_back(step);
  }
  if (!pattern.has_rest_operands)
    rule_.steps.push_back(
        {.kind = MatchStep::Kind::no_more, .pattern = index, .parent = index, .operand = last + 1});
}

void RuleChecker::compile_details(int index) {
  const NodePattern& pattern = rule_.patterns[static_cast<std::size_t>(index)];
  for (std::size_t i = 0; i < pattern.attributes.size(); ++i) {
    const AttributePattern::Kind kind = pattern.attributes[i].kind;
    if (kind == AttributePattern::Kind::one_of || kind == AttributePattern::Kind::capture)
      rule_.steps.push_back(
          {.kind = MatchStep::Kind::attribute, .pattern = index, .item = static_cast<int>(i)});
  }
  if (!pattern.has_rest_attributes)
    rule_.steps.push_back({.kind = MatchStep::Kind::default_others, .pattern = index});
  for (const OperandPattern& operand : pattern.operands)
    if (operand.has_kind && operand.slot >= 0)
      rule_.steps.push_back({.kind = MatchStep::Kind::value_kind,
                             .pattern = index,
                             .slot = operand.slot,
                             .value_kind = &operand.value_kind});
  if (pattern.has_kind)
    rule_.steps.push_back({.kind = MatchStep::Kind::value_kind,
                           .pattern = index,
                           .slot = pattern.result_slots.front(),
                           .value_kind = &pattern.value_kind});
  rule_.steps.push_back({.kind = MatchStep::Kind::results, .pattern = index});
}

}  // namespace rcc
