#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "passes/rules/rule_checker.h"

namespace rcc {

namespace {

using Kind = ExpressionType::Kind;

// The first name in what is made that stands for a result of node `root`, or null. Functions may
// ask about it: `shape(y)` is known before.
const Expression* find_result_of(const Expression& expression, int root) {
  if (expression.symbol.kind == Symbol::Kind::value)
    return expression.symbol.node == root ? &expression : nullptr;
  const bool is_choice = expression.kind == Expression::Kind::binary;
  if (!expression.is_build && !is_choice) return nullptr;
  for (const Expression& child : expression.children)
    if (const Expression* found = find_result_of(child, root)) return found;
  return nullptr;
}

}  // namespace

void RuleChecker::check_actions() {
  if (rule_.replacements.empty() && rule_.edges.empty() && rule_.changes.empty())
    errors_.add(rule_.range, fmt::format("rule `{}` changes nothing", rule_.name),
                "write `replace y with ...;`, `on edge x -> y insert ...;` or `set W = ...;`");
  for (Replacement& replacement : rule_.replacements) check_replacement(replacement);
  for (EdgeInsertion& edge : rule_.edges) check_edge(edge);
  for (ConstantChange& change : rule_.changes) check_change(change);
  check_post_conditions();
  if (rule_.is_recursive && rule_.keeps_nodes())
    errors_.add(rule_.range, fmt::format("rule `{}` is recursive, but replaces nothing", rule_.name),
                "only a rule that replaces its root can rewrite its own result");
  check_conflicts();
  if (rule_.keeps_nodes()) return;
  check_root_reads();
  const std::string_view message = "the node of this edge or constant is replaced by the same rule";
  const std::string_view help = "say it in the replacement";
  for (const EdgeInsertion& edge : rule_.edges)
    errors_.add(edge.range, std::string(message), std::string(help));
  for (const ConstantChange& change : rule_.changes)
    errors_.add(change.range, std::string(message), std::string(help));
}

// What goes on an edge, and what a constant becomes, is computed from what was there.
void RuleChecker::check_conflicts() {
  for (auto edge = rule_.edges.begin(); edge != rule_.edges.end(); ++edge) {
    if (edge->node < 0) continue;
    const auto is_same = [&](const EdgeInsertion& other) {
      return other.slot == edge->slot && other.node == edge->node;
    };
    if (std::any_of(rule_.edges.begin(), edge, is_same))
      errors_.add(
          edge->range,
          fmt::format("the edge from `{}` to `{}` is given twice", edge->source, edge->target),
          "insert all that goes there at once");
    for (const ConstantChange& change : rule_.changes)
      if (change.slot == edge->slot)
        errors_.add(edge->range, fmt::format("`{}` is set by the same rule", edge->source),
                    "insert what is computed from it, or set it in another rule");
  }
}

// New nodes take the place of the root, so they cannot read what it computes.
void RuleChecker::check_root_reads() {
  const int root = static_cast<int>(rule_.patterns.size()) - 1;
  const auto refuse = [&](const Expression& read) {
    errors_.add(read.range, fmt::format("`{}` is a result of the node that is replaced", read.text),
                "what takes its place reads its operands");
  };
  for (const NodeDefinition& definition : rule_.definitions)
    if (const Expression* read = find_result_of(definition.node, root)) refuse(*read);
  for (const Replacement& replacement : rule_.replacements) {
    const Expression* read = find_result_of(replacement.with, root);
    if (read == nullptr) continue;
    // Another result that stays may take over.
    const auto is_replaced = [&](const Replacement& other) {
      return other.slot == static_cast<int>(read->symbol.index);
    };
    if (read != &replacement.with)
      refuse(*read);
    else if (std::any_of(rule_.replacements.begin(), rule_.replacements.end(), is_replaced) &&
             read->symbol.index != static_cast<std::uint32_t>(replacement.slot))
      errors_.add(read->range, fmt::format("`{}` is replaced itself", read->text));
  }
}

void RuleChecker::check_replacement(Replacement& replacement) {
  const Entry* target = look_up(replacement.target, replacement.target_range);
  if (target != nullptr) {
    const int root = static_cast<int>(rule_.patterns.size()) - 1;
    if (target->symbol.node != root)
      errors_.add(
          replacement.target_range,
          fmt::format("`{}` is not a result of the root of the pattern", replacement.target),
          "the last binding of `match` is what gets replaced");
    const auto slot = static_cast<int>(target->symbol.index);
    const auto is_same = [&](const Replacement& other) { return other.slot == slot; };
    if (std::any_of(rule_.replacements.begin(), rule_.replacements.end(), is_same))
      errors_.add(replacement.target_range,
                  fmt::format("`{}` is replaced twice", replacement.target));
    replacement.slot = slot;
  }
  check_build_value(replacement.with);
  const ExpressionType& type = replacement.with.type;
  if (type.kind == Kind::none || type.is_optional)
    errors_.add(replacement.with.range, "a result cannot be replaced with what may be absent");
  if (target != nullptr && replacement.with.symbol.kind == Symbol::Kind::value &&
      replacement.with.symbol.index == target->symbol.index)
    errors_.add(replacement.with.range,
                fmt::format("`{}` is replaced with itself", replacement.target));
}

// `let t = relu(x)` makes a node; `let s = sqrt(v)` computes.
bool RuleChecker::makes_node(const Expression& expression) {
  if (expression.kind != Expression::Kind::call) return false;
  if (expression.has_braces) return true;
  const Entry* entry = find(expression.text);
  const bool is_node = entry != nullptr && entry->symbol.node >= 0;
  return (is_node || ops_.find(expression.text) != nullptr) && is_build_call(expression);
}

void RuleChecker::check_definition(RuleStatement& statement) {
  NodeDefinition definition{statement.range, std::move(statement.names),
                            std::move(statement.name_ranges), std::move(statement.expression)};
  check_build_value(definition.node);
  for (std::size_t i = 0; i < definition.names.size(); ++i) {
    for (const OpInfo* op : build_rows(definition.node)) {
      const bool is_variadic = !op->results.empty() && op->results.back().arity == Arity::variadic;
      if (i >= op->results.size() && !is_variadic)
        errors_.add(definition.name_ranges[i],
                    fmt::format("`{}` has {} results", op->name, op->results.size()));
    }
    Entry entry;
    entry.symbol = {Symbol::Kind::made, static_cast<std::uint32_t>(rule_.definitions.size()), -1,
                    static_cast<std::uint32_t>(i)};
    entry.range = definition.name_ranges[i];
    entry.type.kind = Kind::value;
    entry.what = definition.names.size() > 1 ? "captured" : "made";
    if (definition.names[i] != "_") declare(definition.names[i], entry);
  }
  rule_.definitions.push_back(std::move(definition));
}

void RuleChecker::check_edge(EdgeInsertion& edge) {
  Entry* source = look_up(edge.source, edge.source_range);
  const Entry* target = look_up(edge.target, edge.target_range);
  if (source != nullptr && source->symbol.kind != Symbol::Kind::value)
    errors_.add(edge.source_range, fmt::format("`{}` is not a value of the graph", edge.source));
  else if (target != nullptr && target->symbol.node < 0)
    errors_.add(edge.target_range, fmt::format("`{}` is not a matched node", edge.target),
                "an edge leads from a value to the node that reads it");
  else if (source != nullptr && target != nullptr) {
    edge.slot = static_cast<int>(source->symbol.index);
    edge.node = target->symbol.node;
    for (const OperandPattern& operand :
         rule_.patterns[static_cast<std::size_t>(edge.node)].operands)
      if (operand.slot == edge.slot) edge.operands.push_back(operand.index);
    if (edge.operands.empty())
      errors_.add(edge.source_range,
                  fmt::format("`{}` does not read `{}` in the pattern", edge.target, edge.source));
  }
  // What goes on an edge is a node, also where all it reads is constant: `dequantize(q, s)`.
  if (edge.with.kind == Expression::Kind::call && ops_.find(edge.with.text) != nullptr)
    edge.with.has_braces = true;
  // Where there is an edge, the operand is given.
  const bool is_optional = source != nullptr && source->type.is_optional;
  if (source != nullptr) source->type.is_optional = false;
  check_build_value(edge.with);
  if (source != nullptr) source->type.is_optional = is_optional;
  if (edge.with.type.kind == Kind::none || edge.with.type.is_optional)
    errors_.add(edge.with.range, "what is inserted may be absent");
  if (edge.with.symbol.kind == Symbol::Kind::value &&
      static_cast<int>(edge.with.symbol.index) == edge.slot)
    errors_.add(edge.with.range, fmt::format("`{}` is on this edge already", edge.source));
  if (edge.sharing == EdgeInsertion::Sharing::shared) check_shared_edge(edge);
}

void RuleChecker::check_shared_edge(const EdgeInsertion& edge) {
  if (edge.slot < 0) return;
  // What is computed with a constant is the same for all its readers.
  const bool is_constant = find(edge.source)->type.kind == Kind::tensor;
  if (!edge.with.is_build || !(check_shared_reads(edge, edge.with) || is_constant))
    errors_.add(edge.with.range,
                fmt::format("only nodes that read `{}` can be shared by its readers", edge.source),
                "drop `share`");
}

bool RuleChecker::check_shared_reads(const EdgeInsertion& edge, const Expression& expression) {
  if (!expression.is_build) {
    const Symbol symbol = expression.symbol;
    if (symbol.kind == Symbol::Kind::value && static_cast<int>(symbol.index) == edge.slot)
      return true;
    if (expression.type.kind == Kind::value)
      errors_.add(expression.range,
                  fmt::format("a shared insertion reads `{}` and constants only", edge.source),
                  "what other nodes compute differs from reader to reader");
    return false;
  }
  if (expression.build.op == nullptr)
    errors_.add(expression.range, "a shared insertion names its operators");
  bool reads = false;
  for (const Expression& child : expression.children)
    reads = check_shared_reads(edge, child) || reads;
  return reads;
}

void RuleChecker::check_change(ConstantChange& change) {
  const Entry* target = look_up(change.target, change.target_range);
  if (target != nullptr && (target->symbol.kind != Symbol::Kind::value ||
                            target->type.kind != Kind::tensor)) {
    errors_.add(change.target_range, fmt::format("`{}` is not a constant", change.target),
                target->symbol.kind == Symbol::Kind::value && target->symbol.node < 0
                    ? fmt::format("write `{}: const` in the pattern", change.target)
                    : "");
    target = nullptr;
  }
  if (target != nullptr && target->type.is_optional)
    errors_.add(change.target_range, fmt::format("`{}` may be absent", change.target),
                "match it without `?`");
  check_expression(change.value);
  const ExpressionType& type = change.value.type;
  if (require_numeric(change.value) && type.is_optional)
    errors_.add(change.value.range, "this may be absent", "write `(... or 0)`");
  if (change.readers == ConstantChange::Readers::all && rule_.effect != Effect::lossy)
    errors_.add(change.range,
                "`shared` changes readers that the rule does not see, so its effect is lossy",
                "drop `shared`: readers outside of the match then keep the old contents");
  if (target == nullptr) return;
  change.slot = static_cast<int>(target->symbol.index);
  const auto twice = std::count_if(rule_.changes.begin(), rule_.changes.end(),
                                   [&](const ConstantChange& c) { return c.slot == change.slot; });
  if (twice > 1)
    errors_.add(change.target_range, fmt::format("`{}` is set twice", change.target));
  if (type.kind == Kind::number || type.kind == Kind::truth || type.kind == Kind::list) {
    const bool fits =
        type.kind == Kind::list ? target->type.rank.value_or(1) == 1 : target->type.rank == 0;
    if (!fits)
      errors_.add(change.value.range,
                  fmt::format("`{}` is a tensor, not {}", change.target, name_of(type.kind)),
                  fmt::format("write `full(shape({}), ...)`", change.target));
    return;
  }
  check_contents(change, target->type);
}

void RuleChecker::check_contents(const ConstantChange& change, const ExpressionType& old) {
  const ExpressionType& type = change.value.type;
  if (old.rank && type.rank && *old.rank != *type.rank) {
    errors_.add(change.value.range, fmt::format("`{}` has {} axes, its new contents {}",
                                                change.target, *old.rank, *type.rank));
  } else if (old.sizes.size() == type.sizes.size()) {
    for (std::size_t i = 0; i < old.sizes.size(); ++i) {
      if (old.sizes[i] < 0 || type.sizes[i] < 0 || old.sizes[i] == type.sizes[i]) continue;
      errors_.add(change.value.range,
                  fmt::format("`{}` has sizes {}, its new contents {}", change.target,
                              sizes_text(old.sizes), sizes_text(type.sizes)));
      break;
    }
  }
  if (old.dtype != DType::unknown && type.dtype != DType::unknown && old.dtype != type.dtype)
    errors_.add(change.value.range,
                fmt::format("`{}` is {}, its new contents {}", change.target,
                            dtype_name(old.dtype), dtype_name(type.dtype)),
                "`set` keeps the element type");
}

void RuleChecker::check_post_conditions() {
  for (PostCondition& post : rule_.post_conditions) {
    check_condition(post.condition);
    if (post.message.empty())
      post.message = fmt::format("`{}` does not hold afterwards", text_of(post.range));
  }
}

}  // namespace rcc
