#include "passes/matcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ir/support/number_text.h"

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

std::string alternatives(const NodePattern& pattern) {
  std::string text;
  for (const OpInfo* op : pattern.ops)
    text += fmt::format("{}{}", text.empty() ? "" : " or ", op->name);
  return text;
}

std::string attribute_text(const AttributeValue& value) {
  const auto list = [](const auto& items) {
    std::string text;
    for (const auto item : items) text += fmt::format("{}{}", text.empty() ? "" : ",", item);
    return "<" + text + ">";
  };
  switch (type_of(value)) {
    case AttributeType::none:
      return "not set";
    case AttributeType::integer:
      return fmt::format("{}", std::get<std::int64_t>(value));
    case AttributeType::real:
      return to_text(std::get<float>(value));
    case AttributeType::string:
      return fmt::format("\"{}\"", std::get<std::string>(value));
    case AttributeType::ints:
      return list(std::get<Ints>(value));
    case AttributeType::reals:
      return list(std::get<Floats>(value));
    case AttributeType::strings:
    case AttributeType::tensor:
    case AttributeType::raw:
      break;
  }
  return "another";
}

std::string_view operand_name(const Node& node, std::size_t index) {
  const auto& operands = node.op().operands;
  return operands.empty() ? "" : operands[std::min(index, operands.size() - 1)].name;
}

}  // namespace

std::string label_of(const Value& value) {
  return fmt::format("{}{}", value.is_constant() ? '@' : '%', value.name());
}

RuleIndex::RuleIndex(const RuleSet& rules) : by_kind_(static_cast<std::size_t>(OpKind::opaque)) {
  for (const auto& rule : rules.rules) {
    for (const OpInfo* op : rule->root().ops) {
      if (op->kind < OpKind::opaque)
        by_kind_[static_cast<std::size_t>(op->kind)].push_back(rule.get());
      else
        by_name_[std::string(op->name)].push_back(rule.get());
    }
  }
  const auto by_benefit = [](const Rule* a, const Rule* b) { return a->benefit > b->benefit; };
  for (auto& list : by_kind_) std::stable_sort(list.begin(), list.end(), by_benefit);
  for (auto& [name, list] : by_name_) std::stable_sort(list.begin(), list.end(), by_benefit);
}

const std::vector<const Rule*>& RuleIndex::rules_for(const Node& root) const {
  if (root.kind() < OpKind::opaque) return by_kind_[static_cast<std::size_t>(root.kind())];
  if (by_name_.empty()) return none_;
  const auto found = by_name_.find(std::string(root.op().name));
  return found == by_name_.end() ? none_ : found->second;
}

Matcher::Outcome Matcher::match(const Rule& rule, Node& root) {
  ++attempts_;
  rule_ = &rule;
  root_ = &root;
  bindings_.options = &options_;
  bindings_.selection = selection_;
  mismatch_ = {&rule, root.id(), 0, rule.steps.size() + rule.statements.size(), {}};
  // Orders that differ only in nodes no failed try looked at fail as well.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> failed;
  Outcome best = Outcome::no;
  const std::uint32_t orders = 1U << rule.commutative.size();
  for (std::uint32_t order = 0; order < orders; ++order) {
    if (std::any_of(failed.begin(), failed.end(),
                    [order](const auto& f) { return (f.first & f.second) == (order & f.second); }))
      continue;
    const Outcome outcome = match_in_order(order);
    if (outcome == Outcome::yes) return outcome;
    if (mismatch_.reason.empty() || position_ > mismatch_.steps_passed) {
      mismatch_.steps_passed = position_;
      mismatch_.reason = std::move(reason_);
    }
    if (outcome == Outcome::declined) best = outcome;
    if (orders > 1) failed.emplace_back(order, reached_);
  }
  return best;
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
  if (position_ < rule_->structure_steps) return false;
  return rule_->patterns.size() > 1 || rule_->steps[position_].kind == MatchStep::Kind::results;
}

bool Matcher::wants_reason() const { return explain_ == Explain::always || is_near(); }

void Matcher::fail_with(std::string reason) { reason_ = std::move(reason); }

