#include <fmt/format.h>

#include <algorithm>

#include "ir/ops/functions.h"
#include "ir/ops/links.h"
#include "ir/ops/shape_rules.h"

// Operators whose results depend on which elements are the greatest, not zero or named: arg_max,
// arg_min, top_k, one_hot, non_zero, compress.

namespace rcc {

Result<Types> infer_arg(const Node& node, const Graph&) {
  const Type& x = operand_type(node, 0);
  if (!x.is_ranked) return Types{Type::unranked(DType::i64)};
  const auto axis =
      static_cast<std::ptrdiff_t>(RCC_TRY(checked_axis(node.attribute_int(attr::axis), x.rank())));
  Shape shape = x.dims;
  if (shape[static_cast<std::size_t>(axis)] == Dim(0)) {
    return fail(ErrorKind::input, "the axis has no elements to choose from");
  }
  shape[static_cast<std::size_t>(axis)] = 1;
  if (node.attribute_int(attr::keepdims) == 0) shape.erase(shape.begin() + axis);
  return Types{Type(DType::i64, std::move(shape))};
}

void link_arg(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const std::size_t axis = axis_from_front(node, types.x->rank());
  const bool keeps = types.y->rank() == types.x->rank();
  for (std::size_t i = 0; i < types.x->rank(); ++i) {
    if (i != axis)
      links.push_back({operand_axis(0, i), result_axis(0, i > axis && !keeps ? i - 1 : i)});
  }
}

Result<Types> infer_top_k(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  RCC_TRY(require_dtype(node, 1, DType::i64, graph));
  RCC_TRY(require_scalar(node, 1, graph));
  if (!x.is_ranked) return Types{x, Type::unranked(DType::i64)};
  const std::size_t axis = RCC_TRY(checked_axis(node.attribute_int(attr::axis), x.rank()));
  Shape shape = x.dims;
  shape[axis] = Dim::unknown();
  const std::optional<Ints> count = known_numbers(*node.operand(1));
  if (count && count->size() == 1) {
    const std::int64_t most = x.dims[axis].is_fixed() ? x.dims[axis].size() : count->front();
    if (count->front() < 0 || count->front() > most) {
      return fail(ErrorKind::input,
                  fmt::format("`k` is {}, but {} has {} elements along axis {}", count->front(),
                              operand_text(node, 0, graph), most, axis));
    }
    shape[axis] = count->front();
  }
  return Types{Type(x.dtype, shape), Type(DType::i64, shape)};
}

void link_top_k(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const std::size_t axis = axis_from_front(node, types.x->rank());
  for (std::size_t i = 0; i < types.x->rank(); ++i) {
    if (i == axis) continue;
    for (std::size_t result = 0; result < node.result_count(); ++result) {
      if (node.result(result)) links.push_back({operand_axis(0, i), result_axis(result, i)});
    }
  }
}

namespace {

// The number of a scalar constant; nullopt for any other value.
std::optional<double> constant_number(const Value& value) {
  if (!value.is_constant() || value.tensor().is_elided()) return std::nullopt;
  if (!is_numeric(value.type().dtype) || value.tensor().element_count() != 1) return std::nullopt;
  return value.tensor().at(0);
}

}  // namespace

Result<Types> infer_one_hot(const Node& node, const Graph& graph) {
  const Type& indices = operand_type(node, 0);
  const DType dtype = operand_type(node, 2).dtype;
  RCC_TRY(require_scalar(node, 1, graph));
  RCC_TRY(require_vector(node, 2, Dim(2), "of off and on", graph));
  if (!indices.is_ranked) return Types{Type::unranked(dtype)};
  const std::size_t axis =
      RCC_TRY(checked_axis(node.attribute_int(attr::axis), indices.rank() + 1));
  Dim depth = Dim::unknown();
  if (const auto number = constant_number(*node.operand(1))) {
    if (!(*number >= 0) || *number > 0x1p62) {
      return fail(ErrorKind::input, fmt::format("`depth` is {}", *number));
    }
    depth = Dim(static_cast<std::int64_t>(*number));
  }
  Shape shape = indices.dims;
  if (shape.size() >= kMaxRank) return fail(ErrorKind::input, "the rank of the result is too high");
  shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(axis), depth);
  return Types{Type(dtype, std::move(shape))};
}

void link_one_hot(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const std::size_t axis = axis_from_front(node, types.y->rank());
  for (std::size_t i = 0; i < types.x->rank(); ++i) {
    links.push_back({operand_axis(0, i), result_axis(0, i < axis ? i : i + 1)});
  }
}

namespace {

// How many elements of a constant are not zero; unknown for other values.
Dim count_of_nonzeros(const Value& value) {
  if (!value.is_constant() || value.tensor().is_elided()) return Dim::unknown();
  if (!is_numeric(value.type().dtype)) return Dim::unknown();
  const std::vector<double> elements = value.tensor().to_doubles();
  return Dim(std::ranges::count_if(elements, [](double element) { return element != 0; }));
}

}  // namespace

Result<Types> infer_non_zero(const Node& node, const Graph&) {
  const Type& x = operand_type(node, 0);
  const Dim rank = x.is_ranked ? Dim(static_cast<std::int64_t>(x.rank())) : Dim::unknown();
  return Types{Type(DType::i64, {rank, count_of_nonzeros(*node.operand(std::size_t{0}))})};
}

Result<Types> infer_compress(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  RCC_TRY(require_dtype(node, 1, DType::boolean, graph));
  RCC_TRY(require_rank(node, 1, 1, graph));
  const Dim count = count_of_nonzeros(*node.operand(1));
  if (!node.has_attribute(attr::axis)) return Types{Type(x.dtype, {count})};
  if (!x.is_ranked) return Types{x};
  Type type = x;
  type.dims[RCC_TRY(checked_axis(node.attribute_int(attr::axis), x.rank()))] = count;
  return Types{std::move(type)};
}

void link_compress(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types || !node.has_attribute(attr::axis)) return;
  const std::size_t axis = axis_from_front(node, types.x->rank());
  for (std::size_t i = 0; i < types.x->rank(); ++i) {
    if (i != axis) links.push_back({operand_axis(0, i), result_axis(0, i)});
  }
}

}  // namespace rcc
