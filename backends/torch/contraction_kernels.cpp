// Convolutions, matrix products and pooling.
#include <ATen/TensorOperators.h>
#include <ATen/ops/avg_pool1d.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/avg_pool3d.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv1d.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv3d.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/max_pool1d.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/max_pool3d.h>
#include <ATen/ops/ones_like.h>

#include <limits>
#include <numeric>
#include <optional>

#include "backends/torch/kernel.h"
#include "backends/torch/window.h"

namespace rcc {

namespace {

using Tensors = std::vector<at::Tensor>;

std::optional<at::Tensor> optional_operand(const KernelContext& context, std::size_t index) {
  if (!context.has(index)) return std::nullopt;
  return context.operand(index);
}

Ints kernel_of_weight(const at::Tensor& weight) {
  const auto sizes = weight.sizes();
  return {sizes.begin() + 2, sizes.end()};
}

at::Tensor convolve(const Node& node, at::Tensor x, const at::Tensor& weight,
                    const std::optional<at::Tensor>& bias) {
  Window window = window_of(node, kernel_of_weight(weight), x);
  if (!window.is_symmetric()) x = apply_pads(x, window, 0);
  const std::int64_t group = node.attribute_int(attr::group);
  switch (window.rank()) {
    case 1:
      return at::conv1d(x, weight, bias, window.strides, window.begin_pads, window.dilations,
                        group);
    case 2:
      return at::conv2d(x, weight, bias, window.strides, window.begin_pads, window.dilations,
                        group);
    default:
      return at::conv3d(x, weight, bias, window.strides, window.begin_pads, window.dilations,
                        group);
  }
}

Tensors conv(const KernelContext& context) {
  return {
      convolve(context.node, context.operand(0), context.operand(1), optional_operand(context, 2))};
}

// What pads take away and output_padding adds at both ends of an axis.
Ints transposed_pads(const Node& node, const at::Tensor& x, const Window& window) {
  Ints extra = node.attribute_ints(attr::output_padding);
  if (extra.empty()) extra.assign(window.rank(), 0);
  const Ints& wanted = node.attribute_ints(attr::output_shape);
  const std::string& automatic = node.attribute_string(attr::auto_pad);
  const bool is_automatic = automatic == "SAME_UPPER" || automatic == "SAME_LOWER";
  Ints amounts;
  for (std::size_t i = window.rank(); i-- > 0;) {
    const std::int64_t size = x.size(static_cast<std::int64_t>(i) + 2);
    const std::int64_t full = (size - 1) * window.strides[i] +
                              (window.kernel[i] - 1) * window.dilations[i] + 1 + extra[i];
    std::int64_t begin = window.begin_pads[i];
    std::int64_t end = window.end_pads[i];
    if (!wanted.empty() || is_automatic) {
      const std::int64_t target =
          wanted.empty() ? size * window.strides[i] : wanted[wanted.size() - window.rank() + i];
      const std::int64_t total = full - target;
      begin = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
      end = total - begin;
    }
    amounts.push_back(-begin);
    amounts.push_back(extra[i] - end);
  }
  return amounts;
}

Tensors conv_transpose(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  const at::Tensor& weight = context.operand(1);
  const Window window = window_of(context.node, kernel_of_weight(weight), x);
  const Ints zeros(window.rank(), 0);
  at::Tensor y =
      at::convolution(x, weight, std::nullopt, window.strides, zeros, window.dilations,
                      /*transposed=*/true, zeros, context.node.attribute_int(attr::group));
  y = at::constant_pad_nd(y, transposed_pads(context.node, x, window));
  if (!context.has(2)) return {y};
  Ints shape(static_cast<std::size_t>(y.dim()), 1);
  shape[1] = -1;
  return {y + context.operand(2).reshape(shape)};
}

// Integers less their zero point, in float64, where sums of products are exact.
at::Tensor centred(const KernelContext& context, std::size_t operand, std::size_t zero_point,
                   std::int64_t axis) {
  const at::Tensor x = context.operand(operand).to(at::kDouble);
  if (!context.has(zero_point)) return x;
  at::Tensor zero = context.operand(zero_point).to(at::kDouble);
  if (zero.dim() == 1 && x.dim() > 1) {
    Ints shape(static_cast<std::size_t>(x.dim()), 1);
    shape[static_cast<std::size_t>(wrapped(axis, x.dim()))] = -1;
    zero = zero.reshape(shape);
  }
  return x - zero;
}

Tensors conv_integer(const KernelContext& context) {
  const at::Tensor y =
      convolve(context.node, centred(context, 0, 2, 1), centred(context, 1, 3, 0), std::nullopt);
  return {y.to(at::kInt)};
}

Tensors matmul(const KernelContext& context) {
  return {at::matmul(context.operand(0), context.operand(1))};
}

Tensors matmul_integer(const KernelContext& context) {
  const at::Tensor y = at::matmul(centred(context, 0, 2, -2), centred(context, 1, 3, -1));
  return {y.to(at::kInt)};
}

Tensors gemm(const KernelContext& context) {
  const Node& node = context.node;
  const float alpha = node.attribute_float(attr::alpha);
  const float beta = node.attribute_float(attr::beta);
  const at::Tensor x =
      node.attribute_int(attr::trans_a) != 0 ? context.operand(0).t() : context.operand(0);
  // As LibTorch's linear has it: output features first.
  const at::Tensor weight =
      node.attribute_int(attr::trans_b) != 0 ? context.operand(1) : context.operand(1).t();
  const bool has_bias = context.has(2);
  if (alpha == 1 && has_bias && beta == 1 && context.operand(2).dim() == 1 &&
      context.operand(2).size(0) == weight.size(0))
    return {at::linear(x, weight, context.operand(2))};
  at::Tensor y = at::linear(x, weight);
  if (alpha != 1) y = y * alpha;
  if (has_bias) y = y + (beta == 1 ? context.operand(2) : context.operand(2) * beta);
  return {y};
}

// LibTorch accepts padding up to half the kernel only.
bool needs_explicit_pads(const Window& window) {
  if (!window.is_symmetric()) return true;
  for (std::size_t i = 0; i < window.rank(); ++i)
    if (window.begin_pads[i] > window.kernel[i] / 2) return true;
  return false;
}

Tensors max_pool(const KernelContext& context) {
  const Node& node = context.node;
  TORCH_CHECK(node.result(1) == nullptr, "the indices of max_pool are not supported");
  at::Tensor x = context.operand(0);
  const at::ScalarType type = x.scalar_type();
  if (!x.is_floating_point()) x = x.to(at::kFloat);
  Window window = window_of(node, node.attribute_ints(attr::kernel_shape), x);
  if (needs_explicit_pads(window))
    x = apply_pads(x, window, -std::numeric_limits<double>::infinity());
  const bool ceil = node.attribute_int(attr::ceil_mode) != 0;
  at::Tensor y;
  switch (window.rank()) {
    case 1:
      y = at::max_pool1d(x, window.kernel, window.strides, window.begin_pads, window.dilations,
                         ceil);
      break;
    case 2:
      y = at::max_pool2d(x, window.kernel, window.strides, window.begin_pads, window.dilations,
                         ceil);
      break;
    default:
      y = at::max_pool3d(x, window.kernel, window.strides, window.begin_pads, window.dilations,
                         ceil);
  }
  return {y.to(type)};
}

at::Tensor average(const at::Tensor& x, const Window& window, bool ceil, bool counts_pads) {
  switch (window.rank()) {
    case 1:
      return at::avg_pool1d(x, window.kernel, window.strides, window.begin_pads, ceil, counts_pads);
    case 2:
      return at::avg_pool2d(x, window.kernel, window.strides, window.begin_pads, ceil, counts_pads);
    default:
      return at::avg_pool3d(x, window.kernel, window.strides, window.begin_pads, ceil, counts_pads);
  }
}

Tensors average_pool(const KernelContext& context) {
  const Node& node = context.node;
  const at::Tensor& x = context.operand(0);
  Window window = window_of(node, node.attribute_ints(attr::kernel_shape), x);
  for (const std::int64_t dilation : window.dilations)
    TORCH_CHECK(dilation == 1, "average_pool with dilations is not supported");
  const bool ceil = node.attribute_int(attr::ceil_mode) != 0;
  const bool counts_pads = node.attribute_int(attr::count_include_pad) != 0;
  if (!needs_explicit_pads(window)) return {average(x, window, ceil, counts_pads)};
  Window same = window;
  const at::Tensor y = average(apply_pads(x, window, 0), window, ceil, counts_pads);
  if (counts_pads) return {y};
  const at::Tensor share =
      average(apply_pads(at::ones_like(x), same, 0), same, ceil, /*counts_pads=*/false);
  return {y / share};
}

Ints spatial_axes(const at::Tensor& x) {
  Ints axes(static_cast<std::size_t>(x.dim() - 2));
  std::iota(axes.begin(), axes.end(), 2);
  return axes;
}

Tensors global_average_pool(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  return {x.mean(spatial_axes(x), /*keepdim=*/true)};
}

Tensors global_max_pool(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  return {x.amax(spatial_axes(x), /*keepdim=*/true)};
}

constexpr KernelRow kRows[] = {
    {OpKind::conv, conv},
    {OpKind::conv_transpose, conv_transpose},
    {OpKind::gemm, gemm},
    {OpKind::matmul, matmul},
    {OpKind::conv_integer, conv_integer},
    {OpKind::matmul_integer, matmul_integer},
    {OpKind::max_pool, max_pool},
    {OpKind::average_pool, average_pool},
    {OpKind::global_average_pool, global_average_pool},
    {OpKind::global_max_pool, global_max_pool},
};

}  // namespace

std::span<const KernelRow> contraction_kernels() { return kRows; }

}  // namespace rcc
