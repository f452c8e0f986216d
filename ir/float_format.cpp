#include "ir/float_format.h"

#include <cmath>
#include <limits>

namespace rcc {

std::uint32_t FloatFormat::nan_bits() const {
  const std::uint32_t sign = 1U << (exponent_bits + mantissa_bits);
  switch (top) {
    case Top::infinity_and_nan:
      return ((1U << exponent_bits) - 1) << mantissa_bits | 1U << (mantissa_bits - 1);
    case Top::one_nan:
      return sign - 1;
    case Top::numbers:
      return sign;
  }
  return sign;
}

std::uint32_t FloatFormat::largest_bits() const {
  const std::uint32_t all = (1U << (exponent_bits + mantissa_bits)) - 1;
  switch (top) {
    case Top::infinity_and_nan:
      return all - (1U << mantissa_bits);
    case Top::one_nan:
      return all - 1;
    case Top::numbers:
      return all;
  }
  return all;
}

double FloatFormat::decode(std::uint32_t bits) const {
  const std::uint32_t sign = 1U << (exponent_bits + mantissa_bits);
  const std::uint32_t magnitude = bits & (sign - 1);
  const double factor = (bits & sign) != 0 ? -1.0 : 1.0;
  if (!has_negative_zero && bits == sign) return std::numeric_limits<double>::quiet_NaN();
  if (magnitude > largest_bits()) {
    const bool is_infinity = top == Top::infinity_and_nan && magnitude == largest_bits() + 1;
    return is_infinity ? factor * std::numeric_limits<double>::infinity()
                       : std::numeric_limits<double>::quiet_NaN();
  }
  const int exponent = static_cast<int>(magnitude >> mantissa_bits);
  std::uint32_t mantissa = magnitude & ((1U << mantissa_bits) - 1);
  if (exponent > 0) mantissa |= 1U << mantissa_bits;
  const int scale = (exponent > 0 ? exponent : 1) - bias - mantissa_bits;
  return factor * std::ldexp(static_cast<double>(mantissa), scale);
}

std::uint32_t FloatFormat::encode(double value) const {
  const std::uint32_t sign = std::signbit(value) ? 1U << (exponent_bits + mantissa_bits) : 0;
  if (std::isnan(value)) return has_nan ? nan_bits() : 0;
  const double magnitude = std::fabs(value);
  const std::uint32_t largest = largest_bits();
  const std::uint32_t overflow = sign | (saturates ? largest : largest + 1);
  if (std::isinf(magnitude)) return overflow;
  if (magnitude == 0) return has_negative_zero ? sign : 0;

  // The unit in the last place at this magnitude; subnormals share the smallest.
  const int smallest = 1 - bias - mantissa_bits;
  const int unit = std::max(std::ilogb(magnitude) - mantissa_bits, smallest);
  const double rounded = std::nearbyint(std::ldexp(magnitude, -unit));
  // The bits of consecutive numbers are consecutive integers, also where rounding up crosses a
  // power of two.
  const double bits = rounded + std::ldexp(static_cast<double>(unit - smallest), mantissa_bits);
  if (bits > largest) return overflow;
  const auto code = static_cast<std::uint32_t>(bits);
  return code == 0 && !has_negative_zero ? 0 : sign | code;
}

std::optional<FloatFormat> float_format(DType dtype) {
  using Top = FloatFormat::Top;
  if (dtype == DType::f16) return FloatFormat{5, 10, 15, Top::infinity_and_nan, true, true, false};
  if (dtype == DType::bf16) return FloatFormat{8, 7, 127, Top::infinity_and_nan, true, true, false};
  if (dtype == DType::f8e4m3fn) return FloatFormat{4, 3, 7, Top::one_nan, true, true, true};
  if (dtype == DType::f8e4m3fnuz) return FloatFormat{4, 3, 8, Top::numbers, false, true, true};
  if (dtype == DType::f8e5m2) return FloatFormat{5, 2, 15, Top::infinity_and_nan, true, true, true};
  if (dtype == DType::f8e5m2fnuz) return FloatFormat{5, 2, 16, Top::numbers, false, true, true};
  if (dtype == DType::f4e2m1) return FloatFormat{2, 1, 1, Top::numbers, true, false, true};
  return std::nullopt;
}

}  // namespace rcc
