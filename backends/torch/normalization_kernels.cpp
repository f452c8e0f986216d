// Normalisation, by stored or by own statistics, and softmax.
#include <ATen/TensorOperators.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/instance_norm.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/native_layer_norm.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/var_mean.h>
#include <ATen/ops/where.h>

#include <numeric>

#include "backends/torch/kernel.h"

namespace rcc {

namespace {

using Tensors = std::vector<at::Tensor>;

Tensors batch_norm(const KernelContext& context) {
  const Node& node = context.node;
  const at::Tensor& x = context.operand(0);
  const double epsilon = node.attribute_float(attr::epsilon);
  // ONNX states the weight of the old value, LibTorch that of the new one.
  const double update = context.statistics_update.value_or(
      1.0 - static_cast<double>(node.attribute_float(attr::momentum)));
  if (node.attribute_int(attr::training_mode) == 0) {
    return {at::batch_norm(x, context.operand(1), context.operand(2), context.operand(3),
                           context.operand(4), context.is_training, update, epsilon,
                           /*cudnn_enabled=*/true)};
  }
  const at::Tensor y = at::batch_norm(x, context.operand(1), context.operand(2), std::nullopt,
                                      std::nullopt, true, update, epsilon, true);
  Ints axes = {0};
  for (std::int64_t axis = 2; axis < x.dim(); ++axis) axes.push_back(axis);
  const auto [variance, mean] = at::var_mean(x, axes, /*unbiased=*/false);
  const at::Tensor& old_mean = context.operand(3);
  const at::Tensor& old_variance = context.operand(4);
  return {y, old_mean + (mean - old_mean) * update,
          old_variance + (variance - old_variance) * update};
}

Tensors layer_norm(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  const std::int64_t axis = wrapped(context.node.attribute_int(attr::axis), x.dim());
  const auto sizes = x.sizes();
  const Ints normalized(sizes.begin() + axis, sizes.end());
  const double epsilon = context.node.attribute_float(attr::epsilon);
  const auto [y, mean, inverse] =
      at::native_layer_norm(x, normalized, std::nullopt, std::nullopt, epsilon);
  at::Tensor result = y * context.operand(1);
  if (context.has(2)) result = result + context.operand(2);
  return {result, mean, inverse};
}

Tensors softmax(const KernelContext& context) {
  return {at::softmax(context.operand(0), context.node.attribute_int(attr::axis))};
}

Tensors log_softmax(const KernelContext& context) {
  return {at::log_softmax(context.operand(0), context.node.attribute_int(attr::axis))};
}

Tensors instance_norm(const KernelContext& context) {
  return {at::instance_norm(context.operand(0), context.operand(1), context.operand(2), {}, {},
                            /*use_input_stats=*/true, 0, context.node.attribute_float(attr::epsilon),
                            /*cudnn_enabled=*/false)};
}

Tensors group_norm(const KernelContext& context) {
  return {at::group_norm(context.operand(0), context.node.attribute_int(attr::num_groups),
                         context.operand(1), context.operand(2), context.node.attribute_float(attr::epsilon))};
}

Tensors rms_norm(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  const std::int64_t first = wrapped(context.node.attribute_int(attr::axis), x.dim());
  Ints axes(static_cast<std::size_t>(x.dim() - first));
  std::iota(axes.begin(), axes.end(), first);
  const at::Tensor squares = x.square().mean(axes, /*keepdim=*/true);
  return {x * at::rsqrt(squares + context.node.attribute_float(attr::epsilon)) * context.operand(1)};
}

Tensors lp_norm(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  const Ints axes = {context.node.attribute_int(attr::axis)};
  const at::Tensor norm =
      at::linalg_vector_norm(x, context.node.attribute_int(attr::p), axes, /*keepdim=*/true);
  return {at::where(norm.eq(0), x, x / norm)};
}

constexpr KernelRow kRows[] = {
    {OpKind::batch_norm, batch_norm},
    {OpKind::layer_norm, layer_norm},
    {OpKind::softmax, softmax},
    {OpKind::log_softmax, log_softmax},
    {OpKind::instance_norm, instance_norm},
    {OpKind::group_norm, group_norm},
    {OpKind::rms_norm, rms_norm},
    {OpKind::lp_norm, lp_norm},
};

}  // namespace

std::span<const KernelRow> normalization_kernels() { return kRows; }

}  // namespace rcc
