// Trigonometric functions, the rarer activations, normalisations and reductions.
#include <ATen/TensorOperators.h>
#include <ATen/ops/acos.h>
#include <ATen/ops/acosh.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/argmin.h>
#include <ATen/ops/asin.h>
#include <ATen/ops/asinh.h>
#include <ATen/ops/atan.h>
#include <ATen/ops/atanh.h>
#include <ATen/ops/bitwise_and.h>
#include <ATen/ops/bitwise_not.h>
#include <ATen/ops/bitwise_or.h>
#include <ATen/ops/bitwise_xor.h>
#include <ATen/ops/celu.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/cosh.h>
#include <ATen/ops/cumprod.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/instance_norm.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/sinh.h>
#include <ATen/ops/tan.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <numeric>

#include "backends/torch/convert.h"
#include "backends/torch/kernel.h"

namespace rcc {

namespace {

using Tensors = std::vector<at::Tensor>;

template <at::Tensor (*function)(const at::Tensor&)>
Tensors one_operand(const KernelContext& context) {
  return {function(context.operand(0))};
}

template <at::Tensor (*function)(const at::Tensor&, const at::Tensor&)>
Tensors two_operands(const KernelContext& context) {
  return {function(context.operand(0), context.operand(1))};
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

Tensors cast_like(const KernelContext& context) {
  return {context.operand(0).to(scalar_type_of(context.node.result()->type().dtype))};
}

Tensors instance_norm(const KernelContext& context) {
  return {at::instance_norm(context.operand(0), context.operand(1), context.operand(2), {}, {},
                            /*use_input_stats=*/true, 0, real(context, attr::epsilon),
                            /*cudnn_enabled=*/false)};
}

Tensors group_norm(const KernelContext& context) {
  return {at::group_norm(context.operand(0), context.node.attribute_int(attr::num_groups),
                         context.operand(1), context.operand(2), real(context, attr::epsilon))};
}

Tensors rms_norm(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  const std::int64_t given = context.node.attribute_int(attr::axis);
  const std::int64_t first = given < 0 ? given + x.dim() : given;
  Ints axes(static_cast<std::size_t>(x.dim() - first));
  std::iota(axes.begin(), axes.end(), first);
  const at::Tensor squares = x.square().mean(axes, /*keepdim=*/true);
  return {x * at::rsqrt(squares + real(context, attr::epsilon)) * context.operand(1)};
}

Tensors lp_norm(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  const Ints axes = {context.node.attribute_int(attr::axis)};
  const at::Tensor norm =
      at::linalg_vector_norm(x, context.node.attribute_int(attr::p), axes, /*keepdim=*/true);
  return {at::where(norm.eq(0), x, x / norm)};
}

Ints reduced_axes(const KernelContext& context) {
  Ints axes = context.node.attribute_ints(attr::axes);
  if (!axes.empty() || context.node.attribute_int(attr::noop_with_empty_axes) != 0) return axes;
  axes.resize(static_cast<std::size_t>(context.operand(0).dim()));
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

// No axes: nothing to add up, but the function of each element is applied.
at::Tensor sum_over(const KernelContext& context, const at::Tensor& x) {
  const Ints axes = reduced_axes(context);
  return axes.empty() ? x : x.sum(axes, context.node.attribute_int(attr::keepdims) != 0);
}

Tensors reduce_l1(const KernelContext& context) {
  return {sum_over(context, context.operand(0).abs())};
}
Tensors reduce_sum_square(const KernelContext& context) {
  return {sum_over(context, context.operand(0).square())};
}
Tensors reduce_log_sum(const KernelContext& context) {
  return {sum_over(context, context.operand(0)).log()};
}
Tensors reduce_log_sum_exp(const KernelContext& context) {
  const Ints axes = reduced_axes(context);
  if (axes.empty()) return {context.operand(0)};
  return {at::logsumexp(context.operand(0), axes, context.node.attribute_int(attr::keepdims) != 0)};
}

template <at::Tensor (*function)(const at::Tensor&, std::optional<std::int64_t>, bool)>
Tensors arg(const KernelContext& context) {
  TORCH_CHECK(context.node.attribute_int(attr::select_last_index) == 0,
              "select_last_index is not supported");
  return {function(context.operand(0), context.node.attribute_int(attr::axis),
                   context.node.attribute_int(attr::keepdims) != 0)};
}

Tensors depth_to_space(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  const std::int64_t edge = context.node.attribute_int(attr::blocksize);
  const std::int64_t batch = x.size(0), channels = x.size(1) / edge / edge;
  const std::int64_t rows = x.size(2), columns = x.size(3);
  const bool is_in_rounds = context.node.attribute_string(attr::mode) == "DCR";
  const at::Tensor moved =
      is_in_rounds
          ? x.reshape({batch, edge, edge, channels, rows, columns}).permute({0, 3, 4, 1, 5, 2})
          : x.reshape({batch, channels, edge, edge, rows, columns}).permute({0, 1, 4, 2, 5, 3});
  return {moved.reshape({batch, channels, rows * edge, columns * edge})};
}

Tensors space_to_depth(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  const std::int64_t edge = context.node.attribute_int(attr::blocksize);
  const std::int64_t rows = x.size(2) / edge, columns = x.size(3) / edge;
  const at::Tensor blocks = x.reshape({x.size(0), x.size(1), rows, edge, columns, edge});
  const bool is_in_rounds = context.node.attribute_string(attr::mode) == "DCR";
  const at::Tensor moved =
      is_in_rounds ? blocks.permute({0, 3, 5, 1, 2, 4}) : blocks.permute({0, 1, 3, 5, 2, 4});
  return {moved.reshape({x.size(0), x.size(1) * edge * edge, rows, columns})};
}

Tensors cum_prod(const KernelContext& context) {
  TORCH_CHECK(context.node.attribute_int(attr::exclusive) == 0, "exclusive is not supported");
  const std::int64_t axis = context.ints(1).at(0);
  const bool is_reverse = context.node.attribute_int(attr::reverse) != 0;
  const at::Tensor x = is_reverse ? context.operand(0).flip(axis) : context.operand(0);
  const at::Tensor y = at::cumprod(x, axis, x.scalar_type());
  return {is_reverse ? y.flip(axis) : y};
}

constexpr KernelRow kRows[] = {
    {OpKind::sin, one_operand<at::sin>},
    {OpKind::cos, one_operand<at::cos>},
    {OpKind::tan, one_operand<at::tan>},
    {OpKind::asin, one_operand<at::asin>},
    {OpKind::acos, one_operand<at::acos>},
    {OpKind::atan, one_operand<at::atan>},
    {OpKind::sinh, one_operand<at::sinh>},
    {OpKind::cosh, one_operand<at::cosh>},
    {OpKind::asinh, one_operand<at::asinh>},
    {OpKind::acosh, one_operand<at::acosh>},
    {OpKind::atanh, one_operand<at::atanh>},
    {OpKind::celu, celu},
    {OpKind::thresholded_relu, thresholded_relu},
    {OpKind::softsign, softsign},
    {OpKind::swish, swish},
    {OpKind::shrink, shrink},
    {OpKind::cast_like, cast_like},
    {OpKind::bitwise_not, one_operand<at::bitwise_not>},
    {OpKind::bitwise_and, two_operands<at::bitwise_and>},
    {OpKind::bitwise_or, two_operands<at::bitwise_or>},
    {OpKind::bitwise_xor, two_operands<at::bitwise_xor>},
    {OpKind::instance_norm, instance_norm},
    {OpKind::group_norm, group_norm},
    {OpKind::rms_norm, rms_norm},
    {OpKind::lp_norm, lp_norm},
    {OpKind::reduce_l1, reduce_l1},
    {OpKind::reduce_sum_square, reduce_sum_square},
    {OpKind::reduce_log_sum, reduce_log_sum},
    {OpKind::reduce_log_sum_exp, reduce_log_sum_exp},
    {OpKind::arg_max, arg<at::argmax>},
    {OpKind::arg_min, arg<at::argmin>},
    {OpKind::depth_to_space, depth_to_space},
    {OpKind::space_to_depth, space_to_depth},
    {OpKind::cum_prod, cum_prod},
};

}  // namespace

std::span<const KernelRow> rare_kernels() { return kRows; }

}  // namespace rcc
