#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "passes/rules/matcher.h"
#include "passes/rules/rewriter.h"
#include "passes/rules/rule_checker.h"

namespace rcc {

namespace {

tl::unexpected<std::string> refuse(std::string reason) {
  return tl::unexpected<std::string>(std::move(reason));
}

// "conv1.bias" beside "conv1.weight".
std::string name_beside(const Value* sibling, std::string_view operand, std::string_view layer) {
  if (sibling == nullptr || sibling->name().empty()) return fmt::format("{}.{}", layer, operand);
  std::string_view stem = sibling->name();
  if (stem.ends_with(".weight")) stem.remove_suffix(std::string_view(".weight").size());
  return fmt::format("{}.{}", stem, operand);
}

std::string_view word_for(Role role, std::string_view operand) {
  switch (role) {
    case Role::weight:
      return "weight";
    case Role::bias:
      return "bias";
    case Role::data:
    case Role::statistic:
    case Role::parameter:
      break;
  }
  return operand;
}

// A whole number, or a list of them.
tl::expected<AttributeValue, std::string> whole_attribute(const Datum& datum,
                                                          const AttributeInfo& info) {
  Ints list;
  for (const double element : datum.data) {
    const auto whole = to_whole(element);
    if (!whole) return refuse(fmt::format("attribute {}: {}", info.name, whole.error()));
    list.push_back(*whole);
  }
  if (info.type == AttributeType::integer) return AttributeValue(list.at(0));
  return AttributeValue(std::move(list));
}

}  // namespace

Rewriter::PlanResult Rewriter::plan(const Expression& expression) {
  if (expression.is_build) return plan_node(expression);
  if (expression.kind == Expression::Kind::none) return Plan{};
  if (expression.symbol.kind == Symbol::Kind::made) {
    Plan made;
    made.kind = Plan::Kind::made;
    made.definition = expression.symbol.index;
    made.result = expression.symbol.result;
    return made;
  }
  if (expression.symbol.kind == Symbol::Kind::value) {
    Plan existing;
    existing.value = bindings_.values[expression.symbol.index];
    existing.kind = existing.value == nullptr ? Plan::Kind::absent : Plan::Kind::existing;
    return existing;
  }
  if (expression.type.kind == ExpressionType::Kind::value ||
      expression.type.kind == ExpressionType::Kind::none) {
    // `(b or none)`, `(b or x)`.
    return plan(expression.children[is_absent(expression.children[0], bindings_) ? 1 : 0]);
  }
  return plan_constant(expression);
}

Rewriter::PlanResult Rewriter::plan_node(const Expression& expression) {
  Plan node;
  node.kind = Plan::Kind::node;
  const BuildTarget& target = expression.build;
  const OpInfo& op = target.op != nullptr
                         ? *target.op
                         : bindings_.nodes[static_cast<std::size_t>(target.like)]->op();
  // The row of the graph's own table.
  node.op = graph_.ops().find(op.name);
  if (node.op == nullptr) return refuse(fmt::format("the graph has no operator {}", op.name));
  for (std::size_t i = 0; i < expression.children.size(); ++i) {
    const auto index = static_cast<std::size_t>(target.operands[i]);
    PlanResult operand = plan(expression.children[i]);
    if (!operand) return operand;
    if (node.operands.size() <= index) node.operands.resize(index + 1);
    node.operands[index] = std::move(*operand);
  }
  if (auto planned = plan_attributes(expression, node); !planned)
    return refuse(std::move(planned).error());
  name_constants(expression, node);
  const auto is_required = [](const ResultInfo& result) { return result.arity == Arity::required; };
  node.result_count = static_cast<std::size_t>(std::max<long>(
      1, std::count_if(node.op->results.begin(), node.op->results.end(), is_required)));
  return node;
}

Rewriter::PlanResult Rewriter::plan_constant(const Expression& expression) {
  Plan constant;
  constant.kind = Plan::Kind::constant;
  constant.original = first_constant(expression);
  const DType wanted = root_->result()->type().dtype;
  DType fallback = is_float(wanted) ? wanted : DType::f32;
  if (expression.type.kind == ExpressionType::Kind::list) fallback = DType::i64;
  if (expression.function != nullptr && expression.text == "scale" &&
      expression.children[0].symbol.kind == Symbol::Kind::value) {
    const Value& source = *bindings_.values[expression.children[0].symbol.index];
    DatumResult factors = evaluate(expression.children[1], bindings_);
    DatumResult axis = evaluate(expression.children[2], bindings_);
    if (!factors) return refuse(std::move(factors).error());
    if (!axis) return refuse(std::move(axis).error());
    const auto along = to_whole(axis->data[0]);
    if (!along) return refuse(along.error());
    auto scaled = scale_directly(source.tensor(), *factors, *along);
    if (scaled) {
      constant.tensor = std::move(*scaled);
      constant.is_sparse = source.is_sparse();
      return constant;
    }
  }
  DatumResult datum = evaluate(expression, bindings_);
  if (!datum) return refuse(std::move(datum).error());
  constant.is_sparse = datum->is_sparse;
  constant.tensor = to_tensor(*datum, fallback);
  return constant;
}

tl::expected<AttributeValue, std::string> Rewriter::plan_attribute(
    const Expression& value, const AttributeInfo& info) const {
  if (value.symbol.kind == Symbol::Kind::attribute &&
      type_of(bindings_.attributes[value.symbol.index]) == info.type)
    return bindings_.attributes[value.symbol.index];
  // As written: float64 does not hold every whole number.
  AttributeValue literal;
  if (value.kind != Expression::Kind::none && RuleChecker::to_attribute(value, info.type, literal))
    return literal;
  DatumResult datum = evaluate(value, bindings_);
  if (!datum) return refuse(std::move(datum).error());
  const bool is_list = info.type == AttributeType::ints || info.type == AttributeType::reals;
  if (is_list && datum->shape.size() > 1)
    return refuse(fmt::format("attribute {} would be a tensor of {} axes, not a list", info.name,
                              datum->shape.size()));
  switch (info.type) {
    case AttributeType::integer:
    case AttributeType::ints:
      return whole_attribute(*datum, info);
    case AttributeType::real:
      return static_cast<float>(datum->data.at(0));
    case AttributeType::string:
      return datum->text.value_or("");
    case AttributeType::reals:
      return Floats(datum->data.begin(), datum->data.end());
    case AttributeType::tensor:
      return to_tensor(*datum, DType::f32);
    case AttributeType::none:
    case AttributeType::strings:
    case AttributeType::raw:
      break;
  }
  return AttributeValue();
}

tl::expected<void, std::string> Rewriter::plan_attributes(const Expression& expression,
                                                          Plan& node) {
  if (expression.build.attributes_of >= 0)
    node.attributes =
        bindings_.nodes[static_cast<std::size_t>(expression.build.attributes_of)]->attributes();
  for (const BuildAttribute& attribute : expression.attributes) {
    if (attribute.value.empty()) continue;
    const AttributeInfo& info = *node.op->find_attribute(attribute.name);
    auto result = plan_attribute(attribute.value.front(), info);
    if (!result) return refuse(std::move(result).error());
    const auto known = std::find_if(node.attributes.begin(), node.attributes.end(),
                                    [&](const NamedAttribute& a) { return a.name == info.name; });
    if (known != node.attributes.end())
      known->value = std::move(*result);
    else
      node.attributes.push_back({info.name, std::move(*result)});
  }
  return {};
}

// A new constant takes the place, and the name, of the operand that the copied node has there; an
// operand which that node lacks is named after its weight.
void Rewriter::name_constants(const Expression& expression, Plan& node) {
  const int like =
      expression.build.like >= 0 ? expression.build.like : expression.build.attributes_of;
  const Node* model = like < 0 ? nullptr : bindings_.nodes[static_cast<std::size_t>(like)];
  const int weight = node.op->operand_with_role(Role::weight);
  const Value* sibling =
      model == nullptr || weight < 0 ? nullptr : model->operand(static_cast<std::size_t>(weight));
  for (std::size_t i = 0; i < node.operands.size(); ++i) {
    Plan& operand = node.operands[i];
    if (operand.kind != Plan::Kind::constant || !operand.name.empty()) continue;
    Value* original = model == nullptr ? operand.original : model->operand(i);
    if (original != nullptr && original->is_constant()) {
      operand.original = original;
      operand.name = std::string(original->name());
      continue;
    }
    operand.original = nullptr;
    const auto& row = node.op->operands[std::min(i, node.op->operands.size() - 1)];
    operand.name = name_beside(sibling, word_for(row.role, row.name), root_->label());
  }
}

Value* Rewriter::first_constant(const Expression& expression) const {
  if (expression.symbol.kind == Symbol::Kind::value) {
    Value* value = bindings_.values[expression.symbol.index];
    return value != nullptr && value->is_constant() ? value : nullptr;
  }
  for (const Expression& child : expression.children)
    if (Value* found = first_constant(child)) return found;
  return nullptr;
}

Rewriter::Problem Rewriter::plan_definitions() {
  for (const NodeDefinition& definition : rule_.definitions) {
    PlanResult planned = plan(definition.node);
    if (!planned) return std::move(planned).error();
    planned->result_count = std::max(planned->result_count, definition.names.size());
    definitions_.push_back(std::move(*planned));
  }
  return std::nullopt;
}

}  // namespace rcc
