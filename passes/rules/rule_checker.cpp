#include "passes/rules/rule_checker.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

namespace rcc {

namespace {

int operand_named(const OpInfo& op, std::string_view name) {
  for (std::size_t i = 0; i < op.operands.size(); ++i)
    if (op.operands[i].name == name) return static_cast<int>(i);
  return -1;
}

std::vector<std::string_view> operand_names(const OpInfo& op) {
  std::vector<std::string_view> names;
  for (const OperandInfo& operand : op.operands) names.push_back(operand.name);
  return names;
}

// Null past the row's operands; the last row stands for all further ones when it is variadic.
const OperandInfo* operand_info(const OpInfo& op, int index) {
  const auto at = static_cast<std::size_t>(index);
  if (at < op.operands.size()) return &op.operands[at];
  if (!op.operands.empty() && op.operands.back().arity == Arity::variadic)
    return &op.operands.back();
  return nullptr;
}

// What `!contraction` and its like stand for.
struct Trait {
  std::string_view name;
  bool OpInfo::*holds;
};
constexpr std::array kTraits = {
    Trait{"commutative", &OpInfo::is_commutative},
    Trait{"contraction", &OpInfo::is_contraction},
    Trait{"elementwise", &OpInfo::is_elementwise},
    Trait{"keeps_scale", &OpInfo::keeps_scale},
};

bool has_operator(const NodePattern& pattern, const OpInfo& op) {
  return std::find(pattern.ops.begin(), pattern.ops.end(), &op) != pattern.ops.end();
}

ExpressionType type_of_capture(const OperandPattern& operand) {
  ExpressionType type;
  type.is_optional = operand.is_optional;
  type.kind = operand.has_kind && operand.value_kind.is_const ? ExpressionType::Kind::tensor
                                                              : ExpressionType::Kind::value;
  const auto& dims = operand.value_kind.dims;
  type.dtype = operand.value_kind.dtype;
  if (!operand.value_kind.has_dims ||
      (!dims.empty() && dims.back().kind == DimPattern::Kind::rest))
    return type;
  type.rank = dims.size();
  for (const DimPattern& dim : dims)
    type.sizes.push_back(dim.kind == DimPattern::Kind::number ? dim.number
                         : dim.kind == DimPattern::Kind::name ? -2 - dim.slot
                                                              : ExpressionType::kUnknownSize);
  return type;
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& names) {
  const std::string_view nearest = nearest_name(word, names);
  return nearest.empty() ? std::string() : fmt::format("did you mean `{}`?", nearest);
}

RuleChecker::RuleChecker(const RuleSet& rules, Rule& rule, const OpTable& ops, RuleErrors& errors)
    : rules_(rules), rule_(rule), ops_(ops), errors_(errors) {
  for (std::size_t i = 0; i < rules.options.size(); ++i) {
    Entry entry;
    entry.symbol = {Symbol::Kind::option, static_cast<std::uint32_t>(i)};
    entry.range = rules.options[i].range;
    const std::size_t kind = rules.options[i].value.index();
    entry.type.kind = kind == 0   ? ExpressionType::Kind::truth
                      : kind == 3 ? ExpressionType::Kind::text
                                  : ExpressionType::Kind::number;
    names_.emplace(rules.options[i].name, entry);
  }
}

void RuleChecker::check() {
  const std::size_t errors_before = errors_.count();
  if (rule_.patterns.empty()) {
    errors_.add(rule_.range, fmt::format("rule `{}` has no pattern", rule_.name),
                "write `match { y = ...; }`");
    return;
  }
  check_patterns();
  check_reachable();
  check_statements();
  check_actions();
  if (errors_.count() != errors_before) return;
  check_types();
  check_unused();
  compile();
  if (!rule_.benefit) rule_.benefit = static_cast<std::int64_t>(rule_.patterns.size());
}

void RuleChecker::check_patterns() {
  for (std::size_t i = 0; i < rule_.patterns.size(); ++i) {
    check_operators(rule_.patterns[i]);
    check_operands(i);
    check_attributes(i);
    check_results(i);
  }
}

void RuleChecker::check_operators(NodePattern& pattern) {
  for (std::size_t i = 0; i < pattern.op_names.size(); ++i) {
    const std::string& name = pattern.op_names[i];
    if (name.starts_with('!')) {
      check_trait(pattern, i);
      continue;
    }
    const OpInfo* op = ops_.find(name);
    if (op == nullptr) {
      std::vector<std::string_view> names;
      for (const OpInfo& row : ops_.rows()) names.push_back(row.name);
      errors_.add(pattern.op_ranges[i], fmt::format("there is no operator `{}`", name),
                  did_you_mean(name, names));
    } else if (has_operator(pattern, *op)) {
      errors_.add(pattern.op_ranges[i], fmt::format("`{}` is given twice", op->name));
    } else {
      pattern.ops.push_back(op);
    }
  }
}

void RuleChecker::check_trait(NodePattern& pattern, std::size_t index) {
  const std::string_view name = std::string_view(pattern.op_names[index]).substr(1);
  const auto trait = std::find_if(kTraits.begin(), kTraits.end(),
                                  [&](const Trait& t) { return t.name == name; });
  if (trait == kTraits.end()) {
    std::vector<std::string_view> names;
    for (const Trait& known : kTraits) names.push_back(known.name);
    const std::string help = did_you_mean(name, names);
    errors_.add(pattern.op_ranges[index], fmt::format("operators have no trait `{}`", name),
                help.empty() ? fmt::format("there are {}", fmt::join(names, ", ")) : help);
    return;
  }
  for (const OpInfo& row : ops_.rows())
    if (row.*trait->holds && !has_operator(pattern, row)) pattern.ops.push_back(&row);
}

void RuleChecker::check_operands(std::size_t index) {
  NodePattern& pattern = rule_.patterns[index];
  int position = 0;
  std::vector<int> seen;
  for (OperandPattern& operand : pattern.operands) {
    if (operand.kind == OperandPattern::Kind::rest) continue;
    check_operand(index, operand, operand.operand.empty() ? position++ : -1);
    if (operand.index >= 0 && std::find(seen.begin(), seen.end(), operand.index) != seen.end())
      errors_.add(operand.range, "this operand is given twice");
    seen.push_back(operand.index);
  }
  check_operand_count(pattern);
}

void RuleChecker::check_operand(std::size_t index, OperandPattern& operand, int position) {
  const NodePattern& pattern = rule_.patterns[index];
  operand.index = position;
  bool may_be_absent = false;
  for (const OpInfo* op : pattern.ops) {
    const int here = position >= 0 ? position : operand_named(*op, operand.operand);
    const OperandInfo* info = here < 0 ? nullptr : operand_info(*op, here);
    if (info == nullptr) {
      errors_.add(
          operand.range,
          position >= 0 ? fmt::format("`{}` has {} operands", op->name, op->operands.size())
                        : fmt::format("`{}` has no operand `{}`", op->name, operand.operand),
          position >= 0 ? std::string() : did_you_mean(operand.operand, operand_names(*op)));
      return;
    }
    if (operand.index >= 0 && operand.index != here)
      errors_.add(operand.range, fmt::format("operand `{}` is at another place in `{}`",
                                             operand.operand, op->name));
    operand.index = here;
    may_be_absent = may_be_absent || info->arity == Arity::optional;
  }
  const bool wants_absence = operand.is_optional || operand.kind == OperandPattern::Kind::none;
  if (wants_absence && !may_be_absent && !pattern.ops.empty())
    errors_.add(operand.range,
                fmt::format("this operand of `{}` is never absent", pattern.ops.front()->name));
  if (operand.has_kind) check_value_kind(operand.value_kind);
  if (operand.kind == OperandPattern::Kind::capture) check_capture(index, operand);
  if (operand.kind == OperandPattern::Kind::any && operand.has_kind)
    operand.slot = new_value_slot("_");
}

void RuleChecker::check_capture(std::size_t index, OperandPattern& operand) {
  Entry* known = find(operand.name);
  if (known == nullptr || known->symbol.kind == Symbol::Kind::option) {
    operand.slot = new_value_slot(operand.name);
    Entry entry;
    entry.symbol = {Symbol::Kind::value, static_cast<std::uint32_t>(operand.slot)};
    entry.range = operand.range;
    entry.type = type_of_capture(operand);
    entry.what = "captured";
    declare(operand.name, entry);
    return;
  }
  known->is_used = true;
  if (known->symbol.kind != Symbol::Kind::value) {
    errors_.add(operand.range, fmt::format("`{}` is not a value", operand.name));
    return;
  }
  if (operand.has_kind)
    errors_.add(operand.value_kind.range,
                fmt::format("the kind of `{}` is said where it is first named", operand.name));
  operand.slot = static_cast<int>(known->symbol.index);
  if (known->symbol.node < 0) return;
  // An earlier binding: its node feeds this one.
  operand.kind = OperandPattern::Kind::node;
  operand.node = known->symbol.node;
  if (operand.node == static_cast<int>(index))
    errors_.add(operand.range, "a node cannot be its own operand");
}

void RuleChecker::check_operand_count(const NodePattern& pattern) {
  if (pattern.has_rest_operands) return;
  for (const OpInfo* op : pattern.ops) {
    for (std::size_t i = 0; i < op->operands.size(); ++i) {
      if (op->operands[i].arity != Arity::required) continue;
      const bool is_given =
          std::any_of(pattern.operands.begin(), pattern.operands.end(),
                      [i](const OperandPattern& o) { return o.index == static_cast<int>(i); });
      if (is_given) continue;
      errors_.add(pattern.range,
                  fmt::format("operand `{}` of `{}` is missing", op->operands[i].name, op->name),
                  "write `_` for any operand, or `..` for all that are left");
      return;
    }
  }
}

void RuleChecker::check_results(std::size_t index) {
  NodePattern& pattern = rule_.patterns[index];
  const bool is_nested = pattern.results.empty();
  for (std::size_t i = 0; i < pattern.results.size() || (is_nested && i == 0); ++i) {
    const std::string name = is_nested ? std::string() : pattern.results[i];
    const int slot = new_value_slot(is_nested ? "_" : name);
    pattern.result_slots.push_back(slot);
    for (const OpInfo* op : pattern.ops) {
      const bool is_variadic = !op->results.empty() && op->results.back().arity == Arity::variadic;
      if (i >= std::max<std::size_t>(op->results.size(), 1) && !is_variadic)
        errors_.add(pattern.result_ranges[i],
                    fmt::format("`{}` has {} results", op->name, op->results.size()));
    }
    if (is_nested || name == "_") continue;
    Entry entry;
    entry.symbol = {Symbol::Kind::value, static_cast<std::uint32_t>(slot), static_cast<int>(index)};
    entry.range = pattern.result_ranges[i];
    entry.type.kind = ExpressionType::Kind::value;
    entry.is_used = true;
    declare(name, entry);
    const OpInfo* op = ops_.find(name);
    if (op != nullptr && (pattern.ops.size() != 1 || pattern.ops.front() != op))
      errors_.add(entry.range, fmt::format("`{}` is the name of an operator", name),
                  fmt::format("`{}(...)` would be a node like the one that is matched here", name));
  }
  if (pattern.has_kind) {
    check_value_kind(pattern.value_kind);
    if (pattern.value_kind.is_const)
      errors_.add(pattern.value_kind.range, "the result of a node is not constant");
  }
  check_axes(pattern);
}

void RuleChecker::check_value_kind(ValueKind& kind) {
  for (DimPattern& dim : kind.dims) {
    if (dim.kind != DimPattern::Kind::name) continue;
    Entry* known = find(dim.name);
    if (known != nullptr && known->symbol.kind == Symbol::Kind::dim) {
      dim.slot = static_cast<int>(known->symbol.index);
      continue;
    }
    dim.slot = static_cast<int>(rule_.dim_names.size());
    rule_.dim_names.push_back(dim.name);
    Entry entry;
    entry.symbol = {Symbol::Kind::dim, static_cast<std::uint32_t>(dim.slot)};
    entry.range = dim.range;
    entry.type.kind = ExpressionType::Kind::number;
    entry.is_used = true;
    declare(dim.name, entry);
  }
}

void RuleChecker::check_reachable() {
  std::vector<bool> is_reached(rule_.patterns.size(), false);
  is_reached.back() = true;
  // Operands come before users, so one sweep from the root suffices.
  for (std::size_t i = rule_.patterns.size(); i-- > 0;) {
    if (!is_reached[i]) continue;
    for (const OperandPattern& operand : rule_.patterns[i].operands)
      if (operand.kind == OperandPattern::Kind::node && operand.node >= 0)
        is_reached[static_cast<std::size_t>(operand.node)] = true;
  }
  for (std::size_t i = 0; i < rule_.patterns.size(); ++i) {
    const NodePattern& pattern = rule_.patterns[i];
    // A nested pattern has no name; the binding it is part of is what is said.
    if (is_reached[i] || pattern.results.empty()) continue;
    const std::string root = rule_.root().results.empty() ? "" : rule_.root().results.front();
    errors_.add(pattern.result_ranges.front(),
                fmt::format("`{}` does not lead to `{}`", pattern.results.front(), root),
                "the last binding of `match` is the root; every other node must feed it");
  }
}

void RuleChecker::check_unused() {
  for (const auto& [name, entry] : names_) {
    if (entry.is_used || entry.symbol.kind == Symbol::Kind::option) continue;
    errors_.add(entry.range, fmt::format("`{}` is {} but never used", name, entry.what),
                entry.what == "captured" ? "write `_` where any will do" : "");
  }
}

int RuleChecker::new_value_slot(const std::string& name) {
  rule_.value_names.push_back(name);
  return static_cast<int>(rule_.value_names.size()) - 1;
}

bool RuleChecker::declare(const std::string& name, Entry entry) {
  const auto [position, is_new] = names_.emplace(name, entry);
  if (is_new) return true;
  const SourceSpan first = rules_.source->span(position->second.range);
  errors_.add(entry.range,
              fmt::format("`{}` already has a meaning, from line {}", name, first.line));
  return false;
}

bool RuleChecker::uses(const RuleOption& option) const {
  const auto found = names_.find(option.name);
  return found != names_.end() && found->second.is_used;
}

RuleChecker::Entry* RuleChecker::find(const std::string& name) {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : &found->second;
}

RuleChecker::Entry* RuleChecker::look_up(const std::string& name, TextRange range) {
  if (Entry* found = find(name)) {
    found->is_used = true;
    return found;
  }
  std::vector<std::string_view> known;
  for (const auto& [other, entry] : names_) known.push_back(other);
  errors_.add(range, fmt::format("`{}` is not bound", name), did_you_mean(name, known));
  return nullptr;
}

}  // namespace rcc
