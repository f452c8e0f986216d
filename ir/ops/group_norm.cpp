#include <fmt/format.h>

#include "ir/ops/functions.h"
#include "ir/ops/links.h"
#include "ir/ops/shape_rules.h"

// Normalisations over parts of an image: instance_norm, group_norm, local_response_norm; and
// rms_norm.

namespace rcc {

namespace {

// Checks x of rank 2 or more and a number for each channel in operands 1 and 2.
Result<Types> infer_scaled_channels(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  if (x.is_ranked && x.rank() < 2) {
    return fail(ErrorKind::input, fmt::format("{} must have a batch and a channel axis",
                                              operand_text(node, 0, graph)));
  }
  Dim channels = x.is_ranked ? x.dims[1] : Dim::unknown();
  for (const std::size_t i : {1, 2}) {
    RCC_TRY(require_vector(node, i, channels, "channel of `x`", graph));
    const Type& type = operand_type(node, i);
    if (type.is_ranked) channels = more_precise(channels, type.dims[0]);
  }
  Type y = x;
  if (x.is_ranked) y.dims[1] = channels;
  return Types{std::move(y)};
}

}  // namespace

Result<Types> infer_instance_norm(const Node& node, const Graph& graph) {
  return infer_scaled_channels(node, graph);
}

Result<Types> infer_group_norm(const Node& node, const Graph& graph) {
  const std::int64_t groups = node.attribute_int(attr::num_groups);
  Types types = RCC_TRY(infer_scaled_channels(node, graph));
  const Type& x = types[0];
  const bool is_known = x.is_ranked && x.dims[1].is_fixed();
  if (groups >= 1 && (!is_known || x.dims[1].size() % groups == 0)) return types;
  return fail(ErrorKind::input,
              fmt::format("num_groups is {}, which does not divide the {} channels", groups,
                          is_known ? x.dims[1].size() : 0));
}

Result<Types> infer_local_response_norm(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  const std::int64_t size = node.attribute_int(attr::size);
  if (size < 1) return fail(ErrorKind::input, fmt::format("size is {}, expected 1 or more", size));
  if (!x.is_ranked || x.rank() >= 2) return Types{x};
  return fail(ErrorKind::input,
              fmt::format("{} must have a batch and a channel axis", operand_text(node, 0, graph)));
}

Result<Types> infer_rms_norm(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  const Type& gamma = operand_type(node, 1);
  if (!x.is_ranked) return Types{x};
  RCC_TRY(checked_axis(node.attribute_int(attr::axis), x.rank()));
  if (!gamma.is_ranked || broadcasts_to(gamma.dims, x.dims)) return Types{x};
  return fail(ErrorKind::input,
              fmt::format("{} does not broadcast to {}", operand_text(node, 1, graph),
                          operand_text(node, 0, graph)));
}

Result<Types> infer_lp_norm(const Node& node, const Graph&) {
  const Type& x = operand_type(node, 0);
  const std::int64_t order = node.attribute_int(attr::p);
  if (order != 1 && order != 2) {
    return fail(ErrorKind::input, fmt::format("p is {}, expected 1 or 2", order));
  }
  if (x.is_ranked) RCC_TRY(checked_axis(node.attribute_int(attr::axis), x.rank()));
  return Types{x};
}

}  // namespace rcc
