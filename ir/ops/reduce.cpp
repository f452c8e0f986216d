#include "ir/ops/reduce.h"

#include <algorithm>

#include "ir/ops/functions.h"
#include "ir/ops/links.h"
#include "ir/ops/shape_rules.h"

namespace rcc {

Result<std::vector<bool>> reduced_axes(const Node& node, std::size_t rank) {
  const Ints& list = node.attribute_ints(attr::axes);
  const bool reduces_all = list.empty() && node.attribute_int(attr::noop_with_empty_axes) == 0;
  std::vector<bool> is_reduced(rank, reduces_all);
  for (const std::size_t axis : RCC_TRY(checked_axes(list, rank))) is_reduced[axis] = true;
  return is_reduced;
}

Result<Types> infer_reduce(const Node& node, const Graph&) {
  const Type& x = operand_type(node, 0);
  if (!x.is_ranked) return Types{Type::unranked(x.dtype)};
  const std::vector<bool> is_reduced = RCC_TRY(reduced_axes(node, x.rank()));
  const bool keeps = node.attribute_int(attr::keepdims) != 0;
  Shape shape;
  for (std::size_t i = 0; i < x.rank(); ++i) {
    if (!is_reduced[i]) {
      shape.push_back(x.dims[i]);
    } else if (keeps) {
      shape.push_back(1);
    }
  }
  return Types{Type(x.dtype, std::move(shape))};
}

void link_reduce(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const Result<std::vector<bool>> is_reduced = reduced_axes(node, types.x->rank());
  if (!is_reduced) return;
  const bool keeps = node.attribute_int(attr::keepdims) != 0;
  std::size_t to = 0;
  for (std::size_t i = 0; i < types.x->rank(); ++i) {
    if (!(*is_reduced)[i]) links.push_back({operand_axis(0, i), result_axis(0, to)});
    if (!(*is_reduced)[i] || keeps) ++to;
  }
}

}  // namespace rcc
