#include <fmt/format.h>

#include <algorithm>

#include "ir/ops/functions.h"
#include "ir/ops/links.h"
#include "ir/ops/shape_rules.h"

namespace rcc {

namespace {

// One number for each block of elements along `axis`, and for each element of the other axes.
Result<void> require_blocks(const Node& node, std::size_t index, std::size_t axis,
                            const Graph& graph) {
  const Type& x = operand_type(node, 0);
  const Type& parameter = operand_type(node, index);
  const std::int64_t block = node.attribute_int(attr::block_size);
  bool fits = parameter.rank() == x.rank();
  for (std::size_t i = 0; fits && i < x.rank(); ++i) {
    Dim expected = x.dims[i];
    if (i == axis && expected.is_fixed()) {
      expected = expected.size() / block + (expected.size() % block != 0 ? 1 : 0);
    }
    fits = !conflict(parameter.dims[i], expected);
  }
  if (fits) return {};
  return fail(ErrorKind::input, fmt::format("{} does not fit blocks of {} along axis {} of {}",
                                            operand_text(node, index, graph), block, axis,
                                            operand_text(node, 0, graph)));
}

// The layout of scale or zero_point: one number, one for each element of an axis, or one for each
// block of an axis.
Result<void> check_layout(const Node& node, std::size_t index, const Graph& graph) {
  if (!node.operand(index) || !operand_type(node, index).is_ranked) return {};
  const Type& x = operand_type(node, 0);
  const Type& parameter = operand_type(node, index);
  const std::int64_t block = node.attribute_int(attr::block_size);
  // A vector of one element counts as one number for the whole tensor.
  const bool is_one =
      parameter.rank() == 0 || (parameter.rank() == 1 && parameter.dims[0] == Dim(1));
  if (!x.is_ranked || (is_one && block == 0)) return {};
  const std::size_t axis = RCC_TRY(checked_axis(node.attribute_int(attr::axis), x.rank()));
  if (block > 0) return require_blocks(node, index, axis, graph);
  return require_vector(node, index, x.dims[axis], "element along the axis of `x`", graph);
}

Result<void> check_scales(const Node& node, const Graph& graph) {
  const std::int64_t block = node.attribute_int(attr::block_size);
  if (block < 0) return fail(ErrorKind::input, fmt::format("block_size is {}", block));
  for (const std::size_t index : {1, 2}) RCC_TRY(check_layout(node, index, graph));
  if (!node.operand(2)) return {};
  const Type& scale = operand_type(node, 1);
  const Type& zero_point = operand_type(node, 2);
  if (!scale.is_ranked || !zero_point.is_ranked) return {};
  const auto is_one = [](const Type& type) {
    return std::ranges::all_of(type.dims, [](Dim dim) { return dim == Dim(1); });
  };
  if (is_one(scale) && is_one(zero_point)) return {};
  const auto agree = [](Dim a, Dim b) { return !conflict(a, b); };
  if (std::ranges::equal(scale.dims, zero_point.dims, agree)) return {};
  return fail(ErrorKind::input,
              fmt::format("{} and {} must have the same shape", operand_text(node, 1, graph),
                          operand_text(node, 2, graph)));
}

// The attribute output_dtype, or `otherwise` where it is not set.
Result<DType> output_dtype(const Node& node, DType otherwise) {
  const std::string& name = node.attribute_string(attr::output_dtype);
  if (name.empty()) return otherwise;
  const std::optional<DType> dtype = parse_dtype(name);
  if (dtype && is_numeric(*dtype)) return *dtype;
  return fail(ErrorKind::input,
              fmt::format("output_dtype is \"{}\", expected a numeric type", name));
}

}  // namespace

Result<Types> infer_quantize(const Node& node, const Graph& graph) {
  RCC_TRY(check_scales(node, graph));
  Type type = operand_type(node, 0);
  const DType given = RCC_TRY(output_dtype(node, DType::unknown));
  type.dtype = node.operand(2) ? operand_type(node, 2).dtype : DType::u8;
  if (given != DType::unknown) {
    if (node.operand(2) && type.dtype != DType::unknown && type.dtype != given) {
      return fail(ErrorKind::input, fmt::format("output_dtype is {}, but {}", dtype_name(given),
                                                operand_text(node, 2, graph)));
    }
    type.dtype = given;
  }
  return Types{std::move(type)};
}

Result<Types> infer_dequantize(const Node& node, const Graph& graph) {
  RCC_TRY(common_dtype(node, std::array<std::size_t, 2>{0, 2}, graph));
  RCC_TRY(check_scales(node, graph));
  Type type = operand_type(node, 0);
  type.dtype = RCC_TRY(output_dtype(node, operand_type(node, 1).dtype));
  return Types{std::move(type)};
}

Result<Types> infer_dynamic_quantize(const Node& node, const Graph& graph) {
  RCC_TRY(require_dtype(node, 0, DType::f32, graph));
  Type y = operand_type(node, 0);
  y.dtype = DType::u8;
  return Types{std::move(y), Type(DType::f32, {}), Type(DType::u8, {})};
}

void link_quantize(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const std::size_t rank = types.x->rank();
  const std::int64_t block = node.attribute_int(attr::block_size);
  const auto axis = checked_axis(node.attribute_int(attr::axis), rank);
  for (std::size_t i = 0; i < rank; ++i) {
    if (block > 0 && axis && i == *axis) continue;
    links.push_back({operand_axis(0, i), result_axis(0, i)});
  }
  if (!axis) return;
  for (const std::size_t parameter : {1, 2}) {
    if (!node.operand(parameter)) continue;
    const Shape& dims = node.operand(parameter)->type().dims;
    if (block == 0 && dims.size() == 1 && dims[0] != Dim(1)) {
      links.push_back({operand_axis(parameter, 0), result_axis(0, *axis)});
    }
    for (std::size_t i = 0; block > 0 && i < dims.size() && dims.size() == rank; ++i) {
      if (i != *axis) links.push_back({operand_axis(parameter, i), result_axis(0, i)});
    }
  }
}

}  // namespace rcc
