#include <fmt/format.h>

#include <algorithm>

#include "ir/ops/functions.h"
#include "ir/ops/links.h"
#include "ir/ops/shape_rules.h"

// Operators that read or write elements at places given by indices: gather_elements, gather_nd,
// scatter_elements, scatter_nd.

namespace rcc {

namespace {

Result<void> require_indices(const Node& node, std::size_t index, const Graph& graph) {
  const DType dtype = operand_type(node, index).dtype;
  if (dtype == DType::i64 || dtype == DType::i32 || dtype == DType::unknown) return {};
  return fail(ErrorKind::input,
              fmt::format("{} must be i32 or i64", operand_text(node, index, graph)));
}

Result<void> check_reduction(const Node& node) {
  const std::string& name = node.attribute_string(attr::reduction);
  for (const std::string_view known : {"none", "add", "mul", "max", "min"}) {
    if (name == known) return {};
  }
  return fail(ErrorKind::input,
              fmt::format("reduction is \"{}\", expected none, add, mul, max or min", name));
}

}  // namespace

Result<Types> infer_gather_elements(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  const Type& indices = operand_type(node, 1);
  RCC_TRY(require_indices(node, 1, graph));
  if (x.is_ranked) RCC_TRY(checked_axis(node.attribute_int(attr::axis), x.rank()));
  if (x.is_ranked) RCC_TRY(require_rank(node, 1, x.rank(), graph));
  if (!indices.is_ranked) return Types{Type::unranked(x.dtype)};
  return Types{Type(x.dtype, indices.dims)};
}

namespace {

// Axes of gather_nd and scatter_nd: `depth` axes of x, from `batch` on, are named by an index.
struct IndexDepth {
  std::size_t batch = 0;
  std::size_t depth = 0;
};

// nullopt while the sizes are not known.
Result<std::optional<IndexDepth>> index_depth(const Node& node, std::int64_t batch,
                                              const Graph& graph) {
  const Type& x = operand_type(node, 0);
  const Type& indices = operand_type(node, 1);
  RCC_TRY(require_indices(node, 1, graph));
  if (!x.is_ranked || !indices.is_ranked) return std::optional<IndexDepth>();
  const auto least = static_cast<std::int64_t>(std::min(x.rank(), indices.rank()));
  if (x.rank() == 0 || indices.rank() == 0 || batch < 0 || batch >= least) {
    return fail(ErrorKind::input,
                fmt::format("{} and {} must have more axes than batch_dims, which is {}",
                            operand_text(node, 0, graph), operand_text(node, 1, graph), batch));
  }
  const Dim depth = indices.dims.back();
  if (!depth.is_fixed()) return std::optional<IndexDepth>();
  const auto room = static_cast<std::int64_t>(x.rank()) - batch;
  if (depth.size() < 1 || depth.size() > room) {
    return fail(ErrorKind::input, fmt::format("{} has {} numbers an index, expected 1 to {}",
                                              operand_text(node, 1, graph), depth.size(), room));
  }
  return std::optional(IndexDepth{.batch = static_cast<std::size_t>(batch),
                                  .depth = static_cast<std::size_t>(depth.size())});
}

}  // namespace

Result<Types> infer_gather_nd(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  const Type& indices = operand_type(node, 1);
  const auto axes = RCC_TRY(index_depth(node, node.attribute_int(attr::batch_dims), graph));
  if (!axes) return Types{Type::unranked(x.dtype)};
  Shape shape;
  for (std::size_t i = 0; i < axes->batch; ++i) {
    if (conflict(x.dims[i], indices.dims[i])) {
      return fail(ErrorKind::input, fmt::format("{} and {} must agree along the {} batch axes",
                                                operand_text(node, 0, graph),
                                                operand_text(node, 1, graph), axes->batch));
    }
    shape.push_back(more_precise(x.dims[i], indices.dims[i]));
  }
  shape.insert(shape.end(), indices.dims.begin() + static_cast<std::ptrdiff_t>(axes->batch),
               indices.dims.end() - 1);
  shape.insert(shape.end(), x.dims.begin() + static_cast<std::ptrdiff_t>(axes->batch + axes->depth),
               x.dims.end());
  if (shape.size() > kMaxRank) return fail(ErrorKind::input, "the rank of the result is too high");
  return Types{Type(x.dtype, std::move(shape))};
}

Result<Types> infer_scatter_elements(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  const Type& indices = operand_type(node, 1);
  const Type& updates = operand_type(node, 2);
  RCC_TRY(check_reduction(node));
  RCC_TRY(require_indices(node, 1, graph));
  const DType dtype = RCC_TRY(common_dtype(node, std::array<std::size_t, 2>{0, 2}, graph));
  if (x.is_ranked) {
    RCC_TRY(checked_axis(node.attribute_int(attr::axis), x.rank()));
    RCC_TRY(require_rank(node, 1, x.rank(), graph));
    RCC_TRY(require_rank(node, 2, x.rank(), graph));
  }
  const auto agree = [](Dim a, Dim b) { return !conflict(a, b); };
  if (indices.is_ranked && updates.is_ranked &&
      !std::ranges::equal(indices.dims, updates.dims, agree)) {
    return fail(ErrorKind::input,
                fmt::format("{} and {} must have the same shape", operand_text(node, 1, graph),
                            operand_text(node, 2, graph)));
  }
  Type type = x;
  type.dtype = dtype;
  return Types{std::move(type)};
}

Result<Types> infer_scatter_nd(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  const Type& indices = operand_type(node, 1);
  const Type& updates = operand_type(node, 2);
  RCC_TRY(check_reduction(node));
  const DType dtype = RCC_TRY(common_dtype(node, std::array<std::size_t, 2>{0, 2}, graph));
  const auto axes = RCC_TRY(index_depth(node, 0, graph));
  if (axes && updates.is_ranked) {
    Shape expected(indices.dims.begin(), indices.dims.end() - 1);
    expected.insert(expected.end(), x.dims.begin() + static_cast<std::ptrdiff_t>(axes->depth),
                    x.dims.end());
    const auto agree = [](Dim a, Dim b) { return !conflict(a, b); };
    if (!std::ranges::equal(updates.dims, expected, agree)) {
      return fail(ErrorKind::input,
                  fmt::format("{} must have shape {}", operand_text(node, 2, graph),
                              to_text(expected, graph.symbols())));
    }
  }
  Type type = x;
  type.dtype = dtype;
  return Types{std::move(type)};
}

namespace {

// Links axis `axis` of operands `from` on to the result's where the sizes are the same number.
void link_equal_axis(const Node& node, std::size_t operand, std::size_t axis,
                     std::vector<AxisLink>& links) {
  const Value* value = node.operand(operand);
  const Shape& y = node.result()->type().dims;
  if (!value || !value->type().is_ranked || value->type().rank() != y.size()) return;
  if (!y[axis].is_fixed() || value->type().dims[axis] != y[axis]) return;
  links.push_back({operand_axis(operand, axis), result_axis(0, axis)});
}

}  // namespace

// Along every axis but one an element stays at its place. Where indices are fewer than elements,
// some places are not read, and the axis is fixed.
void link_gather_elements(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const std::size_t chosen = axis_from_front(node, types.x->rank());
  for (std::size_t i = 0; i < types.y->rank(); ++i) {
    if (i != chosen) link_equal_axis(node, 0, i, links);
    link_equal_axis(node, 1, i, links);
  }
}

void link_scatter_elements(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const std::size_t chosen = axis_from_front(node, types.x->rank());
  for (std::size_t i = 0; i < types.y->rank(); ++i) {
    if (i == chosen) continue;
    const std::size_t before = links.size();
    for (std::size_t operand = 0; operand < 3; ++operand) link_equal_axis(node, operand, i, links);
    // Elements that only some updates reach cannot be removed.
    if (links.size() != before + 3) links.resize(before);
  }
}

void link_gather_nd(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types || !node.operand(1)->type().is_ranked) return;
  const Shape& indices = node.operand(1)->type().dims;
  if (!indices.back().is_fixed()) return;
  const auto batch = static_cast<std::size_t>(node.attribute_int(attr::batch_dims));
  const std::size_t first = batch + static_cast<std::size_t>(indices.back().size());
  for (std::size_t i = 0; i < batch; ++i) links.push_back({operand_axis(0, i), result_axis(0, i)});
  for (std::size_t i = 0; i + 1 < indices.size(); ++i) {
    links.push_back({operand_axis(1, i), result_axis(0, i)});
  }
  for (std::size_t i = first; i < types.x->rank(); ++i) {
    links.push_back({operand_axis(0, i), result_axis(0, i - first + indices.size() - 1)});
  }
}

// The axes after those that an index names are moved as a whole.
void link_scatter_nd(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types || !node.operand(1)->type().is_ranked || !node.operand(2)->type().is_ranked) return;
  const Shape& indices = node.operand(1)->type().dims;
  if (!indices.back().is_fixed()) return;
  const auto depth = static_cast<std::size_t>(indices.back().size());
  for (std::size_t i = depth; i < types.x->rank(); ++i) {
    links.push_back({operand_axis(0, i), result_axis(0, i)});
    links.push_back({operand_axis(2, i - depth + indices.size() - 1), result_axis(0, i)});
  }
}

}  // namespace rcc
