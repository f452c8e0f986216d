#pragma once

#include <cstdint>
#include <optional>

#include "ir/type.h"

namespace rcc {

// A float of at most 16 bits: sign, exponent, mantissa. Every value of it is a float64.
struct FloatFormat {
  // What the largest exponent means.
  enum class Top : std::uint8_t {
    infinity_and_nan,  // as in IEEE 754
    one_nan,           // numbers, but all bits set is NaN (f8e4m3fn)
    numbers,           // numbers; NaN is the bits of -0 (fnuz), or there is none (f4e2m1)
  };
  int exponent_bits;
  int mantissa_bits;
  int bias;
  Top top;
  bool has_negative_zero;
  bool has_nan;
  // Out of range becomes the largest number, not infinity, as ONNX's Cast does by default.
  bool saturates;

  double decode(std::uint32_t bits) const;
  // Rounds half to even.
  std::uint32_t encode(double value) const;

 private:
  std::uint32_t nan_bits() const;
  std::uint32_t largest_bits() const;
};

// nullopt: not such a format.
std::optional<FloatFormat> float_format(DType dtype);

}  // namespace rcc
