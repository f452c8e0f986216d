// Functions of single elements: arithmetic, activations, comparisons, truth values.
#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/acos.h>
#include <ATen/ops/acosh.h>
#include <ATen/ops/asin.h>
#include <ATen/ops/asinh.h>
#include <ATen/ops/atan.h>
#include <ATen/ops/atanh.h>
#include <ATen/ops/bitwise_and.h>
#include <ATen/ops/bitwise_not.h>
#include <ATen/ops/bitwise_or.h>
#include <ATen/ops/bitwise_xor.h>
#include <ATen/ops/ceil.h>
#include <ATen/ops/celu.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/clamp_max.h>
#include <ATen/ops/clamp_min.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/cosh.h>
#include <ATen/ops/div.h>
#include <ATen/ops/elu.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/erf.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/floor.h>
#include <ATen/ops/fmod.h>
#include <ATen/ops/ge.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/hardswish.h>
#include <ATen/ops/isinf.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/le.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/log.h>
#include <ATen/ops/logical_and.h>
#include <ATen/ops/logical_not.h>
#include <ATen/ops/logical_or.h>
#include <ATen/ops/logical_xor.h>
#include <ATen/ops/lt.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/mish.h>
#include <ATen/ops/neg.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/remainder.h>
#include <ATen/ops/round.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/sign.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/sinh.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/tan.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include "backends/torch/convert.h"
#include "backends/torch/kernel.h"

