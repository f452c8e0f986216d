#pragma once

#include <optional>

#include "ir/tensor.h"

namespace rcc {

// How far tensor b is from tensor a, over all elements, in float64.
struct TensorDelta {
  // max |a - b|; infinity when one of them has a NaN where the other has none.
  double largest = 0;
  // 10 log10(sum a^2 / sum (a - b)^2): signal to quantization noise in dB. Infinity when equal.
  double sqnr = 0;
  // sum ab / sqrt(sum a^2 sum b^2); 1 when both are zero.
  double cosine = 1;
  bool is_equal() const { return largest == 0; }
};

// Nothing when the shapes differ, or when one is elided or holds no real numbers.
std::optional<TensorDelta> tensor_delta(const Tensor& a, const Tensor& b);

}  // namespace rcc
