#include <cmath>
#include <functional>

#include "ir/ops/elementwise_map.h"

// Functions of two or more elements, with broadcasting.

namespace rcc {

namespace {

bool is_nan(double value) { return std::isnan(value); }
bool is_nan(std::int64_t) { return false; }

// Wrap-around is defined for unsigned numbers only.
template <typename Function>
auto wrapping(Function function) {
  return [function](auto a, auto b) {
    if constexpr (std::is_integral_v<decltype(a)>) {
      return static_cast<std::int64_t>(
          function(static_cast<std::uint64_t>(a), static_cast<std::uint64_t>(b)));
    } else {
      return function(a, b);
    }
  };
}

}  // namespace

Result<Tensors> interpret_add(const Node& node, Operands operands) {
  return zip(node, operands, wrapping(std::plus<>()));
}

Result<Tensors> interpret_sum(const Node& node, Operands operands) {
  return fold(node, operands, wrapping(std::plus<>()));
}

Result<Tensors> interpret_sub(const Node& node, Operands operands) {
  return zip(node, operands, wrapping(std::minus<>()));
}

Result<Tensors> interpret_mul(const Node& node, Operands operands) {
  return zip(node, operands, wrapping(std::multiplies<>()));
}

Result<Tensors> interpret_div(const Node& node, Operands operands) {
  if (is_integral(operands[1]->dtype())) {
    for (const std::int64_t divisor : operands[1]->to_ints()) {
      if (divisor == 0) return fail(ErrorKind::input, "an integer is divided by zero");
    }
  }
  return zip(node, operands, [](auto a, auto b) {
    if constexpr (std::is_integral_v<decltype(a)>) {
      // The least number divided by -1 would overflow.
      return b == -1 ? static_cast<std::int64_t>(-static_cast<std::uint64_t>(a)) : a / b;
    } else {
      return a / b;
    }
  });
}

Result<Tensors> interpret_pow(const Node& node, Operands operands) {
  return zip_doubles(node, operands, [](double a, double b) { return std::pow(a, b); });
}

Result<Tensors> interpret_min(const Node& node, Operands operands) {
  // NaN wins from either side.
  return fold(node, operands, [](auto a, auto b) { return a < b || is_nan(a) ? a : b; });
}

Result<Tensors> interpret_max(const Node& node, Operands operands) {
  return fold(node, operands, [](auto a, auto b) { return a > b || is_nan(a) ? a : b; });
}

Result<Tensors> interpret_equal(const Node& node, Operands operands) {
  return zip(node, operands, [](auto a, auto b) { return static_cast<decltype(a)>(a == b); });
}

Result<Tensors> interpret_greater(const Node& node, Operands operands) {
  return zip(node, operands, [](auto a, auto b) { return static_cast<decltype(a)>(a > b); });
}

Result<Tensors> interpret_less(const Node& node, Operands operands) {
  return zip(node, operands, [](auto a, auto b) { return static_cast<decltype(a)>(a < b); });
}

Result<Tensors> interpret_prelu(const Node& node, Operands operands) {
  return zip_doubles(node, operands, [](double x, double slope) { return x < 0 ? slope * x : x; });
}

Result<Tensors> interpret_where(const Node& node, Operands operands) {
  const Sizes sizes = result_sizes(node);
  // The bytes of both sides spread to the result's shape, then chosen from.
  Tensor y =
      RCC_TRY(copy_strided(*operands[1], sizes, broadcast_strides(operands[1]->shape(), sizes)));
  const Tensor other =
      RCC_TRY(copy_strided(*operands[2], sizes, broadcast_strides(operands[2]->shape(), sizes)));
  const Tensor condition =
      RCC_TRY(copy_strided(*operands[0], sizes, broadcast_strides(operands[0]->shape(), sizes)));
  const std::size_t bytes = RCC_TRY(movable_bytes(y));
  if (bytes == 0) return fail(ErrorKind::input, "the interpreter does not choose 4-bit elements");
  const auto is_first = condition.elements<bool>();
  const auto out = y.mutable_bytes();
  for (std::size_t i = 0; i < is_first.size(); ++i) {
    if (!is_first[i]) std::memcpy(&out[i * bytes], other.bytes().data() + i * bytes, bytes);
  }
  return one(std::move(y));
}

}  // namespace rcc
