#include "passes/rules/matcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rcc {

namespace {

// Rows of an extended table are copies, so rows of op.def are known by kind, others by name.
bool is_same_operator(const OpInfo& a, const OpInfo& b) {
  return a.kind < OpKind::opaque ? a.kind == b.kind : a.name == b.name;
}

bool fits_any(const NodePattern& pattern, const Node& node) {
  return std::any_of(pattern.ops.begin(), pattern.ops.end(),
                     [&](const OpInfo* op) { return is_same_operator(*op, node.op()); });
}

}  // namespace

std::uint32_t order_count(const Rule& rule) { return 1U << rule.commutative.size(); }

std::size_t operand_in_order(const Rule& rule, std::uint32_t order, int parent, int operand) {
  const auto index = static_cast<std::size_t>(operand);
  for (std::size_t i = 0; i < rule.commutative.size(); ++i)
    if (rule.commutative[i] == parent && (order >> i & 1) != 0 && index < 2) return 1 - index;
  return index;
}

bool may_be_used(const Rule& rule, int pattern, std::size_t result) {
  const auto& slots = rule.patterns[static_cast<std::size_t>(pattern)].result_slots;
  if (result >= slots.size()) return false;
  // Readers inside the match are looked at by the step `uses`.
  if (static_cast<std::size_t>(pattern) + 1 < rule.patterns.size()) return true;
  return std::any_of(rule.replacements.begin(), rule.replacements.end(),
                     [&](const Replacement& r) { return r.slot == slots[result]; });
}

Matcher::Outcome Matcher::match(const Rule& rule, Node& root, const OrderSet& orders) {
  rule_ = &rule;
  root_ = &root;
  bindings_.options = &options_;
  bindings_.selection = selection_;
  mismatch_ = {&rule, root.id(), 0, rule.steps.size() + rule.statements.size(), {}, false};
  has_tried_ = false;
  // Orders that differ only in nodes no failed try looked at fail as well.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> failed;
  const std::uint32_t count = order_count(rule);
  for (std::uint32_t order = 0; order < count; ++order) {
    if (!orders.test(order)) continue;
    if (std::any_of(failed.begin(), failed.end(),
                    [order](const auto& f) { return (f.first & f.second) == (order & f.second); }))
      continue;
    const Outcome outcome = match_in_order(order);
    if (outcome == Outcome::yes) {
      mismatch_.steps_passed = mismatch_.steps_total;
      mismatch_.reason.clear();
      mismatch_.is_declined = false;
      return outcome;
    }
    keep_best(outcome);
    if (count > 1) failed.emplace_back(order, reached_);
  }
  return mismatch_.is_declined ? Outcome::declined : Outcome::no;
}

// What is said about a rule is about the order that came furthest.
void Matcher::keep_best(Outcome outcome) {
  const bool is_declined = outcome == Outcome::declined;
  const bool is_better =
      is_declined == mismatch_.is_declined ? position_ > mismatch_.steps_passed : is_declined;
  if (has_tried_ && !is_better) return;
  has_tried_ = true;
  mismatch_.steps_passed = position_;
  mismatch_.reason = std::move(reason_);
  mismatch_.is_declined = is_declined;
}

void Matcher::reset() {
  bindings_.nodes.assign(rule_->patterns.size(), nullptr);
  bindings_.values.assign(rule_->value_names.size(), nullptr);
  bindings_.attributes.assign(rule_->attribute_names.size(), {});
  bindings_.dims.assign(rule_->dim_names.size(), Dim());
  bindings_.is_dim_bound.assign(rule_->dim_names.size(), false);
  bindings_.lets.clear();
  reason_.clear();
}

Matcher::Outcome Matcher::match_in_order(std::uint32_t order) {
  order_ = order;
  reached_ = 0;
  reset();
  for (position_ = 0; position_ < rule_->steps.size(); ++position_) {
    ++steps_;
    if (!run(rule_->steps[position_])) return is_near() ? Outcome::declined : Outcome::no;
  }
  // A condition may hold in another order.
  reached_ = ~0U;
  return check_statements();
}

// Several operators found in their places are no accident, nor is everything but a use.
bool Matcher::is_near() const {
  if (position_ < rule_->structure_steps || position_ >= rule_->steps.size()) return false;
  return rule_->patterns.size() > 1 || rule_->steps[position_].kind == MatchStep::Kind::results;
}

