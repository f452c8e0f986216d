#include "ir/graph.h"
#include "ir/op.h"
#include "ir/ops/functions.h"

namespace rcc {

namespace {

// The short forms in which op.def writes operands and attributes.

OperandInfo data(std::string_view name) { return {.name = name}; }
OperandInfo weight(std::string_view name) { return {.name = name, .role = Role::weight}; }
OperandInfo statistic(std::string_view name) { return {.name = name, .role = Role::statistic}; }
OperandInfo parameter(std::string_view name) { return {.name = name, .role = Role::parameter}; }
OperandInfo variadic(std::string_view name) { return {.name = name, .arity = Arity::variadic}; }
OperandInfo optional(std::string_view name, Role role = Role::parameter) {
  return {.name = name, .arity = Arity::optional, .role = role};
}
OperandInfo cleared(OperandInfo operand) {
  operand.cleared_by_mask = true;
  return operand;
}
OperandInfo bias(std::string_view name) {
  const bool is_required = name == "beta";
  return cleared(
      {.name = name, .arity = is_required ? Arity::required : Arity::optional, .role = Role::bias});
}

AttributeInfo integer(std::string_view name, std::int64_t value) {
  return {.name = name, .type = AttributeType::integer, .default_value = value};
}
AttributeInfo optional_integer(std::string_view name) {
  return {.name = name, .type = AttributeType::integer};
}
AttributeInfo required_integer(std::string_view name) {
  return {.name = name, .type = AttributeType::integer, .is_required = true};
}
AttributeInfo real(std::string_view name, float value) {
  return {.name = name, .type = AttributeType::real, .default_value = value};
}
AttributeInfo text(std::string_view name, std::string value) {
  return {.name = name, .type = AttributeType::string, .default_value = std::move(value)};
}
AttributeInfo required_text(std::string_view name) {
  return {.name = name, .type = AttributeType::string, .is_required = true};
}
AttributeInfo dtype(std::string_view name, std::string value = "") {
  AttributeInfo attribute = text(name, std::move(value));
  attribute.is_dtype = true;
  return attribute;
}
AttributeInfo required_dtype(std::string_view name) {
  AttributeInfo attribute = required_text(name);
  attribute.is_dtype = true;
  return attribute;
}
AttributeInfo ints(std::string_view name) {
  return {.name = name, .type = AttributeType::ints, .default_value = Ints{}};
}
AttributeInfo uniform(std::string_view name, std::int64_t value) {
  AttributeInfo attribute = ints(name);
  attribute.uniform_default = value;
  return attribute;
}
AttributeInfo required_ints(std::string_view name) {
  return {.name = name, .type = AttributeType::ints, .is_required = true};
}
AttributeInfo zero_tensor(std::string_view name) {
  return {
      .name = name, .type = AttributeType::tensor, .default_value = Tensor::of<float>({1}, {0.0f})};
}

std::shared_ptr<OpTable> table_of_definitions() {
  auto table = std::make_shared<OpTable>();
#define RCC_OP(kind_, ...) table->add({.kind = OpKind::kind_, .name = #kind_, __VA_ARGS__});
#include "ir/op.def"
#undef RCC_OP
  return table;
}

}  // namespace

std::shared_ptr<const OpTable> OpTable::builtin() {
  static const std::shared_ptr<const OpTable> table = table_of_definitions();
  return table;
}

std::shared_ptr<OpTable> OpTable::extended_builtin() { return table_of_definitions(); }

const OpInfo& OpTable::add(OpInfo row) {
  RCC_CHECK(!by_name_.contains(row.name), "a second operator `{}`", row.name);
  const std::size_t index = rows_.size();
  const auto opaque = static_cast<std::size_t>(OpKind::opaque);
  row.kind = static_cast<OpKind>(index < opaque ? index : index + 1);
  const OpInfo& stored = rows_.emplace_back(std::move(row));
  by_name_.emplace(stored.name, &stored);
  if (!stored.onnx_name.empty())
    by_onnx_name_.emplace(onnx_key(stored.onnx_domain, stored.onnx_name), &stored);
  return stored;
}

const OpInfo* OpTable::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

const OpInfo* OpTable::find_onnx(std::string_view domain, std::string_view onnx_name) const {
  const auto found = by_onnx_name_.find(onnx_key(domain, onnx_name));
  return found == by_onnx_name_.end() ? nullptr : found->second;
}

std::string OpTable::onnx_key(std::string_view domain, std::string_view onnx_name) {
  if (domain == "ai.onnx") domain = {};
  std::string key(domain);
  key += ':';
  key += onnx_name;
  return key;
}

}  // namespace rcc
