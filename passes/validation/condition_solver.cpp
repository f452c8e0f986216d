#include "passes/validation/condition_solver.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

namespace rcc {

namespace {

std::string_view opposite(std::string_view sign) {
  if (sign == "==") return "!=";
  if (sign == "!=") return "==";
  if (sign == "<") return ">=";
  if (sign == "<=") return ">";
  if (sign == ">") return "<=";
  return "<";
}

// `a SIGN b` as `b MIRRORED a`.
std::string_view mirrored(std::string_view sign) {
  if (sign == "<") return ">";
  if (sign == "<=") return ">=";
  if (sign == ">") return "<";
  if (sign == ">=") return "<=";
  return sign;
}

bool is_comparison(std::string_view sign) {
  return sign == "==" || sign == "!=" || sign == "<" || sign == "<=" || sign == ">" || sign == ">=";
}

bool is_whole(const Datum& datum) {
  return std::all_of(datum.data.begin(), datum.data.end(),
                     [](double value) { return value == std::floor(value); });
}

Datum map(const Datum& datum, double (*function)(double)) {
  Datum result = datum;
  result.dtype = DType::unknown;
  for (double& element : result.data) element = function(element);
  return result;
}

// The permutation that undoes another; nullopt when it is none.
std::optional<Datum> inverse_order(const Datum& order) {
  Datum result = order;
  std::fill(result.data.begin(), result.data.end(), -1.0);
  const auto count = static_cast<double>(order.data.size());
  for (std::size_t i = 0; i < order.data.size(); ++i) {
    const double place = order.data[i];
    if (!(place >= 0 && place < count)) return std::nullopt;
    result.data[static_cast<std::size_t>(place)] = static_cast<double>(i);
  }
  const bool is_whole =
      std::none_of(result.data.begin(), result.data.end(), [](double v) { return v < 0; });
  return is_whole ? std::optional(result) : std::nullopt;
}

// The value that names in lets stand for, with the let's own expression.
const Expression* definition(const Rule& rule, const Expression& name) {
  for (const RuleStatement& statement : rule.statements)
    if (statement.kind == RuleStatement::Kind::let &&
        statement.slot == static_cast<int>(name.symbol.index))
      return &statement.expression;
  return nullptr;
}

}  // namespace

bool ConditionSolver::satisfy(const Expression& condition, Wanted wanted) {
  const bool is_wanted = wanted == Wanted::holds;
  switch (condition.kind) {
    case Expression::Kind::unary:
      if (condition.text != "not") return false;
      return satisfy(condition.children[0], is_wanted ? Wanted::fails : Wanted::holds);
    case Expression::Kind::binary:
      if (condition.text == "and" || condition.text == "or") return satisfy_both(condition, wanted);
      return is_comparison(condition.text) && satisfy_comparison(condition, wanted);
    case Expression::Kind::call:
      return satisfy_call(condition, wanted);
    case Expression::Kind::name:
      if (condition.symbol.kind == Symbol::Kind::let)
        if (const Expression* let = definition(rule_, condition)) return satisfy(*let, wanted);
      return assign(condition, Datum::of(is_wanted ? 1 : 0));
    case Expression::Kind::member:
      return assign(condition, Datum::of(is_wanted ? 1 : 0));
    case Expression::Kind::number:
    case Expression::Kind::text:
    case Expression::Kind::truth:
    case Expression::Kind::none:
    case Expression::Kind::list:
    case Expression::Kind::index:
      break;
  }
  return false;
}

bool ConditionSolver::satisfy_both(const Expression& condition, Wanted wanted) {
  const bool is_and = condition.text == "and";
  // An optional constant that is compared with nothing.
  if (!is_and && condition.children[0].type.is_optional)
    return assign(condition, Datum::of(wanted == Wanted::holds ? 1 : 0));
  const bool needs_both = is_and == (wanted == Wanted::holds);
  if (!needs_both) {
    const bool second_first = random_.one_in(2);
    return satisfy(condition.children[second_first ? 1 : 0], wanted) ||
           satisfy(condition.children[second_first ? 0 : 1], wanted);
  }
  bool has_changed = false;
  for (const Expression& side : condition.children) {
    const DatumResult now = evaluate(side, bindings_);
    const bool holds = now && !now->data.empty() && now->data[0] != 0;
    if (holds == (wanted == Wanted::holds)) continue;
    if (!satisfy(side, wanted)) return false;
    has_changed = true;
  }
  return has_changed;
}

Datum ConditionSolver::target_for(std::string_view sign, const Datum& other) {
  Datum target = other;
  target.dtype = DType::unknown;
  if (sign == "==" || other.text) return target;
  const bool is_below = sign == "<" || sign == "<=";
  if ((sign == "<=" || sign == ">=") && random_.one_in(2)) return target;
  const bool to_zero = is_below && random_.one_in(2);
  const bool steps = is_whole(other) && random_.one_in(2);
  const double step = static_cast<double>(random_.between(1, 3));
  const double part = random_.uniform(0.05, 0.9);
  for (double& element : target.data) {
    const double distance = steps ? step : std::max(std::abs(element) * part, 1e-12);
    if (to_zero && element > 0)
      element = 0;
    else
      element += is_below ? -distance : distance;
  }
  return target;
}

bool ConditionSolver::satisfy_comparison(const Expression& condition, Wanted wanted) {
  std::string_view sign = condition.text;
  if (wanted == Wanted::fails) sign = opposite(sign);
  const std::size_t start = random_.one_in(2) ? 1 : 0;
  for (const std::size_t side : {start, 1 - start}) {
    const DatumResult other = evaluate(condition.children[1 - side], bindings_);
    if (!other) continue;
    const Datum target = target_for(side == 0 ? sign : mirrored(sign), *other);
    if (assign(condition.children[side], target)) return true;
  }
  return false;
}

bool ConditionSolver::satisfy_call(const Expression& condition, Wanted wanted) {
  if (condition.text == "all" || condition.text == "any") {
    const bool is_any = (condition.text == "any") == (wanted == Wanted::holds);
    const bool before = std::exchange(is_one_enough_, is_any);
    const bool is_satisfied = satisfy(condition.children[0], wanted);
    is_one_enough_ = before;
    return is_satisfied;
  }
  if (condition.text == "same_type" || condition.text == "same_shape")
    return wanted == Wanted::holds && match_types(condition, condition.text == "same_type");
  return false;
}

bool ConditionSolver::is_leaf(int slot) const {
  for (const NodePattern& pattern : rule_.patterns) {
    const auto& results = pattern.result_slots;
    if (std::find(results.begin(), results.end(), slot) != results.end()) return false;
  }
  return true;
}

// Gives one of two values the type of the other.
bool ConditionSolver::match_types(const Expression& call, bool with_dtype) {
  for (const std::size_t side : {0, 1}) {
    const auto slot = static_cast<int>(call.children[side].symbol.index);
    const Value* other = bindings_.values[call.children[1 - side].symbol.index];
    if (!is_leaf(slot) || other == nullptr || !other->type().is_static()) continue;
    hints_.ranks[slot] = other->type().rank();
    for (std::size_t axis = 0; axis < other->type().rank(); ++axis)
      hints_.sizes[{slot, axis}] = other->type().dims[axis].size();
    if (with_dtype) hints_.dtypes[slot] = other->type().dtype;
    return true;
  }
  return false;
}

bool ConditionSolver::assign(const Expression& expression, const Datum& target) {
  if (std::any_of(target.data.begin(), target.data.end(),
                  [](double value) { return !std::isfinite(value); }))
    return false;
  switch (expression.kind) {
    case Expression::Kind::name:
      return assign_name(expression, target);
    case Expression::Kind::member:
      hints_.members[{expression.children[0].symbol.node, expression.text}] = target;
      return true;
    case Expression::Kind::unary:
      if (expression.text == "not") return false;
      return assign(expression.children[0], map(target, [](double v) { return -v; }));
    case Expression::Kind::binary:
      return assign_binary(expression, target);
    case Expression::Kind::call:
      return assign_call(expression, target);
    case Expression::Kind::list: {
      if (expression.children.size() != target.data.size()) return false;
      bool has_changed = false;
      for (std::size_t i = 0; i < target.data.size(); ++i)
        has_changed = assign(expression.children[i], Datum::of(target.data[i])) || has_changed;
      return has_changed;
    }
    case Expression::Kind::number:
    case Expression::Kind::text:
    case Expression::Kind::truth:
    case Expression::Kind::none:
    case Expression::Kind::index:
      break;
  }
  return false;
}

bool ConditionSolver::assign_name(const Expression& expression, const Datum& target) {
  const auto slot = static_cast<int>(expression.symbol.index);
  switch (expression.symbol.kind) {
    case Symbol::Kind::value: {
      const Value* value = bindings_.values[expression.symbol.index];
      if (value == nullptr || target.text || !is_leaf(slot)) return false;
      hints_.constants[slot] = target;
      if (is_one_enough_)
        hints_.with_one_element.insert(slot);
      else
        hints_.with_one_element.erase(slot);
      return true;
    }
    case Symbol::Kind::attribute:
      hints_.attributes[slot] = target;
      return true;
    case Symbol::Kind::dim:
      if (!target.is_scalar() || target.data[0] < 1 || !is_whole(target)) return false;
      hints_.dims[slot] = to_int(target.data[0]);
      return true;
    case Symbol::Kind::let: {
      const Expression* let = definition(rule_, expression);
      return let != nullptr && assign(*let, target);
    }
    case Symbol::Kind::option:
    case Symbol::Kind::made:
    case Symbol::Kind::unresolved:
      break;
  }
  return false;
}

bool ConditionSolver::assign_binary(const Expression& expression, const Datum& target) {
  const std::string& sign = expression.text;
  const Expression& left = expression.children[0];
  if (sign == "or") {
    const bool is_absent =
        left.symbol.kind == Symbol::Kind::value && bindings_.values[left.symbol.index] == nullptr;
    return assign(is_absent ? expression.children[1] : left, target);
  }
  const std::size_t start = random_.one_in(2) ? 1 : 0;
  for (const std::size_t side : {start, 1 - start}) {
    const DatumResult other = evaluate(expression.children[1 - side], bindings_);
    if (!other || other->text) continue;
    DatumResult solved = target;
    if (sign == "+")
      solved = combine(target, *other, [](double t, double o) { return t - o; });
    else if (sign == "-" && side == 0)
      solved = combine(target, *other, [](double t, double o) { return t + o; });
    else if (sign == "-")
      solved = combine(*other, target, [](double o, double t) { return o - t; });
    else if (sign == "*")
      solved = combine(target, *other, [](double t, double o) { return t / o; });
    else if (sign == "/" && side == 1)
      solved = combine(*other, target, [](double o, double t) { return o / t; });
    else if (sign == "/" || sign == "//")
      solved = combine(target, *other, [](double t, double o) { return t * o; });
    else if (sign == "%" && side == 0)
      solved = combine(target,
                       combine(*other, Datum::of(static_cast<double>(random_.between(1, 3))),
                               [](double o, double k) { return o * k; })
                           .value(),
                       [](double t, double o) { return t + o; });
    else
      continue;
    if (solved && assign(expression.children[side], *solved)) return true;
  }
  return false;
}

bool ConditionSolver::assign_call(const Expression& expression, const Datum& target) {
  const std::string& name = expression.text;
  if (name == "size" || name == "rank")
    return target.is_scalar() && is_whole(target) &&
           assign_size(expression, to_int(target.data[0]));
  if (expression.children.empty()) return false;
  const Expression& argument = expression.children[0];
  if (name == "abs")
    return assign(argument, random_.one_in(2) ? target : map(target, [](double v) { return -v; }));
  if (name == "sqrt") return assign(argument, map(target, [](double v) { return v * v; }));
  if (name == "exp") return assign(argument, map(target, [](double v) { return std::log(v); }));
  if (name == "log") return assign(argument, map(target, [](double v) { return std::exp(v); }));
  if (name == "gather") return assign_gather(expression, target);
  if (name == "inverse") {
    const auto order = inverse_order(target);
    return order && assign(argument, *order);
  }
  const bool keeps_numbers = name == "max" || name == "min" || name == "mean" || name == "round" ||
                             name == "floor" || name == "ceil" || name == "reshape" ||
                             name == "transpose" || name == "slice";
  // One number for all elements is the same in any order and shape.
  return keeps_numbers && target.is_scalar() && assign(argument, target);
}

// `gather(items, places)`: the places where the items wanted are, or items with those wanted put in
// their places.
bool ConditionSolver::assign_gather(const Expression& call, const Datum& target) {
  DatumResult items = evaluate(call.children[0], bindings_);
  if (items) {
    Datum places = target;
    bool has_all = true;
    for (double& element : places.data) {
      const auto found = std::find(items->data.begin(), items->data.end(), element);
      has_all = has_all && found != items->data.end();
      element = static_cast<double>(found - items->data.begin());
    }
    if (has_all && assign(call.children[1], places)) return true;
  }
  const DatumResult places = evaluate(call.children[1], bindings_);
  if (!items || !places || places->data.size() != target.data.size())
    return assign_shuffled(call, target);
  const auto count = static_cast<std::int64_t>(items->data.size());
  for (std::size_t i = 0; i < target.data.size(); ++i) {
    const std::int64_t place = to_int(places->data[i]);
    if (place < -count || place >= count) return false;
    items->data[static_cast<std::size_t>(place < 0 ? place + count : place)] = target.data[i];
  }
  return assign(call.children[0], *items);
}

// Both lists anew: the items in any order, and where they are.
bool ConditionSolver::assign_shuffled(const Expression& call, const Datum& target) {
  Datum places = target;
  std::iota(places.data.begin(), places.data.end(), 0.0);
  for (std::size_t i = places.data.size(); i > 1; --i)
    std::swap(places.data[i - 1],
              places.data[static_cast<std::size_t>(random_.below(static_cast<std::int64_t>(i)))]);
  Datum items = target;
  for (std::size_t i = 0; i < target.data.size(); ++i)
    items.data[static_cast<std::size_t>(places.data[i])] = target.data[i];
  return assign(call.children[0], items) && assign(call.children[1], places);
}

bool ConditionSolver::assign_size(const Expression& call, std::int64_t target) {
  const auto slot = static_cast<int>(call.children[0].symbol.index);
  const Value* value = bindings_.values[call.children[0].symbol.index];
  if (value == nullptr || target < 0) return false;
  if (!is_leaf(slot) && call.text == "rank") {
    hints_.any_rank = static_cast<std::size_t>(target);
    return true;
  }
  if (!is_leaf(slot)) {
    hints_.any_sizes.push_back(target);
    return true;
  }
  if (call.text == "rank") {
    hints_.ranks[slot] = static_cast<std::size_t>(target);
    return true;
  }
  const auto rank = static_cast<std::int64_t>(value->type().rank());
  if (call.children.size() < 2) {
    // The number of elements.
    hints_.ranks[slot] = target == 1 && random_.one_in(2) ? 0 : 1;
    hints_.sizes[{slot, 0}] = target;
    return true;
  }
  const DatumResult axis = evaluate(call.children[1], bindings_);
  if (!axis) return false;
  const std::int64_t index = to_int(axis->data[0]);
  const std::int64_t at = index < 0 ? index + rank : index;
  if (at < 0) return false;
  hints_.sizes[{slot, static_cast<std::size_t>(at)}] = target;
  return true;
}

}  // namespace rcc
