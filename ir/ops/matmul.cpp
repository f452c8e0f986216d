#include <fmt/format.h>

#include <algorithm>

#include "ir/ops/functions.h"
#include "ir/ops/links.h"
#include "ir/ops/macs.h"
#include "ir/ops/shape_rules.h"

namespace rcc {

namespace {

struct GemmAxes {
  // Axes of x and W.
  std::size_t rows, x_depth, w_depth, columns;
};

GemmAxes gemm_axes(const Node& node) {
  const bool is_a = node.attribute_int(attr::trans_a) != 0;
  const bool is_b = node.attribute_int(attr::trans_b) != 0;
  return {.rows = is_a ? 1u : 0u,
          .x_depth = is_a ? 0u : 1u,
          .w_depth = is_b ? 1u : 0u,
          .columns = is_b ? 0u : 1u};
}

Result<void> require_equal_depth(const Node& node, Dim left, Dim right, const Graph& graph) {
  if (!conflict(left, right)) return {};
  return fail(ErrorKind::input,
              fmt::format("{} and {} must agree along the contracted axis, but have {} and {}",
                          operand_text(node, 0, graph), operand_text(node, 1, graph), left.size(),
                          right.size()));
}

// The matrices and batches of a product in numpy's manner.
struct Factors {
  Shape left, right;
  bool left_is_vector = false;
  bool right_is_vector = false;
};

Factors factors_of(const Type& a, const Type& b) {
  Factors factors{.left = a.dims,
                  .right = b.dims,
                  .left_is_vector = a.rank() == 1,
                  .right_is_vector = b.rank() == 1};
  if (factors.left_is_vector) factors.left.insert(factors.left.begin(), Dim(1));
  if (factors.right_is_vector) factors.right.push_back(Dim(1));
  return factors;
}

Result<Type> matmul_type(const Node& node, DType dtype, const Graph& graph) {
  const Type& a = operand_type(node, 0);
  const Type& b = operand_type(node, 1);
  if (!a.is_ranked || !b.is_ranked) return Type::unranked(dtype);
  if (a.rank() == 0 || b.rank() == 0) {
    return fail(ErrorKind::input,
                fmt::format("{} and {} must have rank 1 or more", operand_text(node, 0, graph),
                            operand_text(node, 1, graph)));
  }
  const Factors factors = factors_of(a, b);
  RCC_TRY(require_equal_depth(node, factors.left.back(), factors.right[factors.right.size() - 2],
                              graph));
  const Shape left_batch(factors.left.begin(), factors.left.end() - 2);
  const Shape right_batch(factors.right.begin(), factors.right.end() - 2);
  std::optional<Shape> shape = broadcast(left_batch, right_batch);
  if (!shape) {
    return fail(ErrorKind::input,
                fmt::format("the batch axes of {} and {} do not broadcast",
                            operand_text(node, 0, graph), operand_text(node, 1, graph)));
  }
  if (!factors.left_is_vector) shape->push_back(factors.left[factors.left.size() - 2]);
  if (!factors.right_is_vector) shape->push_back(factors.right.back());
  return Type(dtype, std::move(*shape));
}

// One zero point, or one for each of `size` rows or columns.
Result<void> require_zero_points(const Node& node, std::size_t index, Dim size,
                                 std::string_view meaning, const Graph& graph) {
  if (!node.operand(index)) return {};
  const Type& type = operand_type(node, index);
  const bool is_one = type.rank() == 0 || (type.rank() == 1 && type.dims[0] == Dim(1));
  return is_one ? Result<void>() : require_vector(node, index, size, meaning, graph);
}

}  // namespace

Result<Types> infer_gemm(const Node& node, const Graph& graph) {
  const DType dtype = RCC_TRY(common_dtype(node, graph));
  RCC_TRY(require_rank(node, 0, 2, graph));
  RCC_TRY(require_rank(node, 1, 2, graph));
  const Type& x = operand_type(node, 0);
  const Type& weight = operand_type(node, 1);
  const GemmAxes axes = gemm_axes(node);
  if (x.is_ranked && weight.is_ranked) {
    RCC_TRY(require_equal_depth(node, x.dims[axes.x_depth], weight.dims[axes.w_depth], graph));
  }
  const Dim rows = x.is_ranked ? x.dims[axes.rows] : Dim::unknown();
  const Dim columns = weight.is_ranked ? weight.dims[axes.columns] : Dim::unknown();
  Type type(dtype, {rows, columns});
  if (!node.operand(2) || !operand_type(node, 2).is_ranked) return Types{std::move(type)};
  if (!broadcasts_to(operand_type(node, 2).dims, type.dims)) {
    return fail(ErrorKind::input,
                fmt::format("{} does not broadcast to the result {}: expected one element for "
                            "each of the {} output channels",
                            operand_text(node, 2, graph), to_text(type.dims, graph.symbols()),
                            columns.is_fixed() ? std::to_string(columns.size()) : "?"));
  }
  return Types{std::move(type)};
}

Result<Types> infer_matmul(const Node& node, const Graph& graph) {
  const DType dtype = RCC_TRY(common_dtype(node, graph));
  return Types{RCC_TRY(matmul_type(node, dtype, graph))};
}

Result<Types> infer_matmul_integer(const Node& node, const Graph& graph) {
  RCC_TRY(common_dtype(node, std::array<std::size_t, 2>{0, 2}, graph));
  RCC_TRY(common_dtype(node, std::array<std::size_t, 2>{1, 3}, graph));
  Type type = RCC_TRY(matmul_type(node, DType::i32, graph));
  const Type& a = operand_type(node, 0);
  const Type& b = operand_type(node, 1);
  const Dim rows = a.rank() > 1 ? a.dims[a.rank() - 2] : Dim(1);
  const Dim columns = b.rank() > 1 ? b.dims.back() : Dim(1);
  RCC_TRY(require_zero_points(node, 2, rows, "row of `A`", graph));
  RCC_TRY(require_zero_points(node, 3, columns, "column of `B`", graph));
  return Types{std::move(type)};
}

void link_gemm(const Node& node, std::vector<AxisLink>& links) {
  if (!ranked_types(node) || !node.operand(1)->type().is_ranked) return;
  const GemmAxes axes = gemm_axes(node);
  links.push_back({operand_axis(0, axes.rows), result_axis(0, 0)});
  links.push_back({operand_axis(0, axes.x_depth), operand_axis(1, axes.w_depth)});
  links.push_back({operand_axis(1, axes.columns), result_axis(0, 1)});
  if (node.operand(2)) link_operand_by_broadcast(node, 2, links);
}

void link_matmul(const Node& node, std::vector<AxisLink>& links) {
  const Type& a = node.operand(std::size_t{0})->type();
  const Type& b = node.operand(1)->type();
  const RankedTypes types = ranked_types(node);
  if (!types || !b.is_ranked || a.rank() == 0 || b.rank() == 0) return;
  const std::size_t rank = types.y->rank();
  const std::size_t b_depth = b.rank() == 1 ? 0 : b.rank() - 2;
  links.push_back({operand_axis(0, a.rank() - 1), operand_axis(1, b_depth)});
  if (b.rank() > 1) links.push_back({operand_axis(1, b.rank() - 1), result_axis(0, rank - 1)});
  if (a.rank() > 1) {
    const std::size_t row = b.rank() > 1 ? rank - 2 : rank - 1;
    links.push_back({operand_axis(0, a.rank() - 2), result_axis(0, row)});
  }
  const std::size_t matrix_axes = (a.rank() > 1 ? 1 : 0) + (b.rank() > 1 ? 1 : 0);
  const std::size_t batch_axes = rank - matrix_axes;
  for (const std::size_t index : {0, 1}) {
    const Shape& dims = index == 0 ? a.dims : b.dims;
    for (std::size_t axis = 0; axis + 2 < dims.size(); ++axis) {
      if (dims[axis] == Dim(1)) continue;
      const std::size_t to = batch_axes - (dims.size() - 2) + axis;
      links.push_back({operand_axis(index, axis), result_axis(0, to)});
    }
  }
}

std::uint64_t macs_gemm(const Node& node) {
  const Type& x = node.operand(std::size_t{0})->type();
  const std::uint64_t outputs = multiply_sizes(1, node.result()->type().dims);
  if (!x.is_ranked || x.rank() != 2) return outputs;
  return multiply_sizes(outputs, std::array<Dim, 1>{x.dims[gemm_axes(node).x_depth]});
}

std::uint64_t macs_matmul(const Node& node) {
  const Type& a = node.operand(std::size_t{0})->type();
  const std::uint64_t outputs = multiply_sizes(1, node.result()->type().dims);
  if (!a.is_ranked || a.rank() == 0) return outputs;
  return multiply_sizes(outputs, std::array<Dim, 1>{a.dims.back()});
}

}  // namespace rcc
