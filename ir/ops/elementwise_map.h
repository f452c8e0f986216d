#pragma once

#include "ir/ops/compute.h"

// What interpreter functions of single elements share.

namespace rcc {

// One function for every element, in float64.
template <typename Function>
Result<Tensors> map(Operands operands, Function function) {
  const Tensor& x = *operands[0];
  if (x.dtype() == DType::f32) {
    Tensor y = Tensor::allocate(DType::f32, x.shape());
    const auto from = x.elements<float>();
    const auto to = y.mutable_elements<float>();
    for (std::size_t i = 0; i < to.size(); ++i) {
      to[i] = static_cast<float>(function(static_cast<double>(from[i])));
    }
    return one(std::move(y));
  }
  std::vector<double> values = x.to_doubles();
  for (double& value : values) value = function(value);
  return one(Tensor::from_doubles(x.dtype(), x.shape(), values));
}

inline bool is_integral(DType dtype) { return is_integer(dtype) || dtype == DType::boolean; }

// values[i] = function(a, b) over the result's shape.
template <typename Element, typename Function>
std::vector<Element> combined(const std::vector<Element>& a, const Sizes& a_sizes,
                              const std::vector<Element>& b, const Sizes& b_sizes,
                              const Sizes& sizes, Function function) {
  std::vector<Element> values(static_cast<std::size_t>(element_count(sizes)));
  Element* out = values.data();
  RowWalk walk(sizes, {broadcast_strides(a_sizes, sizes), broadcast_strides(b_sizes, sizes)});
  for (; !walk.is_done(); walk.next()) {
    const Element* left = a.data() + walk.offset(0);
    const Element* right = b.data() + walk.offset(1);
    for (std::int64_t i = 0; i < walk.row_size(); ++i) {
      *out++ = function(left[i * walk.step(0)], right[i * walk.step(1)]);
    }
  }
  return values;
}

// `function` takes two doubles or two int64s. Integers wrap around.
template <typename Function>
Result<Tensors> zip(const Tensor& a, const Tensor& b, DType dtype, const Sizes& sizes,
                    Function function) {
  if (is_integral(a.dtype()) && is_integral(b.dtype())) {
    const auto values = combined(a.to_ints(), a.shape(), b.to_ints(), b.shape(), sizes, function);
    return one(from_integers(dtype, sizes, values));
  }
  const auto values =
      combined(a.to_doubles(), a.shape(), b.to_doubles(), b.shape(), sizes, function);
  return one(Tensor::from_doubles(dtype, sizes, values));
}

template <typename Function>
Result<Tensors> zip(const Node& node, Operands operands, Function function) {
  return zip(*operands[0], *operands[1], node.result()->type().dtype, result_sizes(node), function);
}

// The same for any number of operands, from the left.
template <typename Function>
Result<Tensors> fold(const Node& node, Operands operands, Function function) {
  Tensors total = one(*operands[0]);
  const Sizes sizes = result_sizes(node);
  for (std::size_t i = 1; i < operands.size(); ++i) {
    total = RCC_TRY(zip(total[0], *operands[i], operands[0]->dtype(), sizes, function));
  }
  if (operands.size() == 1) total[0] = total[0].reshaped(sizes);
  return total;
}

// For functions of doubles only.
template <typename Function>
Result<Tensors> zip_doubles(const Node& node, Operands operands, Function function) {
  const Sizes sizes = result_sizes(node);
  const auto values = combined(operands[0]->to_doubles(), operands[0]->shape(),
                               operands[1]->to_doubles(), operands[1]->shape(), sizes, function);
  return one(Tensor::from_doubles(node.result()->type().dtype, sizes, values));
}

}  // namespace rcc
