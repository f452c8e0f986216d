#include <cmath>

#include "ir/ops/elementwise_map.h"

// Trigonometric and hyperbolic functions, and the rarer activations.

namespace rcc {

Result<Tensors> interpret_sin(const Node&, Operands operands) {
  return map(operands, [](double x) { return std::sin(x); });
}

Result<Tensors> interpret_cos(const Node&, Operands operands) {
  return map(operands, [](double x) { return std::cos(x); });
}

Result<Tensors> interpret_tan(const Node&, Operands operands) {
  return map(operands, [](double x) { return std::tan(x); });
}

Result<Tensors> interpret_asin(const Node&, Operands operands) {
  return map(operands, [](double x) { return std::asin(x); });
}

Result<Tensors> interpret_acos(const Node&, Operands operands) {
  return map(operands, [](double x) { return std::acos(x); });
}

Result<Tensors> interpret_atan(const Node&, Operands operands) {
  return map(operands, [](double x) { return std::atan(x); });
}

Result<Tensors> interpret_sinh(const Node&, Operands operands) {
  return map(operands, [](double x) { return std::sinh(x); });
}

Result<Tensors> interpret_cosh(const Node&, Operands operands) {
  return map(operands, [](double x) { return std::cosh(x); });
}

Result<Tensors> interpret_asinh(const Node&, Operands operands) {
  return map(operands, [](double x) { return std::asinh(x); });
}

Result<Tensors> interpret_acosh(const Node&, Operands operands) {
  return map(operands, [](double x) { return std::acosh(x); });
}

Result<Tensors> interpret_atanh(const Node&, Operands operands) {
  return map(operands, [](double x) { return std::atanh(x); });
}

Result<Tensors> interpret_celu(const Node& node, Operands operands) {
  const double alpha = node.attribute_float(attr::alpha);
  return map(operands, [=](double x) { return x < 0 ? alpha * std::expm1(x / alpha) : x; });
}

Result<Tensors> interpret_thresholded_relu(const Node& node, Operands operands) {
  const double alpha = node.attribute_float(attr::alpha);
  return map(operands, [=](double x) { return x <= alpha ? 0 : x; });
}

Result<Tensors> interpret_shrink(const Node& node, Operands operands) {
  const double limit = node.attribute_float(attr::lambd);
  const double bias = node.attribute_float(attr::bias);
  return map(operands, [=](double x) {
    if (x < -limit) return x + bias;
    return x > limit ? x - bias : 0;
  });
}

Result<Tensors> interpret_softsign(const Node&, Operands operands) {
  return map(operands, [](double x) { return x / (1 + std::abs(x)); });
}

Result<Tensors> interpret_swish(const Node& node, Operands operands) {
  const double alpha = node.attribute_float(attr::alpha);
  return map(operands, [=](double x) { return x / (1 + std::exp(-alpha * x)); });
}

}  // namespace rcc
