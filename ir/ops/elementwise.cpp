#include <fmt/format.h>

#include <algorithm>

#include "ir/ops/functions.h"
#include "ir/ops/shape_rules.h"

namespace rcc {

namespace {

// All operands against each other.
Result<Type> broadcast_type(const Node& node, DType dtype, std::size_t first, const Graph& graph) {
  Shape shape;
  for (std::size_t i = first; i < node.operand_count(); ++i) {
    if (!node.operand(i)) continue;
    const Type& type = operand_type(node, i);
    if (!type.is_ranked) return Type::unranked(dtype);
    if (shape == type.dims) continue;
    const std::optional<Shape> both = broadcast(shape, type.dims);
    if (!both) {
      return fail(ErrorKind::input,
                  fmt::format("{} does not broadcast with {}", operand_text(node, i, graph),
                              to_text(shape, graph.symbols())));
    }
    shape = *both;
  }
  return Type(dtype, std::move(shape));
}

// The constant's elements; empty when the value is absent, not constant or elided.
std::vector<double> constant_elements(const Value* value) {
  if (!value || !value->is_constant() || value->tensor().is_elided()) return {};
  if (!is_float(value->type().dtype) && !is_integer(value->type().dtype)) return {};
  return value->tensor().to_doubles();
}

}  // namespace

Result<Types> infer_same(const Node& node, const Graph&) { return Types(1, operand_type(node, 0)); }

Result<Types> infer_binary(const Node& node, const Graph& graph) {
  const DType dtype = RCC_TRY(common_dtype(node, graph));
  return Types(1, RCC_TRY(broadcast_type(node, dtype, 0, graph)));
}

Result<Types> infer_pow(const Node& node, const Graph& graph) {
  return Types{RCC_TRY(broadcast_type(node, operand_type(node, 0).dtype, 0, graph))};
}

Result<Types> infer_comparison(const Node& node, const Graph& graph) {
  RCC_TRY(common_dtype(node, graph));
  return Types{RCC_TRY(broadcast_type(node, DType::boolean, 0, graph))};
}

// Whether an element has a property.
Result<Types> infer_test(const Node& node, const Graph&) {
  Type type = operand_type(node, 0);
  type.dtype = DType::boolean;
  return Types{std::move(type)};
}

Result<Types> infer_logical(const Node& node, const Graph& graph) {
  for (std::size_t i = 0; i < node.operand_count(); ++i) {
    RCC_TRY(require_dtype(node, i, DType::boolean, graph));
  }
  return Types{RCC_TRY(broadcast_type(node, DType::boolean, 0, graph))};
}

Result<Types> infer_bits(const Node& node, const Graph& graph) {
  const DType dtype = RCC_TRY(common_dtype(node, graph));
  if (dtype != DType::unknown && !is_integer(dtype)) {
    return fail(ErrorKind::input,
                fmt::format("{} must be an integer", operand_text(node, 0, graph)));
  }
  if (node.is(OpKind::bit_shift)) {
    const std::string& direction = node.attribute_string(attr::direction);
    if (direction != "LEFT" && direction != "RIGHT") {
      return fail(ErrorKind::input,
                  fmt::format("direction is \"{}\", expected LEFT or RIGHT", direction));
    }
  }
  return Types{RCC_TRY(broadcast_type(node, dtype, 0, graph))};
}

Result<Types> infer_where(const Node& node, const Graph& graph) {
  RCC_TRY(require_dtype(node, 0, DType::boolean, graph));
  const DType dtype = RCC_TRY(common_dtype(node, std::array<std::size_t, 2>{1, 2}, graph));
  return Types{RCC_TRY(broadcast_type(node, dtype, 0, graph))};
}

Result<Types> infer_prelu(const Node& node, const Graph& graph) {
  const DType dtype = RCC_TRY(common_dtype(node, graph));
  const Type& x = operand_type(node, 0);
  const Type& slope = operand_type(node, 1);
  if (!x.is_ranked || !slope.is_ranked) return Types{Type(x)};
  if (!broadcasts_to(slope.dims, x.dims)) {
    return fail(ErrorKind::input,
                fmt::format("{} does not broadcast to {}", operand_text(node, 1, graph),
                            operand_text(node, 0, graph)));
  }
  return Types{Type(dtype, x.dims)};
}

Result<Types> infer_clip(const Node& node, const Graph& graph) {
  RCC_TRY(common_dtype(node, graph));
  RCC_TRY(require_scalar(node, 1, graph));
  RCC_TRY(require_scalar(node, 2, graph));
  return Types{operand_type(node, 0)};
}

Result<Types> infer_cast(const Node& node, const Graph&) {
  const std::string& name = node.attribute_string(attr::to);
  const std::optional<DType> dtype = parse_dtype(name);
  if (!dtype || *dtype == DType::unknown) {
    return fail(ErrorKind::input, fmt::format("`to` is \"{}\", expected an element type", name));
  }
  Type type = operand_type(node, 0);
  type.dtype = *dtype;
  return Types{std::move(type)};
}

Result<Types> infer_cast_like(const Node& node, const Graph&) {
  Type type = operand_type(node, 0);
  type.dtype = operand_type(node, 1).dtype;
  return Types{std::move(type)};
}

Result<Types> infer_dropout(const Node& node, const Graph& graph) {
  RCC_TRY(require_scalar(node, 1, graph));
  RCC_TRY(require_scalar(node, 2, graph));
  RCC_TRY(require_dtype(node, 2, DType::boolean, graph));
  if (node.operand(1)) {
    const DType ratio = operand_type(node, 1).dtype;
    if (!is_float(ratio) && ratio != DType::unknown) {
      return fail(ErrorKind::input,
                  fmt::format("{} must be a float", operand_text(node, 1, graph)));
    }
  }
  Type mask = operand_type(node, 0);
  mask.dtype = DType::boolean;
  return Types{operand_type(node, 0), std::move(mask)};
}

bool hard_sigmoid_preserves_zero(const Node& node) { return node.attribute_float(attr::beta) <= 0; }

bool shrink_preserves_zero(const Node& node) {
  return node.attribute_float(attr::lambd) >= 0 || node.attribute_float(attr::bias) == 0;
}

bool clip_preserves_zero(const Node& node) {
  for (const std::size_t limit : {1, 2}) {
    if (!node.operand(limit)) continue;
    const std::vector<double> elements = constant_elements(node.operand(limit));
    if (elements.size() != 1) return false;
    if (limit == 1 ? elements[0] > 0 : elements[0] < 0) return false;
  }
  return true;
}

// 0 / B = 0 unless B holds a zero or is not known.
bool div_preserves_zero(const Node& node) {
  const std::vector<double> divisors = constant_elements(node.operand(1));
  return !divisors.empty() && std::ranges::none_of(divisors, [](double b) { return !(b != 0); });
}

bool pow_preserves_zero(const Node& node) {
  const std::vector<double> exponents = constant_elements(node.operand(1));
  return !exponents.empty() && std::ranges::all_of(exponents, [](double b) { return b > 0; });
}

}  // namespace rcc
