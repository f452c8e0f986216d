#include "ir/ops/links.h"

#include "ir/ops/functions.h"

namespace rcc {

RankedTypes ranked_types(const Node& node) {
  const Value* x = node.operand(std::size_t{0});
  const Value* y = node.result();
  if (!x || !y || !x->type().is_ranked || !y->type().is_ranked) return {};
  return {&x->type(), &y->type()};
}

void link_operand_by_broadcast(const Node& node, std::size_t index, std::vector<AxisLink>& links) {
  const Value* operand = node.operand(index);
  const Value* result = node.result();
  if (!operand || !result || !operand->type().is_ranked || !result->type().is_ranked) return;
  const Shape& dims = operand->type().dims;
  const std::size_t rank = result->type().rank();
  if (dims.size() > rank) return;
  for (std::size_t axis = 0; axis < dims.size(); ++axis) {
    if (dims[axis] == Dim(1)) continue;
    links.push_back({operand_axis(index, axis), result_axis(0, axis + rank - dims.size())});
  }
}

void link_nothing(const Node&, std::vector<AxisLink>&) {}

}  // namespace rcc
