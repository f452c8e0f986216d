#include <fmt/format.h>

#include "ir/ops/functions.h"
#include "ir/ops/links.h"
#include "ir/ops/shape_rules.h"

namespace rcc {

Result<Types> infer_batch_norm(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  if (x.is_ranked && x.rank() < 1) {
    return fail(ErrorKind::input,
                fmt::format("{} must have rank 1 or more", operand_text(node, 0, graph)));
  }
  // A vector is a batch of one channel.
  Dim channels = Dim::unknown();
  if (x.is_ranked) channels = x.rank() > 1 ? x.dims[1] : Dim(1);
  for (std::size_t i = 1; i < 5; ++i) {
    RCC_TRY(require_vector(node, i, channels, "channel of `x`", graph));
    const Type& type = operand_type(node, i);
    if (type.is_ranked) channels = more_precise(channels, type.dims[0]);
  }
  Type y = x;
  if (x.is_ranked && x.rank() > 1) y.dims[1] = channels;
  if (node.result_count() == 1) return Types(1, y);
  return Types{std::move(y), Type(operand_type(node, 3).dtype, {channels}),
               Type(operand_type(node, 4).dtype, {channels})};
}

Result<Types> infer_layer_norm(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  const std::string& stash = node.attribute_string(attr::stash_type);
  const DType dtype = parse_dtype(stash).value_or(DType::unknown);
  if (!is_float(dtype)) {
    return fail(ErrorKind::input,
                fmt::format("stash_type is \"{}\", expected the type of floats", stash));
  }
  if (!x.is_ranked) return Types{x, Type::unranked(dtype), Type::unranked(dtype)};
  const std::size_t axis = RCC_TRY(checked_axis(node.attribute_int(attr::axis), x.rank()));
  for (const std::size_t i : {1, 2}) {
    if (!node.operand(i) || !operand_type(node, i).is_ranked) continue;
    if (broadcasts_to(operand_type(node, i).dims, x.dims)) continue;
    return fail(ErrorKind::input,
                fmt::format("{} does not broadcast to {}", operand_text(node, i, graph),
                            operand_text(node, 0, graph)));
  }
  Type moments(dtype, x.dims);
  for (std::size_t i = axis; i < x.rank(); ++i) moments.dims[i] = 1;
  return Types{x, moments, moments};
}

Result<Types> infer_softmax(const Node& node, const Graph&) {
  const Type& x = operand_type(node, 0);
  if (x.is_ranked) RCC_TRY(checked_axis(node.attribute_int(attr::axis), x.rank()));
  return Types{x};
}

void link_softmax(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const std::size_t fixed = axis_from_front(node, types.x->rank());
  for (std::size_t i = 0; i < types.x->rank(); ++i) {
    if (i != fixed) links.push_back({operand_axis(0, i), result_axis(0, i)});
  }
}

void link_layer_norm(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const std::size_t fixed = axis_from_front(node, types.x->rank());
  for (std::size_t i = 0; i < fixed; ++i) {
    for (std::size_t result = 0; result < node.result_count(); ++result) {
      if (node.result(result)) links.push_back({operand_axis(0, i), result_axis(result, i)});
    }
  }
}

}  // namespace rcc
