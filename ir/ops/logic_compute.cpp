#include <cmath>
#include <functional>

#include "ir/ops/elementwise_map.h"

// Functions of truth values and bits, comparisons, and the rarer arithmetic.

namespace rcc {

namespace {

// A truth value for each element, from its number.
template <typename Function>
Result<Tensors> test_each(const Tensor& x, Function function) {
  const std::vector<double> values = x.to_doubles();
  std::vector<bool> results(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) results[i] = function(values[i]);
  return one(Tensor::of<bool>(x.shape(), results));
}

// The function of two int64s, applied to all their bits.
template <typename Function>
Result<Tensors> zip_bits(const Node& node, Operands operands, Function function) {
  const Tensor& a = *operands[0];
  const Tensor& b = *operands[1];
  const Sizes sizes = result_sizes(node);
  const auto values = combined(a.to_ints(), a.shape(), b.to_ints(), b.shape(), sizes, function);
  return one(from_integers(node.result()->type().dtype, sizes, values));
}

}  // namespace

Result<Tensors> interpret_logical_not(const Node&, Operands operands) {
  return test_each(*operands[0], [](double x) { return x == 0; });
}

Result<Tensors> interpret_logical_and(const Node& node, Operands operands) {
  return zip_bits(node, operands, std::bit_and<>());
}

Result<Tensors> interpret_logical_or(const Node& node, Operands operands) {
  return zip_bits(node, operands, std::bit_or<>());
}

Result<Tensors> interpret_logical_xor(const Node& node, Operands operands) {
  return zip_bits(node, operands, std::bit_xor<>());
}

Result<Tensors> interpret_bitwise_not(const Node&, Operands operands) {
  const Tensor& x = *operands[0];
  std::vector<std::int64_t> values = x.to_ints();
  for (std::int64_t& value : values) value = ~value;
  return one(from_integers(x.dtype(), x.shape(), values));
}

Result<Tensors> interpret_bitwise_and(const Node& node, Operands operands) {
  return zip_bits(node, operands, std::bit_and<>());
}

Result<Tensors> interpret_bitwise_or(const Node& node, Operands operands) {
  return zip_bits(node, operands, std::bit_or<>());
}

Result<Tensors> interpret_bitwise_xor(const Node& node, Operands operands) {
  return zip_bits(node, operands, std::bit_xor<>());
}

// A distance of all bits or more, or a negative one, leaves nothing but the sign.
Result<Tensors> interpret_bit_shift(const Node& node, Operands operands) {
  const bool is_left = node.attribute_string(attr::direction) == "LEFT";
  const DType dtype = operands[0]->dtype();
  const auto width = static_cast<std::int64_t>(dtype_bytes(dtype, 2)) * 4;
  const bool is_unsigned = dtype == DType::u64;
  return zip_bits(node, operands, [=](std::int64_t value, std::int64_t distance) {
    const std::int64_t sign = value < 0 && !is_unsigned ? -1 : 0;
    if (distance < 0 || distance >= width) return is_left ? 0 : sign;
    const auto bits = static_cast<std::uint64_t>(value);
    if (is_left) return static_cast<std::int64_t>(bits << distance);
    return is_unsigned ? static_cast<std::int64_t>(bits >> distance) : value >> distance;
  });
}

Result<Tensors> interpret_greater_or_equal(const Node& node, Operands operands) {
  return zip(node, operands, [](auto a, auto b) { return static_cast<decltype(a)>(a >= b); });
}

Result<Tensors> interpret_less_or_equal(const Node& node, Operands operands) {
  return zip(node, operands, [](auto a, auto b) { return static_cast<decltype(a)>(a <= b); });
}

Result<Tensors> interpret_is_nan(const Node&, Operands operands) {
  return test_each(*operands[0], [](double x) { return std::isnan(x); });
}

Result<Tensors> interpret_is_inf(const Node& node, Operands operands) {
  const bool has_negative = node.attribute_int(attr::detect_negative) != 0;
  const bool has_positive = node.attribute_int(attr::detect_positive) != 0;
  return test_each(*operands[0], [=](double x) {
    return std::isinf(x) && (std::signbit(x) ? has_negative : has_positive);
  });
}

// With fmod the result has the sign of A, otherwise that of B.
Result<Tensors> interpret_mod(const Node& node, Operands operands) {
  const bool follows_dividend = node.attribute_int(attr::fmod) != 0;
  if (is_integral(operands[1]->dtype())) {
    for (const std::int64_t divisor : operands[1]->to_ints()) {
      if (divisor == 0) return fail(ErrorKind::input, "an integer is divided by zero");
    }
  }
  return zip(node, operands, [=](auto a, auto b) {
    if constexpr (std::is_integral_v<decltype(a)>) {
      // The least number divided by -1 would overflow.
      const std::int64_t rest = b == -1 ? 0 : a % b;
      const bool is_other_sign = rest != 0 && (rest < 0) != (b < 0);
      return is_other_sign && !follows_dividend ? rest + b : rest;
    } else {
      const double rest = std::fmod(a, b);
      if (follows_dividend || std::isnan(rest)) return rest;
      if (rest == 0) return std::copysign(rest, b);
      return (rest < 0) != (b < 0) ? rest + b : rest;
    }
  });
}

Result<Tensors> interpret_mean(const Node& node, Operands operands) {
  const Sizes sizes = result_sizes(node);
  std::vector<double> total(static_cast<std::size_t>(element_count(sizes)));
  for (const Tensor* operand : operands) {
    total = combined(total, sizes, operand->to_doubles(), operand->shape(), sizes, std::plus<>());
  }
  for (double& value : total) value /= static_cast<double>(operands.size());
  return one(Tensor::from_doubles(node.result()->type().dtype, sizes, total));
}

}  // namespace rcc
