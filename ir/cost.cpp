#include "ir/cost.h"

#include <algorithm>

namespace rcc {

namespace {

Role role_of(const Node& node, std::size_t operand) {
  const auto& operands = node.op().operands;
  // Operands of an opaque node have no row.
  return operands.empty() ? Role::data : operands[std::min(operand, operands.size() - 1)].role;
}

bool is_quantizer(const Node& node) {
  return node.is(OpKind::quantize) || node.is(OpKind::dequantize);
}

// Whether operand slot `operand` makes a constant of `type` a parameter of the model.
bool reads_parameters(const Node& node, std::size_t operand, const Type& type) {
  const Role role = role_of(node, operand);
  if (role == Role::statistic) return false;
  // Scales and zero points describe how weights are stored.
  if (is_quantizer(node)) {
    return operand == 0 && (type.rank() > 0 || is_float(type.dtype));
  }
  if (is_integer(type.dtype)) return node.op().is_contraction && role == Role::weight;
  if (!is_float(type.dtype)) return false;
  return type.rank() > 0 || role == Role::weight || role == Role::bias;
}

bool is_parameter(const Value& constant) {
  for (const Use& use : constant.uses()) {
    if (reads_parameters(use.user(), use.operand(), constant.type())) return true;
  }
  // Returned as it is: nothing says otherwise.
  return constant.is_output() && is_float(constant.type().dtype) && constant.type().rank() > 0;
}

void add_constant(Cost& cost, const Value& constant, bool counts) {
  const Tensor& tensor = constant.tensor();
  cost.weight_bytes += tensor.size_bytes();
  if (counts) cost.params += static_cast<std::uint64_t>(tensor.element_count());
}

std::uint64_t macs_of(const Node& node) { return node.op().macs ? node.op().macs(node) : 0; }

}  // namespace

Cost cost(const Graph& graph) {
  Cost total;
  for (const Value* constant : graph.constants()) {
    add_constant(total, *constant, is_parameter(*constant));
  }
  for (const Node& node : graph.nodes()) {
    if (__builtin_add_overflow(total.macs, macs_of(node), &total.macs)) total.macs = UINT64_MAX;
  }
  return total;
}

Cost cost(const Node& node) {
  Cost total;
  total.macs = macs_of(node);
  for (std::size_t i = 0; i < node.operand_count(); ++i) {
    const Value* operand = node.operand(i);
    if (!operand || !operand->is_constant()) continue;
    add_constant(total, *operand, reads_parameters(node, i, operand->type()));
  }
  return total;
}

Cost cost_with_zeros(const Graph& graph) {
  Cost total = cost(graph);
  for (const Value* constant : graph.constants()) {
    if (is_parameter(*constant)) total.nonzero_params += count_nonzeros(constant->tensor());
  }
  return total;
}

namespace {

template <typename T>
std::uint64_t count_nonzero_elements(const Tensor& tensor) {
  const ElementView<T> elements = tensor.elements<T>();
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < elements.size(); ++i) count += elements[i] != 0 ? 1 : 0;
  return count;
}

}  // namespace

std::uint64_t count_nonzeros(const Tensor& tensor) {
  if (tensor.is_elided()) return static_cast<std::uint64_t>(tensor.element_count());
  if (tensor.dtype() == DType::f32) return count_nonzero_elements<float>(tensor);
  if (tensor.dtype() == DType::i8) return count_nonzero_elements<std::int8_t>(tensor);
  if (!is_numeric(tensor.dtype())) return static_cast<std::uint64_t>(tensor.element_count());
  const std::vector<double> values = tensor.to_doubles();
  return static_cast<std::uint64_t>(
      std::ranges::count_if(values, [](double value) { return value != 0; }));
}

}  // namespace rcc
