#include "ir/ops/shape_rules.h"

#include <fmt/format.h>

#include <algorithm>

namespace rcc {

std::string operand_text(const Node& node, std::size_t index, const Graph& graph) {
  const auto& operands = node.op().operands;
  const std::size_t row = std::min(index, operands.size() - 1);
  std::string name(operands[row].name);
  if (operands[row].arity == Arity::variadic) name += fmt::format("[{}]", index - row);
  return fmt::format("operand `{}` {}", name, to_text(operand_type(node, index), graph.symbols()));
}

const Type& operand_type(const Node& node, std::size_t index) {
  const Value* value = node.operand(index);
  RCC_CHECK(value, "{}: operand {} is absent", node.op().name, index);
  return value->type();
}

std::size_t axis_from_front(const Node& node, std::size_t rank, std::string_view name) {
  const std::int64_t axis = node.attribute_int(name);
  return static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis);
}

Result<std::size_t> checked_axis(std::int64_t axis, std::size_t rank, std::string_view what) {
  const auto count = static_cast<std::int64_t>(rank);
  if (axis < -count || axis >= count) {
    return fail(ErrorKind::input,
                fmt::format("{} is {}, expected a number from {} to {} for rank {}", what, axis,
                            -count, count - 1, rank));
  }
  return static_cast<std::size_t>(axis < 0 ? axis + count : axis);
}

Result<std::vector<std::size_t>> checked_axes(std::span<const std::int64_t> axes,
                                              std::size_t rank) {
  std::vector<std::size_t> result;
  for (const std::int64_t axis : axes) result.push_back(RCC_TRY(checked_axis(axis, rank, "axes")));
  std::ranges::sort(result);
  const auto repeated = std::ranges::adjacent_find(result);
  if (repeated != result.end()) {
    return fail(ErrorKind::input, fmt::format("axes name axis {} twice", *repeated));
  }
  return result;
}

Result<void> require_rank(const Node& node, std::size_t index, std::size_t rank,
                          const Graph& graph) {
  const Type& type = operand_type(node, index);
  if (!type.is_ranked || type.rank() == rank) return {};
  return fail(ErrorKind::input, fmt::format("{} has rank {}, expected {}",
                                            operand_text(node, index, graph), type.rank(), rank));
}

Result<DType> common_dtype(const Node& node, std::span<const std::size_t> operands,
                           const Graph& graph) {
  DType dtype = DType::unknown;
  for (const std::size_t index : operands) {
    if (!node.operand(index)) continue;
    const DType other = operand_type(node, index).dtype;
    if (dtype == DType::unknown) dtype = other;
    if (other != DType::unknown && other != dtype) {
      return fail(ErrorKind::input, fmt::format("{} and {} must have the same element type",
                                                operand_text(node, operands[0], graph),
                                                operand_text(node, index, graph)));
    }
  }
  return dtype;
}

Result<DType> common_dtype(const Node& node, const Graph& graph) {
  // Almost always they agree.
  DType dtype = DType::unknown;
  bool agree = true;
  for (std::size_t i = 0; i < node.operand_count(); ++i) {
    const Value* value = node.operand(i);
    if (value == nullptr || value->type().dtype == DType::unknown) continue;
    agree = agree && (dtype == DType::unknown || dtype == value->type().dtype);
    dtype = value->type().dtype;
  }
  if (agree) return dtype;
  InlineVector<std::size_t, 8> all(node.operand_count());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  return common_dtype(node, all, graph);
}

Result<void> require_dtype(const Node& node, std::size_t index, DType dtype, const Graph& graph) {
  if (!node.operand(index)) return {};
  const DType found = operand_type(node, index).dtype;
  if (found == dtype || found == DType::unknown) return {};
  return fail(ErrorKind::input, fmt::format("{} must have element type {}",
                                            operand_text(node, index, graph), dtype_name(dtype)));
}

Result<void> require_vector(const Node& node, std::size_t index, Dim size, std::string_view meaning,
                            const Graph& graph) {
  if (!node.operand(index)) return {};
  const Type& type = operand_type(node, index);
  if (!type.is_ranked) return {};
  if (type.rank() == 1 && !conflict(type.dims[0], size)) return {};
  return fail(ErrorKind::input, fmt::format("{} must have shape {}: one element for each {}",
                                            operand_text(node, index, graph),
                                            to_text(Shape{size}, graph.symbols()), meaning));
}

Result<void> require_scalar(const Node& node, std::size_t index, const Graph& graph) {
  if (!node.operand(index)) return {};
  const Type& type = operand_type(node, index);
  if (std::ranges::none_of(type.dims, [](Dim dim) { return conflict(dim, Dim(1)); })) return {};
  return fail(ErrorKind::input,
              fmt::format("{} must have one element", operand_text(node, index, graph)));
}

bool conflict(Dim a, Dim b) { return a.is_fixed() && b.is_fixed() && a.size() != b.size(); }

Dim more_precise(Dim a, Dim b) {
  if (a.is_fixed() || b.is_unknown()) return a;
  if (b.is_fixed() || a.is_unknown()) return b;
  return a;
}

std::optional<Dim> broadcast(Dim a, Dim b) {
  if (a == Dim(1)) return b;
  if (b == Dim(1)) return a;
  if (conflict(a, b)) return std::nullopt;
  // A symbol may turn out to be 1, so a number other than 1 decides.
  if (a.is_fixed()) return a;
  if (b.is_fixed()) return b;
  return a == b ? a : Dim::unknown();
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  const std::size_t offset = longer.size() - shorter.size();
  Shape result = longer;
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    const std::optional<Dim> dim = broadcast(longer[i + offset], shorter[i]);
    if (!dim) return std::nullopt;
    result[i + offset] = *dim;
  }
  return result;
}

bool broadcasts_to(const Shape& from, const Shape& to) {
  const std::optional<Shape> both = broadcast(from, to);
  return both && std::ranges::equal(*both, to, [](Dim a, Dim b) { return !conflict(a, b); });
}

Result<Dim> product(std::span<const Dim> dims) {
  std::int64_t number = 1;
  Dim open(1);
  bool is_known = true;
  for (const Dim dim : dims) {
    if (!dim.is_fixed()) {
      is_known = is_known && open == Dim(1) && dim.is_symbol();
      open = dim;
    } else if (__builtin_mul_overflow(number, dim.size(), &number)) {
      return fail(ErrorKind::input, "the number of elements overflows 64 bits");
    }
  }
  if (open == Dim(1) || number == 0) return Dim(number);
  return is_known && number == 1 ? open : Dim::unknown();
}

Result<Dim> sum(std::span<const Dim> dims) {
  std::int64_t number = 0;
  for (const Dim dim : dims) {
    if (!dim.is_fixed()) return dims.size() == 1 ? dim : Dim::unknown();
    if (__builtin_add_overflow(number, dim.size(), &number)) {
      return fail(ErrorKind::input, "the sum of the sizes overflows 64 bits");
    }
  }
  return Dim(number);
}

Result<void> require_small_numbers(const Ints& numbers, std::string_view what) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 62;
  for (const std::int64_t number : numbers) {
    if (number < -kLimit || number > kLimit) {
      return fail(ErrorKind::input,
                  fmt::format("{} contains {}, which is out of range", what, number));
    }
  }
  return {};
}

}  // namespace rcc