bool Matcher::run(const MatchStep& step) {
  switch (step.kind) {
    case MatchStep::Kind::enter:
      return enter(step);
    case MatchStep::Kind::bind:
      return bind(step);
    case MatchStep::Kind::absent:
      return is_absent(step);
    case MatchStep::Kind::no_more:
      return has_no_more(step);
    case MatchStep::Kind::attribute:
      return check_attribute(step);
    case MatchStep::Kind::default_others:
      return check_defaults(step);
    case MatchStep::Kind::value_kind:
      return check_value_kind(step);
    case MatchStep::Kind::results:
      return check_results(step);
    case MatchStep::Kind::uses:
      return check_uses(step);
  }
  return false;
}

Value* Matcher::operand(const MatchStep& step) {
  for (std::size_t i = 0; i < rule_->commutative.size(); ++i)
    if (rule_->commutative[i] == step.parent) reached_ |= 1U << i;
  const Node& node = *bindings_.nodes[static_cast<std::size_t>(step.parent)];
  return node.operand(operand_in_order(*rule_, order_, step.parent, step.operand));
}

bool Matcher::enter(const MatchStep& step) {
  const auto index = static_cast<std::size_t>(step.pattern);
  const NodePattern& pattern = rule_->patterns[index];
  Node* node = root_;
  bool fits = true;
  if (step.parent >= 0) {
    const Value* value = operand(step);
    node = value == nullptr ? nullptr : value->producer();
    fits = node != nullptr && value->result_index() == static_cast<std::uint32_t>(step.item);
  }
  if (!fits || !fits_any(pattern, *node)) {
    if (wants_reason()) explain_enter(step, node);
    return false;
  }
  bindings_.nodes[index] = node;
  for (std::size_t i = 0; i < pattern.result_slots.size(); ++i)
    bindings_.values[static_cast<std::size_t>(pattern.result_slots[i])] = node->result(i);
  return true;
}

bool Matcher::bind(const MatchStep& step) {
  Value* value = operand(step);
  if (value == nullptr && !step.is_optional) {
    if (wants_reason()) explain_bind(step, nullptr, value);
    return false;
  }
  if (step.slot < 0) return true;
  Value*& bound = bindings_.values[static_cast<std::size_t>(step.slot)];
  if (bound != nullptr && bound != value) {
    if (wants_reason()) explain_bind(step, bound, value);
    return false;
  }
  bound = value;
  return true;
}

bool Matcher::is_absent(const MatchStep& step) {
  if (operand(step) == nullptr) return true;
  if (wants_reason())
    explain_operand(step, operand_in_order(*rule_, order_, step.parent, step.operand));
  return false;
}

bool Matcher::has_no_more(const MatchStep& step) {
  const Node& node = *bindings_.nodes[static_cast<std::size_t>(step.parent)];
  for (auto i = static_cast<std::size_t>(step.operand); i < node.operand_count(); ++i) {
    if (node.operand(i) == nullptr) continue;
    if (wants_reason()) explain_operand(step, i);
    return false;
  }
  return true;
}

bool Matcher::check_attribute(const MatchStep& step) {
  const auto index = static_cast<std::size_t>(step.pattern);
  const AttributePattern& pattern =
      rule_->patterns[index].attributes[static_cast<std::size_t>(step.item)];
  const AttributeValue& value = bindings_.nodes[index]->attribute(pattern.name);
  if (pattern.kind == AttributePattern::Kind::capture) {
    bindings_.attributes[static_cast<std::size_t>(pattern.slot)] = value;
    if (type_of(value) != AttributeType::none) return true;
  } else if (std::any_of(pattern.values.begin(), pattern.values.end(),
                         [&](const AttributeValue& wanted) { return equal(wanted, value); })) {
    return true;
  }
  if (wants_reason()) explain_attribute(pattern, *bindings_.nodes[index]);
  return false;
}

bool Matcher::check_defaults(const MatchStep& step) {
  const auto index = static_cast<std::size_t>(step.pattern);
  const auto& named = rule_->patterns[index].attributes;
  // A node keeps only attributes that differ from their default.
  for (const NamedAttribute& attribute : bindings_.nodes[index]->attributes()) {
    if (std::any_of(named.begin(), named.end(),
                    [&](const AttributePattern& a) { return a.name == attribute.name; }))
      continue;
    if (wants_reason()) explain_default(*bindings_.nodes[index], attribute);
    return false;
  }
  return true;
}