bool Matcher::run(const MatchStep& step) {
  switch (step.kind) {
    case MatchStep::Kind::enter:
      return enter(step);
    case MatchStep::Kind::bind:
      return bind(step);
    case MatchStep::Kind::absent: {
      const Value* value = operand(step);
      if (value != nullptr && wants_reason())
        fail_with(fmt::format("operand {} is given, {}", step.operand, label_of(*value)));
      return value == nullptr;
    }
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

std::size_t Matcher::operand_index(const MatchStep& step) const {
  const auto index = static_cast<std::size_t>(step.operand);
  for (std::size_t i = 0; i < rule_->commutative.size(); ++i)
    if (rule_->commutative[i] == step.parent && (order_ >> i & 1) != 0 && index < 2)
      return 1 - index;
  return index;
}

Value* Matcher::operand(const MatchStep& step) {
  for (std::size_t i = 0; i < rule_->commutative.size(); ++i)
    if (rule_->commutative[i] == step.parent) reached_ |= 1U << i;
  const Node& node = *bindings_.nodes[static_cast<std::size_t>(step.parent)];
  return node.operand(operand_index(step));
}

bool Matcher::enter(const MatchStep& step) {
  const auto index = static_cast<std::size_t>(step.pattern);
  const NodePattern& pattern = rule_->patterns[index];
  Node* node = root_;
  if (step.parent >= 0) {
    const Value* value = operand(step);
    node = value == nullptr ? nullptr : value->producer();
    if (node == nullptr || value->result_index() != static_cast<std::uint32_t>(step.item) ||
        !fits_any(pattern, *node)) {
      if (wants_reason()) {
        const Node& user = *bindings_.nodes[static_cast<std::size_t>(step.parent)];
        fail_with(fmt::format("operand {} of {} is {}, not the result of {}",
                              operand_name(user, operand_index(step)), user.op().name,
                              value == nullptr  ? "absent"
                              : node == nullptr ? label_of(*value)
                                                : fmt::format("{}, the result of {}",
                                                              label_of(*value), node->op().name),
                              alternatives(pattern)));
      }
      return false;
    }
  } else if (!fits_any(pattern, *node)) {
    if (wants_reason())
      fail_with(fmt::format("the node is {}, not {}", node->op().name, alternatives(pattern)));
    return false;
  }
  bindings_.nodes[index] = node;
  for (std::size_t i = 0; i < pattern.result_slots.size(); ++i)
    bindings_.values[static_cast<std::size_t>(pattern.result_slots[i])] = node->result(i);
  return true;
}

bool Matcher::bind(const MatchStep& step) {
  Value* value = operand(step);
  const bool may_be_absent = step.is_optional;
  if (value == nullptr && !may_be_absent) {
    if (wants_reason()) fail_with(fmt::format("operand {} is absent", step.operand));
    return false;
  }
  if (step.slot < 0) return true;
  Value*& bound = bindings_.values[static_cast<std::size_t>(step.slot)];
  if (bound != nullptr && bound != value) {
    if (wants_reason())
      fail_with(fmt::format("{} and {} are to be one value", label_of(*bound),
                            value == nullptr ? "an absent operand" : label_of(*value)));
    return false;
  }
  bound = value;
  return true;
}

bool Matcher::has_no_more(const MatchStep& step) {
  const Node& node = *bindings_.nodes[static_cast<std::size_t>(step.parent)];
  for (auto i = static_cast<std::size_t>(step.operand); i < node.operand_count(); ++i) {
    if (node.operand(i) == nullptr) continue;
    if (wants_reason())
      fail_with(fmt::format("{} has operand {}, which the pattern does not name", node.op().name,
                            operand_name(node, i)));
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
  if (wants_reason())
    fail_with(fmt::format("{} of {} is {}", pattern.name, bindings_.nodes[index]->op().name,
                          attribute_text(value)));
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
    if (wants_reason())
      fail_with(fmt::format("{} of {} is {}, not the default", attribute.name,
                            bindings_.nodes[index]->op().name, attribute_text(attribute.value)));
    return false;
  }
  return true;
}

bool Matcher::check_value_kind(const MatchStep& step) {
  const Value* value = bindings_.values[static_cast<std::size_t>(step.slot)];
  if (value == nullptr) return true;
  const ValueKind& kind = *step.value_kind;
  if (kind.is_const && !value->is_constant()) {
    if (wants_reason()) fail_with(fmt::format("{} is not constant", label_of(*value)));
    return false;
  }
  const DType dtype = value->type().dtype;
  const bool fits = (kind.dtype == DType::unknown || kind.dtype == dtype) &&
                    (!kind.is_float || is_float(dtype)) &&
                    (!kind.is_integer || is_integer(dtype)) &&
                    (!kind.has_dims || check_dims(kind, value->type()));
  if (!fits && wants_reason()) {
    fail_with(fmt::format("{} is {}, which does not fit the pattern", label_of(*value),
                          to_text(value->type(), value->graph().symbols())));
  }
  return fits;
}

bool Matcher::check_dims(const ValueKind& kind, const Type& type) {
  const bool is_rest = !kind.dims.empty() && kind.dims.back().kind == DimPattern::Kind::rest;
  const std::size_t count = kind.dims.size() - (is_rest ? 1 : 0);
  if (!type.is_ranked || type.rank() < count || (type.rank() > count && !is_rest)) return false;
  for (std::size_t i = 0; i < count; ++i) {
    const DimPattern& pattern = kind.dims[i];
    const Dim dim = type.dims[i];
    if (pattern.kind == DimPattern::Kind::number && !(dim == Dim(pattern.number))) return false;
    if (pattern.kind != DimPattern::Kind::name) continue;
    const auto slot = static_cast<std::size_t>(pattern.slot);
    if (bindings_.is_dim_bound[slot] && (!(bindings_.dims[slot] == dim) || dim.is_unknown()))
      return false;
    bindings_.dims[slot] = dim;
    bindings_.is_dim_bound[slot] = true;
  }
  return true;
}

bool Matcher::check_results(const MatchStep& step) {
  const auto index = static_cast<std::size_t>(step.pattern);
  const NodePattern& pattern = rule_->patterns[index];
  const Node& node = *bindings_.nodes[index];
  const bool is_root = node.id() == root_->id();
  if (pattern.is_shared || (is_root && rule_->keeps_nodes())) return true;
  for (std::size_t i = 0; i < node.result_count(); ++i) {
    const Value* result = node.result(i);
    if (result == nullptr || result->is_unused()) continue;
    bool is_known = i < pattern.result_slots.size();
    if (is_root && is_known)
      is_known = std::any_of(rule_->replacements.begin(), rule_->replacements.end(),
                             [&](const Replacement& replacement) {
                               return replacement.slot == pattern.result_slots[i];
                             });
    if (is_known) continue;
    if (wants_reason()) fail_with(fmt::format("{} is used", label_of(*result)));
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
    if (result->is_output()) {
      if (wants_reason()) fail_with(fmt::format("{} is an output of the graph", label_of(*result)));
      return false;
    }
    for (const Use& use : result->uses()) {
      if (is_matched(use.user())) continue;
      if (wants_reason())
        fail_with(fmt::format("{} is also read by {}", label_of(*result), use.user().label()));
      return false;
    }
  }
  return true;
}

Matcher::Outcome Matcher::check_statements() {
  for (const RuleStatement& statement : rule_->statements) {
    ++steps_;
    const bool is_let = statement.kind == RuleStatement::Kind::let;
    DatumResult value = evaluate(statement.expression, bindings_);
    if (!value) {
      fail_with(std::move(value).error());
      return is_let || statement.has_reason ? Outcome::declined : Outcome::no;
    }
    if (is_let) {
      bindings_.lets.push_back(std::move(*value));
    } else if (value->data.at(0) == 0) {
      fail_with(statement.reason);
      return statement.has_reason ? Outcome::declined : Outcome::no;
    }
    ++position_;
  }
  return Outcome::yes;
}

std::vector<Mismatch> explain_mismatch(const RuleSet& rules, const std::vector<Datum>& options,
                                       Node& root) {
  std::vector<Mismatch> result;
  Matcher matcher(options, Matcher::Explain::always);
  for (const auto& rule : rules.rules) {
    const Matcher::Outcome outcome = matcher.match(*rule, root);
    result.push_back(matcher.mismatch());
    if (outcome != Matcher::Outcome::yes) continue;
    result.back().steps_passed = result.back().steps_total;
    result.back().reason.clear();
  }
  return result;
}

std::string to_text(const Mismatch& mismatch) {
  if (mismatch.reason.empty()) return fmt::format("{} applies", mismatch.rule->name);
  return fmt::format("{}: matched {} of {} steps; {}", mismatch.rule->name, mismatch.steps_passed,
                     mismatch.steps_total, mismatch.reason);
}

}  // namespace rcc
