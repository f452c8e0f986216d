#include <algorithm>

#include "ir/ops/shape_rules.h"

// Integer values that follow from shapes: what exporters write as Shape -> Gather -> Concat chains.

namespace rcc {

namespace {

using Elements = std::vector<ShapeElement>;
using MaybeElements = std::optional<Elements>;

// Bigger expressions and longer vectors are not shape computations.
constexpr int kMaxNodes = 256;
constexpr std::int64_t kMaxElements = 1024;

MaybeElements elements_of(const Value& value, int& budget);

MaybeElements of_operand(const Node& node, std::size_t index, int& budget) {
  const Value* value = node.operand(index);
  return value ? elements_of(*value, budget) : std::nullopt;
}

std::optional<Ints> numbers_in(const MaybeElements& elements) {
  if (!elements) return std::nullopt;
  Ints numbers;
  for (const ShapeElement& element : *elements) {
    if (!element.number) return std::nullopt;
    numbers.push_back(*element.number);
  }
  return numbers;
}

ShapeElement of_dim(Dim dim) {
  return dim.is_fixed() ? ShapeElement{dim.size(), dim} : ShapeElement{std::nullopt, dim};
}

ShapeElement of_number(std::int64_t number) {
  return {number, number >= 0 ? Dim(number) : Dim::unknown()};
}

MaybeElements of_constant(const Tensor& tensor) {
  const bool is_index = tensor.dtype() == DType::i64 || tensor.dtype() == DType::i32;
  if (!is_index || tensor.is_elided() || tensor.rank() > 1) return std::nullopt;
  if (tensor.element_count() > kMaxElements) return std::nullopt;
  Elements elements;
  elements.reserve(static_cast<std::size_t>(tensor.element_count()));
  for (const std::int64_t number : tensor.to_ints()) elements.push_back(of_number(number));
  return elements;
}

// A vector of unknown numbers when at least the length is known.
MaybeElements of_type(const Type& type) {
  if (!type.is_ranked || type.rank() > 1) return std::nullopt;
  if (type.rank() == 0) return Elements(1);
  const Dim length = type.dims[0];
  if (!length.is_fixed() || length.size() > kMaxElements) return std::nullopt;
  return Elements(static_cast<std::size_t>(length.size()));
}

MaybeElements of_shape(const Node& node) {
  const Value* operand = node.operand(std::size_t{0});
  if (!operand || !operand->type().is_ranked) return std::nullopt;
  const Type& type = operand->type();
  const auto rank = static_cast<std::int64_t>(type.rank());
  const auto clamped = [&](std::int64_t end) {
    return std::clamp<std::int64_t>(end < 0 ? end + rank : end, 0, rank);
  };
  const std::int64_t start = clamped(node.attribute_int(attr::start));
  const std::int64_t end =
      node.has_attribute(attr::end) ? clamped(node.attribute_int(attr::end)) : rank;
  Elements elements;
  for (std::int64_t i = start; i < end; ++i) {
    elements.push_back(of_dim(type.dims[static_cast<std::size_t>(i)]));
  }
  return elements;
}

MaybeElements of_gather(const Node& node, int& budget) {
  const MaybeElements data = of_operand(node, 0, budget);
  const std::optional<Ints> indices = numbers_in(of_operand(node, 1, budget));
  if (!data || !indices) return std::nullopt;
  const auto size = static_cast<std::int64_t>(data->size());
  Elements elements;
  for (std::int64_t index : *indices) {
    if (index < 0) index += size;
    if (index < 0 || index >= size) return std::nullopt;
    elements.push_back((*data)[static_cast<std::size_t>(index)]);
  }
  return elements;
}

MaybeElements of_concat(const Node& node, int& budget) {
  Elements elements;
  for (std::size_t i = 0; i < node.operand_count(); ++i) {
    if (!node.operand(i)) continue;
    const MaybeElements part = of_operand(node, i, budget);
    if (!part || elements.size() + part->size() > kMaxElements) return std::nullopt;
    elements.insert(elements.end(), part->begin(), part->end());
  }
  return elements;
}

MaybeElements of_slice(const Node& node, int& budget) {
  const MaybeElements data = of_operand(node, 0, budget);
  const std::optional<Ints> starts = numbers_in(of_operand(node, 1, budget));
  const std::optional<Ints> ends = numbers_in(of_operand(node, 2, budget));
  if (!data || !starts || !ends || starts->size() != 1 || ends->size() != 1) return std::nullopt;
  if (node.operand(4) && numbers_in(of_operand(node, 4, budget)) != Ints{1}) return std::nullopt;
  const auto size = static_cast<std::int64_t>(data->size());
  const auto clamped = [&](std::int64_t end) {
    return std::clamp<std::int64_t>(end < 0 ? end + size : end, 0, size);
  };
  const std::int64_t start = clamped((*starts)[0]);
  const std::int64_t end = std::max(start, clamped((*ends)[0]));
  return Elements(data->begin() + start, data->begin() + end);
}

std::optional<std::int64_t> calculate(OpKind kind, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (kind == OpKind::add && !__builtin_add_overflow(a, b, &result)) return result;
  if (kind == OpKind::sub && !__builtin_sub_overflow(a, b, &result)) return result;
  if (kind == OpKind::mul && !__builtin_mul_overflow(a, b, &result)) return result;
  if (kind == OpKind::div && b > 0) return a / b;
  return std::nullopt;
}

MaybeElements of_arithmetic(const Node& node, int& budget) {
  const MaybeElements a = of_operand(node, 0, budget);
  const MaybeElements b = of_operand(node, 1, budget);
  if (!a || !b || a->empty() || b->empty()) return std::nullopt;
  if (a->size() != b->size() && a->size() != 1 && b->size() != 1) return std::nullopt;
  Elements elements;
  for (std::size_t i = 0; i < std::max(a->size(), b->size()); ++i) {
    const ShapeElement& left = (*a)[a->size() == 1 ? 0 : i];
    const ShapeElement& right = (*b)[b->size() == 1 ? 0 : i];
    ShapeElement element;
    if (left.number && right.number) {
      const auto number = calculate(node.kind(), *left.number, *right.number);
      if (number) element = of_number(*number);
    } else if (node.is(OpKind::mul) || node.is(OpKind::div)) {
      if (right.number == 1) element = left;
      if (left.number == 1 && node.is(OpKind::mul)) element = right;
    }
    elements.push_back(element);
  }
  return elements;
}

MaybeElements of_node(const Node& node, int& budget) {
  switch (node.kind()) {
    case OpKind::shape:
      return of_shape(node);
    case OpKind::gather:
      return of_gather(node, budget);
    case OpKind::concat:
      return of_concat(node, budget);
    case OpKind::slice:
      return of_slice(node, budget);
    case OpKind::add:
    case OpKind::sub:
    case OpKind::mul:
    case OpKind::div:
      return of_arithmetic(node, budget);
    case OpKind::identity:
    case OpKind::squeeze:
    case OpKind::unsqueeze:
    case OpKind::reshape:
    case OpKind::cast:
      return of_operand(node, 0, budget);
    default:
      // Not a shape computation; new operators need no entry.
      return std::nullopt;
  }
}

MaybeElements elements_of(const Value& value, int& budget) {
  if (value.is_constant()) return of_constant(value.tensor());
  const DType dtype = value.type().dtype;
  const bool is_index = dtype == DType::i64 || dtype == DType::i32 || dtype == DType::unknown;
  if (!is_index) return std::nullopt;
  MaybeElements elements;
  if (value.producer() && budget > 0) elements = of_node(*value.producer(), --budget);
  return elements ? elements : of_type(value.type());
}

}  // namespace

std::optional<std::vector<ShapeElement>> shape_elements(const Value& value) {
  int budget = kMaxNodes;
  return elements_of(value, budget);
}

std::optional<Ints> known_numbers(const Value& value) { return numbers_in(shape_elements(value)); }

}  // namespace rcc
