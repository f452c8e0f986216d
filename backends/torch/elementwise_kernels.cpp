// Functions of one or two elements, comparisons and reductions.
#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/amin.h>
#include <ATen/ops/ceil.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/clamp_max.h>
#include <ATen/ops/clamp_min.h>
#include <ATen/ops/div.h>
#include <ATen/ops/elu.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/erf.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/floor.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/hardswish.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/log.h>
#include <ATen/ops/lt.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/mish.h>
#include <ATen/ops/neg.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/prod.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/round.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/sign.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/where.h>

#include <algorithm>
#include <numeric>

#include "backends/torch/convert.h"
#include "backends/torch/kernel.h"

namespace rcc {

namespace {

using Tensors = std::vector<at::Tensor>;

// A kernel from a LibTorch function of one tensor.
template <at::Tensor (*function)(const at::Tensor&)>
Tensors unary(const KernelContext& context) {
  return {function(context.operand(0))};
}

template <at::Tensor (*function)(const at::Tensor&, const at::Tensor&)>
Tensors binary(const KernelContext& context) {
  return {function(context.operand(0), context.operand(1))};
}

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

struct Reduction {
  Ints axes;
  bool keeps_dims = true;
  bool is_noop = false;
};

Reduction reduction_of(const KernelContext& context) {
  const std::int64_t rank = context.operand(0).dim();
  Reduction reduction;
  reduction.axes = context.node.attribute_ints(attr::axes);
  reduction.keeps_dims = context.node.attribute_int(attr::keepdims) != 0;
  if (reduction.axes.empty()) {
    reduction.is_noop = context.node.attribute_int(attr::noop_with_empty_axes) != 0;
    reduction.axes.resize(static_cast<std::size_t>(rank));
    std::iota(reduction.axes.begin(), reduction.axes.end(), 0);
  }
  for (std::int64_t& axis : reduction.axes)
    if (axis < 0) axis += rank;
  return reduction;
}

template <at::Tensor (*function)(const at::Tensor&, const Reduction&)>
Tensors reduce(const KernelContext& context) {
  const Reduction reduction = reduction_of(context);
  if (reduction.is_noop) return {context.operand(0)};
  return {function(context.operand(0), reduction)};
}

at::Tensor mean_over(const at::Tensor& x, const Reduction& r) {
  return at::mean(x, r.axes, r.keeps_dims);
}
at::Tensor sum_over(const at::Tensor& x, const Reduction& r) {
  return at::sum(x, r.axes, r.keeps_dims, x.scalar_type());
}
at::Tensor max_over(const at::Tensor& x, const Reduction& r) {
  return at::amax(x, r.axes, r.keeps_dims);
}
at::Tensor min_over(const at::Tensor& x, const Reduction& r) {
  return at::amin(x, r.axes, r.keeps_dims);
}
at::Tensor norm_over(const at::Tensor& x, const Reduction& r) {
  return at::linalg_vector_norm(x, 2, r.axes, r.keeps_dims);
}
at::Tensor product_over(const at::Tensor& x, const Reduction& r) {
  Ints axes = r.axes;
  std::ranges::sort(axes, std::greater<>());
  at::Tensor y = x;
  for (const std::int64_t axis : axes) y = at::prod(y, axis, r.keeps_dims, x.scalar_type());
  return y;
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
    {OpKind::reduce_mean, reduce<mean_over>},
    {OpKind::reduce_sum, reduce<sum_over>},
    {OpKind::reduce_max, reduce<max_over>},
    {OpKind::reduce_min, reduce<min_over>},
    {OpKind::reduce_prod, reduce<product_over>},
    {OpKind::reduce_l2, reduce<norm_over>},
};

}  // namespace

std::span<const KernelRow> elementwise_kernels() { return kRows; }

}  // namespace rcc
