#include "ir/shape_inference.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/ops/shape_rules.h"

namespace rcc {

namespace {

std::string place_of(const Node& node) {
  return fmt::format("{} `{}`", node.op().name, escape_for_display(node.label()));
}

Result<void> check_required_operands(const Node& node) {
  const OpInfo& op = node.op();
  const int most = op.max_operands();
  if (most >= 0 && node.operand_count() > static_cast<std::size_t>(most)) {
    return fail(ErrorKind::input,
                fmt::format("has {} operands, at most {} expected", node.operand_count(), most));
  }
  const auto absent = [](const OperandInfo& operand) {
    return fail(ErrorKind::input, fmt::format("operand `{}` is absent", operand.name));
  };
  const std::size_t rows = op.operands.size();
  for (std::size_t i = 0; i < rows; ++i)
    if (!node.operand(i) && op.operands[i].arity != Arity::optional) return absent(op.operands[i]);
  for (std::size_t i = rows; i < node.operand_count(); ++i)
    if (!node.operand(i)) return absent(op.operands.back());
  return {};
}

bool types_conflict(const Type& a, const Type& b) {
  if (a.dtype != b.dtype && a.dtype != DType::unknown && b.dtype != DType::unknown) return true;
  if (!a.is_ranked || !b.is_ranked) return false;
  if (a.rank() != b.rank()) return true;
  for (std::size_t i = 0; i < a.rank(); ++i) {
    if (conflict(a.dims[i], b.dims[i])) return true;
  }
  return false;
}

enum class Recorded { kept, forgotten };

Result<void> infer_node(Graph& graph, Node& node, Recorded recorded) {
  if (node.op().is_opaque() || !node.op().infer) return {};
  const std::vector<Type> inferred = RCC_TRY(infer_result_types(graph, node));
  for (std::size_t i = 0; i < node.result_count(); ++i) {
    Value* result = node.result(i);
    if (!result) continue;
    if (recorded == Recorded::forgotten) {
      graph.set_type(*result, inferred[i]);
      continue;
    }
    if (types_conflict(result->type(), inferred[i])) {
      auto error =
          fail(ErrorKind::input, fmt::format("the result %{} is recorded as {}, but it is {}",
                                             escape_for_display(result->name()),
                                             to_text(result->type(), graph.symbols()),
                                             to_text(inferred[i], graph.symbols())));
      return fail(std::move(error.value()).with_place(place_of(node)));
    }
    graph.set_type(*result, more_precise(inferred[i], result->type()));
  }
  return {};
}

}  // namespace

Type more_precise(const Type& a, const Type& b) {
  Type type = a.is_ranked ? a : b;
  type.dtype = a.dtype == DType::unknown ? b.dtype : a.dtype;
  if (!a.is_ranked || !b.is_ranked) return type;
  for (std::size_t i = 0; i < type.rank() && i < b.rank(); ++i) {
    type.dims[i] = more_precise(a.dims[i], b.dims[i]);
  }
  return type;
}

Result<std::vector<Type>> infer_result_types(const Graph& graph, const Node& node) {
  Result<void> operands = check_required_operands(node);
  if (!operands) return fail(std::move(operands).error().with_place(place_of(node)));
  return infer_checked_node(graph, node);
}

Result<std::vector<Type>> infer_checked_node(const Graph& graph, const Node& node) {
  if (!node.op().infer) return std::vector<Type>(node.result_count());
  Result<std::vector<Type>> types = node.op().infer(node, graph);
  if (!types) return fail(std::move(types).error().with_place(place_of(node)));
  for (const Type& type : *types) {
    if (type.element_count() || !type.is_static()) continue;
    auto error = fail(ErrorKind::input, "the number of elements of the result overflows 64 bits");
    return fail(std::move(error.value()).with_place(place_of(node)));
  }
  if (types->size() < node.result_count()) types->resize(node.result_count());
  return types;
}

Result<void> infer_types(Graph& graph, Node& node) {
  return infer_node(graph, node, Recorded::kept);
}

Result<void> infer_types(Graph& graph) {
  for (Node& node : graph.nodes()) RCC_TRY(infer_node(graph, node, Recorded::kept));
  return {};
}

Result<void> infer_types_anew(Graph& graph) {
  for (Node& node : graph.nodes()) RCC_TRY(infer_node(graph, node, Recorded::forgotten));
  return {};
}

}  // namespace rcc
