#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace rcc {

// An operand of a node as some opset writes it: a value of the graph, or a constant that only this
// form of the node needs (`axes` as an operand where the file has an attribute). Neither: absent.
struct OperandForm {
  Value* value = nullptr;
  std::optional<Tensor> literal;

  bool is_absent() const { return value == nullptr && !literal; }
  // Unknown for an absent operand.
  Type type() const;
  // The elements when they are known now.
  std::optional<Tensor> constant() const;
  // The same for integers, and for one number.
  std::optional<std::vector<std::int64_t>> ints() const;
  std::optional<double> number() const;
};

// A node of ONNX's own domain in the terms of one opset, on its way into or out of the graph.
struct NodeForm {
  std::string op_type;
  std::vector<OperandForm> operands;
  std::map<std::string, AttributeValue, std::less<>> attributes;
  // Which results exist.
  std::vector<bool> results;

  // The absent operand past the end.
  const OperandForm& operand(std::size_t index) const;
  void set_operand(std::size_t index, OperandForm operand);
  void remove_operand(std::size_t index) { set_operand(index, {}); }
  bool has_operand(std::size_t index) const { return !operand(index).is_absent(); }
  bool has_result(std::size_t index) const { return index < results.size() && results[index]; }

  const AttributeValue* find(std::string_view name) const;
  std::optional<std::int64_t> find_int(std::string_view name) const;
  const Ints* find_ints(std::string_view name) const;
  const std::string* find_string(std::string_view name) const;
  void set(std::string_view name, AttributeValue value);
  void remove(std::string_view name);
};

}  // namespace rcc
