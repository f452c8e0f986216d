#include "passes/moved_ranges.h"

#include <algorithm>

#include "ir/support/disjoint_sets.h"

namespace rcc {

bool is_moved_operand(const Node& node, std::size_t operand) {
  const Value* value = node.operand(operand);
  if (value == nullptr || !node.op().keeps_scale) return false;
  const std::size_t row = std::min(operand, node.op().operands.size() - 1);
  return node.op().operands[row].role == Role::data && value->type().dtype == DType::f32;
}

IdMap<ValueId, std::optional<Range>> ranges_shared_by_movers(const Graph& graph) {
  DisjointSets sets(graph.value_id_limit());
  for (const Node& node : graph.nodes()) {
    if (node.result() == nullptr) continue;
    for (std::size_t i = 0; i < node.operand_count(); ++i)
      if (is_moved_operand(node, i))
        sets.unite(node.operand(i)->id().index, node.result()->id().index);
  }
  std::vector<std::optional<Range>> of_set(graph.value_id_limit());
  for (std::uint32_t id = 0; id < graph.value_id_limit(); ++id) {
    const Value* value = graph.value(ValueId{id});
    if (value == nullptr || !value->range()) continue;
    std::optional<Range>& range = of_set[sets.find(id)];
    range = range ? Range{std::min(range->low, value->range()->low),
                          std::max(range->high, value->range()->high)}
                  : *value->range();
  }
  IdMap<ValueId, std::optional<Range>> ranges;
  for (std::uint32_t id = 0; id < graph.value_id_limit(); ++id)
    ranges[ValueId{id}] = of_set[sets.find(id)];
  return ranges;
}

}  // namespace rcc
