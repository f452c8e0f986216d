#include <algorithm>
#include <utility>

#include "ir/ops/shape_rules.h"

// Integer values that follow from shapes: what exporters write as Shape -> Gather -> Concat chains.

namespace rcc {

namespace {

using Elements = std::vector<ShapeElement>;
using MaybeElements = std::optional<Elements>;

// Bigger expressions and longer vectors are not shape computations.
constexpr int kMaxNodes = 256;
constexpr std::int64_t kMaxElements = 1024;
// Sums of two do not overflow.
constexpr std::int64_t kMaxNumber = std::int64_t{1} << 62;

MaybeElements elements_of(const Value& value, int& budget);

// The elements of any operand, in row-major order.
MaybeElements of_any_operand(const Node& node, std::size_t index, int& budget) {
  const Value* value = node.operand(index);
  return value ? elements_of(*value, budget) : std::nullopt;
}

// The elements of a scalar or a vector, which have one index.
MaybeElements of_operand(const Node& node, std::size_t index, int& budget) {
  const Value* value = node.operand(index);
  return value && value->type().rank() <= 1 ? elements_of(*value, budget) : std::nullopt;
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
  const bool is_index = tensor.dtype() == DType::i64 || tensor.dtype() == DType::i32 ||
                        tensor.dtype() == DType::boolean;
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

// Element i of both, the only one where one has no more; nullopt when the lengths do not fit.
std::optional<std::size_t> common_length(const MaybeElements& a, const MaybeElements& b) {
  if (!a || !b || a->empty() || b->empty()) return std::nullopt;
  if (a->size() != b->size() && a->size() != 1 && b->size() != 1) return std::nullopt;
  return std::max(a->size(), b->size());
}
const ShapeElement& element_at(const Elements& elements, std::size_t index) {
  return elements[elements.size() == 1 ? 0 : index];
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
  const auto length = common_length(a, b);
  if (!length) return std::nullopt;
  Elements elements;
  for (std::size_t i = 0; i < *length; ++i) {
    const ShapeElement& left = element_at(*a, i);
    const ShapeElement& right = element_at(*b, i);
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

MaybeElements of_size(const Node& node) {
  const Value* operand = node.operand(std::size_t{0});
  if (!operand || !operand->type().is_ranked) return std::nullopt;
  const Result<Dim> count = product(operand->type().dims);
  return count ? MaybeElements(Elements{of_dim(*count)}) : std::nullopt;
}

MaybeElements of_constant_of_shape(const Node& node, int& budget) {
  const std::optional<Ints> length = numbers_in(of_operand(node, 0, budget));
  if (!length || length->size() != 1 || length->front() < 0 || length->front() > kMaxElements) {
    return std::nullopt;
  }
  const MaybeElements value = of_constant(std::get<Tensor>(node.attribute(attr::value)));
  if (!value || value->size() != 1) return std::nullopt;
  return Elements(static_cast<std::size_t>(length->front()), value->front());
}

// 1 or 0 where the answer is known. A size is never negative.
MaybeElements of_equal(const Node& node, int& budget) {
  const MaybeElements a = of_operand(node, 0, budget);
  const MaybeElements b = of_operand(node, 1, budget);
  const auto length = common_length(a, b);
  if (!length) return std::nullopt;
  const auto is_size = [](const ShapeElement& element) { return !element.size.is_unknown(); };
  const auto is_negative = [](const ShapeElement& element) {
    return element.number && *element.number < 0;
  };
  Elements elements;
  for (std::size_t i = 0; i < *length; ++i) {
    const ShapeElement& left = element_at(*a, i);
    const ShapeElement& right = element_at(*b, i);
    if (left.number && right.number) {
      elements.push_back(of_number(left.number == right.number ? 1 : 0));
    } else if ((is_size(left) && is_negative(right)) || (is_negative(left) && is_size(right))) {
      elements.push_back(of_number(0));
    } else {
      elements.emplace_back();
    }
  }
  return elements;
}

MaybeElements of_where(const Node& node, int& budget) {
  const MaybeElements condition = of_operand(node, 0, budget);
  const MaybeElements x = of_operand(node, 1, budget);
  const MaybeElements y = of_operand(node, 2, budget);
  const auto length = common_length(x, y);
  if (!length || !condition || condition->empty()) return std::nullopt;
  if (condition->size() != 1 && condition->size() != *length) return std::nullopt;
  Elements elements;
  for (std::size_t i = 0; i < *length; ++i) {
    const ShapeElement& choice = element_at(*condition, i);
    if (choice.number) {
      elements.push_back(element_at(*choice.number != 0 ? *x : *y, i));
    } else {
      elements.emplace_back();
    }
  }
  return elements;
}

MaybeElements of_range(const Node& node, int& budget) {
  Ints numbers;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::optional<Ints> number = numbers_in(of_operand(node, i, budget));
    if (!number || number->size() != 1) return std::nullopt;
    numbers.push_back(number->front());
  }
  const auto is_small = [](std::int64_t number) {
    return number >= -kMaxNumber && number <= kMaxNumber;
  };
  if (!std::ranges::all_of(numbers, is_small) || numbers[2] == 0) return std::nullopt;
  Elements elements;
  for (std::int64_t i = numbers[0]; numbers[2] > 0 ? i < numbers[1] : i > numbers[1];
       i += numbers[2]) {
    if (std::ssize(elements) == kMaxElements) return std::nullopt;
    elements.push_back(of_number(i));
  }
  return elements;
}

MaybeElements of_cast(const Node& node, int& budget) {
  MaybeElements elements = of_any_operand(node, 0, budget);
  if (!elements || node.result()->type().dtype != DType::boolean) return elements;
  for (ShapeElement& element : *elements) {
    element = element.number ? of_number(*element.number != 0 ? 1 : 0) : ShapeElement{};
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
    case OpKind::size:
      return of_size(node);
    case OpKind::constant_of_shape:
      return of_constant_of_shape(node, budget);
    case OpKind::equal:
      return of_equal(node, budget);
    case OpKind::where:
      return of_where(node, budget);
    case OpKind::range:
      return of_range(node, budget);
    case OpKind::cast:
      return of_cast(node, budget);
    case OpKind::identity:
    case OpKind::squeeze:
    case OpKind::unsqueeze:
    case OpKind::reshape:
      return of_any_operand(node, 0, budget);
    default:
      // Not a shape computation; new operators need no entry.
      return std::nullopt;
  }
}

MaybeElements elements_of(const Value& value, int& budget) {
  if (value.is_constant()) return of_constant(value.tensor());
  const DType dtype = value.type().dtype;
  const bool is_index = dtype == DType::i64 || dtype == DType::i32 || dtype == DType::boolean ||
                        dtype == DType::unknown;
  if (!is_index) return std::nullopt;
  MaybeElements elements;
  if (value.producer() && budget > 0) elements = of_node(*value.producer(), --budget);
  if (!elements) return of_type(value.type());
  for (ShapeElement& element : *elements) {
    // Beyond its type a number wraps around.
    if (dtype == DType::i32 && element.number && !std::in_range<std::int32_t>(*element.number))
      element = {};
  }
  return elements;
}

}  // namespace

std::optional<std::vector<ShapeElement>> shape_elements(const Value& value) {
  int budget = kMaxNodes;
  return elements_of(value, budget);
}

std::optional<Ints> known_numbers(const Value& value) { return numbers_in(shape_elements(value)); }

}  // namespace rcc