namespace rcc {

namespace {

using Tensors = std::vector<at::Tensor>;

// Folds any number of operands.
template <at::Tensor (*function)(const at::Tensor&, const at::Tensor&)>
Tensors variadic(const KernelContext& context) {
  at::Tensor result = context.operand(0);
  for (std::size_t i = 1; i < context.operands.size(); ++i)
    result = function(result, context.operand(i));
  return {result};
}

Tensors leaky_relu(const KernelContext& context) {
  return {at::leaky_relu(context.operand(0), context.node.attribute_float(attr::alpha))};
}

Tensors elu(const KernelContext& context) {
  return {at::elu(context.operand(0), context.node.attribute_float(attr::alpha))};
}

Tensors selu(const KernelContext& context) {
  return {at::elu(context.operand(0), context.node.attribute_float(attr::alpha),
                  context.node.attribute_float(attr::gamma))};
}

Tensors softplus(const KernelContext& context) { return {at::softplus(context.operand(0))}; }

Tensors hard_sigmoid(const KernelContext& context) {
  const float alpha = context.node.attribute_float(attr::alpha);
  const float beta = context.node.attribute_float(attr::beta);
  return {at::clamp(context.operand(0) * alpha + beta, 0, 1)};
}

Tensors gelu(const KernelContext& context) {
  return {at::gelu(context.operand(0), context.node.attribute_string(attr::approximate))};
}

Tensors prelu(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  return {at::where(at::gt(x, 0), x, x * context.operand(1))};
}

Tensors clip(const KernelContext& context) {
  at::Tensor y = context.operand(0);
  if (context.has(1)) y = at::clamp_min(y, context.operand(1).to(y.scalar_type()));
  if (context.has(2)) y = at::clamp_max(y, context.operand(2).to(y.scalar_type()));
  return {y};
}

Tensors cast(const KernelContext& context) {
  return {context.operand(0).to(scalar_type_of(context.node.result()->type().dtype))};
}

Tensors identity(const KernelContext& context) { return {context.operand(0)}; }

// As in inference: the graphs that rcc trains come without active dropout.
Tensors dropout(const KernelContext& context) {
  TORCH_CHECK(context.node.result(1) == nullptr, "the mask of dropout is not supported");
  return {context.operand(0)};
}

at::Tensor add_tensors(const at::Tensor& a, const at::Tensor& b) { return a + b; }
at::Tensor subtract(const at::Tensor& a, const at::Tensor& b) { return a - b; }
at::Tensor multiply(const at::Tensor& a, const at::Tensor& b) { return a * b; }
at::Tensor divide(const at::Tensor& a, const at::Tensor& b) {
  if (a.is_floating_point() || b.is_floating_point()) return at::div(a, b);
  return at::div(a, b, "trunc");
}
at::Tensor power(const at::Tensor& a, const at::Tensor& b) {
  return at::pow(a, b).to(a.scalar_type());
}
// Overloads with other defaults in LibTorch get one plain form.
at::Tensor round_half_even(const at::Tensor& x) { return at::round(x); }

Tensors where(const KernelContext& context) {
  return {at::where(context.operand(0), context.operand(1), context.operand(2))};
}

double real(const KernelContext& context, std::string_view name) {
  return context.node.attribute_float(name);
}

Tensors celu(const KernelContext& context) {
  return {at::celu(context.operand(0), real(context, attr::alpha))};
}

Tensors thresholded_relu(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  return {at::where(x.gt(real(context, attr::alpha)), x, at::zeros_like(x))};
}

Tensors softsign(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  return {x / (x.abs() + 1)};
}

Tensors swish(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  return {x * at::sigmoid(x * real(context, attr::alpha))};
}

Tensors shrink(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  const double limit = real(context, attr::lambd);
  const double bias = real(context, attr::bias);
  const at::Tensor above = at::where(x.gt(limit), x - bias, at::zeros_like(x));
  return {at::where(x.lt(-limit), x + bias, above)};
}

Tensors is_inf(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  at::Tensor y = at::isinf(x);
  if (context.node.attribute_int(attr::detect_negative) == 0) y = at::logical_and(y, x.gt(0));
  if (context.node.attribute_int(attr::detect_positive) == 0) y = at::logical_and(y, x.lt(0));
  return {y};
}

Tensors mod(const KernelContext& context) {
  const at::Tensor& a = context.operand(0);
  const at::Tensor& b = context.operand(1);
  if (context.node.attribute_int(attr::fmod) != 0) return {at::fmod(a, b)};
  return {at::remainder(a, b)};
}

Tensors mean(const KernelContext& context) {
  return {variadic<add_tensors>(context)[0] / static_cast<double>(context.operands.size())};
}

constexpr KernelRow kRows[] = {
    {OpKind::relu, unary<at::relu>},
    {OpKind::leaky_relu, leaky_relu},
    {OpKind::elu, elu},
    {OpKind::selu, selu},
    {OpKind::softplus, softplus},
    {OpKind::sigmoid, unary<at::sigmoid>},
    {OpKind::tanh, unary<at::tanh>},
    {OpKind::hard_sigmoid, hard_sigmoid},
    {OpKind::hard_swish, unary<at::hardswish>},
    {OpKind::gelu, gelu},
    {OpKind::mish, unary<at::mish>},
    {OpKind::erf, unary<at::erf>},
    {OpKind::exp, unary<at::exp>},
    {OpKind::log, unary<at::log>},
    {OpKind::sqrt, unary<at::sqrt>},
    {OpKind::reciprocal, unary<at::reciprocal>},
    {OpKind::neg, unary<at::neg>},
    {OpKind::abs, unary<at::abs>},
    {OpKind::sign, unary<at::sign>},
    {OpKind::floor, unary<at::floor>},
    {OpKind::ceil, unary<at::ceil>},
    {OpKind::round, unary<round_half_even>},
    {OpKind::prelu, prelu},
    {OpKind::clip, clip},
    {OpKind::cast, cast},
    {OpKind::identity, identity},
    {OpKind::tap, identity},
    {OpKind::dropout, dropout},
    {OpKind::add, binary<add_tensors>},
    {OpKind::sub, binary<subtract>},
    {OpKind::mul, binary<multiply>},
    {OpKind::div, binary<divide>},
    {OpKind::pow, binary<power>},
    {OpKind::min, variadic<at::minimum>},
    {OpKind::max, variadic<at::maximum>},
    {OpKind::equal, binary<at::eq>},
    {OpKind::greater, binary<at::gt>},
    {OpKind::less, binary<at::lt>},
    {OpKind::where, where},
    {OpKind::sin, unary<at::sin>},
    {OpKind::cos, unary<at::cos>},
    {OpKind::tan, unary<at::tan>},
    {OpKind::asin, unary<at::asin>},
    {OpKind::acos, unary<at::acos>},
    {OpKind::atan, unary<at::atan>},
    {OpKind::sinh, unary<at::sinh>},
    {OpKind::cosh, unary<at::cosh>},
    {OpKind::asinh, unary<at::asinh>},
    {OpKind::acosh, unary<at::acosh>},
    {OpKind::atanh, unary<at::atanh>},
    {OpKind::celu, celu},
    {OpKind::thresholded_relu, thresholded_relu},
    {OpKind::softsign, softsign},
    {OpKind::swish, swish},
    {OpKind::shrink, shrink},
    {OpKind::cast_like, cast},
    {OpKind::bitwise_not, unary<at::bitwise_not>},
    {OpKind::bitwise_and, binary<at::bitwise_and>},
    {OpKind::bitwise_or, binary<at::bitwise_or>},
    {OpKind::bitwise_xor, binary<at::bitwise_xor>},
    {OpKind::logical_not, unary<at::logical_not>},
    {OpKind::logical_and, binary<at::logical_and>},
    {OpKind::logical_or, binary<at::logical_or>},
    {OpKind::logical_xor, binary<at::logical_xor>},
    {OpKind::greater_or_equal, binary<at::ge>},
    {OpKind::less_or_equal, binary<at::le>},
    {OpKind::is_nan, unary<at::isnan>},
    {OpKind::is_inf, is_inf},
    {OpKind::mod, mod},
    {OpKind::sum, variadic<add_tensors>},
    {OpKind::mean, mean},
};

}  // namespace

std::span<const KernelRow> elementwise_kernels() { return kRows; }

}  // namespace rcc
