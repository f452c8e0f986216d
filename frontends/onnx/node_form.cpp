#include "frontends/onnx/node_form.h"

namespace rcc {

Type OperandForm::type() const {
  if (value != nullptr) return value->type();
  return literal ? literal->type() : Type();
}

std::optional<Tensor> OperandForm::constant() const {
  if (literal) return literal;
  if (value != nullptr && value->is_constant() && !value->tensor().is_elided()) return value->tensor();
  return std::nullopt;
}

std::optional<std::vector<std::int64_t>> OperandForm::ints() const {
  const auto tensor = constant();
  if (!tensor || !is_integer(tensor->dtype())) return std::nullopt;
  return tensor->to_ints();
}

std::optional<double> OperandForm::number() const {
  const auto tensor = constant();
  if (!tensor || !is_numeric(tensor->dtype()) || tensor->element_count() != 1) return std::nullopt;
  return tensor->at(0);
}

const OperandForm& NodeForm::operand(std::size_t index) const {
  static const OperandForm absent;
  return index < operands.size() ? operands[index] : absent;
}

void NodeForm::set_operand(std::size_t index, OperandForm operand) {
  if (index >= operands.size()) operands.resize(index + 1);
  operands[index] = std::move(operand);
  while (!operands.empty() && operands.back().is_absent()) operands.pop_back();
}

const AttributeValue* NodeForm::find(std::string_view name) const {
  const auto found = attributes.find(name);
  return found == attributes.end() ? nullptr : &found->second;
}

std::optional<std::int64_t> NodeForm::find_int(std::string_view name) const {
  const AttributeValue* value = find(name);
  const auto* number = value ? std::get_if<std::int64_t>(value) : nullptr;
  return number ? std::optional(*number) : std::nullopt;
}

const Ints* NodeForm::find_ints(std::string_view name) const {
  const AttributeValue* value = find(name);
  return value ? std::get_if<Ints>(value) : nullptr;
}

const std::string* NodeForm::find_string(std::string_view name) const {
  const AttributeValue* value = find(name);
  return value ? std::get_if<std::string>(value) : nullptr;
}

void NodeForm::set(std::string_view name, AttributeValue value) {
  attributes.insert_or_assign(std::string(name), std::move(value));
}

void NodeForm::remove(std::string_view name) {
  const auto found = attributes.find(name);
  if (found != attributes.end()) attributes.erase(found);
}

}  // namespace rcc
