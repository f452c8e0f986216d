#include <fmt/format.h>

#include "ir/ops/functions.h"
#include "ir/ops/shape_rules.h"
#include "ir/ops/window.h"

namespace rcc {

Result<Types> infer_pool(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  const Window window = RCC_TRY(window_of(node, graph));
  for (std::size_t i = 0; i < window.axes(); ++i) {
    // Otherwise a window could lie in the padding alone.
    if (std::max(window.pads_begin[i], window.pads_end[i]) < window.extent(i)) continue;
    return fail(ErrorKind::input,
                fmt::format("pads of {} and {} along spatial axis {} are not smaller than the {} "
                            "elements that the kernel spans",
                            window.pads_begin[i], window.pads_end[i], i, window.extent(i)));
  }
  Shape shape(window.axes() + 2, Dim::unknown());
  if (x.is_ranked) shape = x.dims;
  for (std::size_t i = 0; i < window.axes(); ++i) {
    shape[i + 2] = RCC_TRY(window_result(node, window, i, shape[i + 2]));
  }
  if (node.result_count() == 1) return Types(1, Type(x.dtype, shape));
  return Types{Type(x.dtype, shape), Type(DType::i64, shape)};
}

namespace {

Result<void> check_order(const Node& node) {
  const std::int64_t order = node.attribute_int(attr::p);
  if (order >= 1) return {};
  return fail(ErrorKind::input, fmt::format("p is {}, expected 1 or more", order));
}

}  // namespace

Result<Types> infer_lp_pool(const Node& node, const Graph& graph) {
  RCC_TRY(check_order(node));
  return infer_pool(node, graph);
}

Result<Types> infer_global_lp_pool(const Node& node, const Graph& graph) {
  RCC_TRY(check_order(node));
  return infer_global_pool(node, graph);
}

Result<Types> infer_global_pool(const Node& node, const Graph& graph) {
  Type type = operand_type(node, 0);
  if (type.is_ranked && type.rank() < 2) {
    return fail(ErrorKind::input, fmt::format("{} must have a batch and a channel axis",
                                              operand_text(node, 0, graph)));
  }
  for (std::size_t i = 2; i < type.rank(); ++i) type.dims[i] = 1;
  return Types{std::move(type)};
}

}  // namespace rcc