bool Matcher::check_value_kind(const MatchStep& step) {
  const Value* value = bindings_.values[static_cast<std::size_t>(step.slot)];
  if (value == nullptr) return true;
  const ValueKind& kind = *step.value_kind;
  const DType dtype = value->type().dtype;
  const bool fits = (!kind.is_const || value->is_constant()) &&
                    (kind.dtype == DType::unknown || kind.dtype == dtype) &&
                    (!kind.is_float || is_float(dtype)) && (!kind.is_integer || is_integer(dtype));
  if (!fits && wants_reason()) explain_type(*value, kind);
  return fits && (!kind.has_dims || check_dims(*value, kind));
}

bool Matcher::check_dims(const Value& value, const ValueKind& kind) {
  const Type& type = value.type();
  const bool is_rest = !kind.dims.empty() && kind.dims.back().kind == DimPattern::Kind::rest;
  const std::size_t count = kind.dims.size() - (is_rest ? 1 : 0);
  if (!type.is_ranked || type.rank() < count || (type.rank() > count && !is_rest)) {
    if (wants_reason()) explain_rank(value, count, is_rest ? "at least " : "");
    return false;
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (check_dim(value, i, kind.dims[i])) continue;
    if (wants_reason()) explain_dim(value, i, kind.dims[i]);
    return false;
  }
  return true;
}

bool Matcher::check_dim(const Value& value, std::size_t axis, const DimPattern& pattern) {
  const Dim dim = value.type().dims[axis];
  if (pattern.kind == DimPattern::Kind::number) return dim == Dim(pattern.number);
  if (pattern.kind != DimPattern::Kind::name) return true;
  const auto slot = static_cast<std::size_t>(pattern.slot);
  if (bindings_.is_dim_bound[slot] && (!(bindings_.dims[slot] == dim) || dim.is_unknown()))
    return false;
  bindings_.dims[slot] = dim;
  bindings_.is_dim_bound[slot] = true;
  return true;
}

bool Matcher::check_results(const MatchStep& step) {
  const auto index = static_cast<std::size_t>(step.pattern);
  const bool is_root = index + 1 == rule_->patterns.size();
  if (rule_->patterns[index].is_shared || (is_root && rule_->keeps_nodes())) return true;
  const Node& node = *bindings_.nodes[index];
  for (std::size_t i = 0; i < node.result_count(); ++i) {
    const Value* result = node.result(i);
    if (result == nullptr || result->is_unused() || may_be_used(*rule_, step.pattern, i)) continue;
    if (wants_reason()) reason_ = fmt::format("{} is used", label_of(*result));
    return false;
  }
  return true;
}

bool Matcher::is_matched(const Node& node) const {
  return std::find(bindings_.nodes.begin(), bindings_.nodes.end(), &node) != bindings_.nodes.end();
}

bool Matcher::check_uses(const MatchStep& step) {
  const Node& node = *bindings_.nodes[static_cast<std::size_t>(step.pattern)];
  for (std::size_t i = 0; i < node.result_count(); ++i) {
    const Value* result = node.result(i);
    if (result == nullptr) continue;
    if (!result->is_output() && has_matched_readers(*result)) continue;
    if (wants_reason()) explain_readers(*result);
    return false;
  }
  return true;
}

bool Matcher::has_matched_readers(const Value& value) const {
  for (const Use& use : value.uses())
    if (!is_matched(use.user())) return false;
  return true;
}

Matcher::Outcome Matcher::check_statements() {
  for (const RuleStatement& statement : rule_->statements) {
    ++steps_;
    const bool is_let = statement.kind == RuleStatement::Kind::let;
    DatumResult value = evaluate(statement.expression, bindings_);
    if (!value) {
      reason_ = std::move(value).error();
      return is_let || statement.has_reason ? Outcome::declined : Outcome::no;
    }
    if (is_let) {
      bindings_.lets.push_back(std::move(*value));
    } else if (value->data.at(0) == 0) {
      if (statement.has_reason || wants_reason()) explain_condition(statement);
      return statement.has_reason ? Outcome::declined : Outcome::no;
    }
    ++position_;
  }
  return Outcome::yes;
}

}  // namespace rcc
