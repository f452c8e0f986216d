#include "backends/torch/trainable.h"

#include <optional>

namespace rcc {

namespace {

// Layer norm's gamma and PRelu's slope have the role `parameter`, as have shapes and scales.
bool is_trained(const Node& node, std::size_t operand, Role role) {
  if (role == Role::weight || role == Role::bias) return true;
  return (node.is(OpKind::layer_norm) || node.is(OpKind::prelu)) && operand == 1;
}

// The constant behind quantizers, or null.
Value* constant_behind(Value* value) {
  while (value && value->producer()) {
    const Node& node = *value->producer();
    if (!node.is(OpKind::dequantize) && !node.is(OpKind::quantize) && !node.is(OpKind::identity))
      return nullptr;
    value = node.operand(0);
  }
  return value && value->is_constant() ? value : nullptr;
}

std::optional<Role> role_of(const Node& node, std::size_t operand) {
  const auto& rows = node.op().operands;
  if (operand >= rows.size()) return std::nullopt;
  return rows[operand].role;
}

}  // namespace

Result<Trainable> find_trainable(Graph& graph) {
  Trainable found;
  IdMap<ValueId, bool> is_known;
  std::string_view half_precision;
  for (Node& node : graph.nodes()) {
    for (std::size_t i = 0; i < node.operand_count(); ++i) {
      const std::optional<Role> role = role_of(node, i);
      Value* constant = constant_behind(node.operand(i));
      if (!role || !constant || is_known[constant->id()]) continue;
      const bool is_statistic = *role == Role::statistic && node.is(OpKind::batch_norm);
      if (!is_statistic && !is_trained(node, i, *role)) continue;
      is_known[constant->id()] = true;
      const DType dtype = constant->type().dtype;
      if (is_integer(dtype)) {
        found.frozen.push_back(constant);
      } else if (dtype != DType::f32) {
        half_precision = constant->name();
      } else {
        (is_statistic ? found.statistics : found.parameters).push_back(constant);
      }
    }
  }
  if (!half_precision.empty())
    return fail(ErrorKind::input,
                fmt::format("constant `{}`: only float32 weights can be trained", half_precision),
                "train the float32 model, and convert it afterwards");
  if (found.parameters.empty())
    return fail(ErrorKind::input, "the graph has no float weights to train",
                found.frozen.empty()
                    ? "fine_tune needs operators with constant weights"
                    : "its weights are integers: fine-tune before they are quantized");
  return found;
}

void separate_statistics(Graph& graph) {
  IdMap<ValueId, bool> is_taken;
  for (Node& node : graph.nodes()) {
    if (!node.is(OpKind::batch_norm)) continue;
    for (const std::size_t operand : {3, 4}) {
      Value* value = node.operand(operand);
      if (!value || !value->is_constant()) continue;
      if (is_taken[value->id()]) {
        value = &graph.add_constant(value->name(), value->tensor());
        graph.set_operand(node, operand, value);
      }
      is_taken[value->id()] = true;
    }
  }
}

}  // namespace rcc
