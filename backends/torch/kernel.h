#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ir/graph.h"

namespace rcc {

// What a kernel sees of a node. Absent optional operands are null.
struct KernelContext {
  const Node& node;
  std::span<const at::Tensor* const> operands;
  // Batch statistics in BatchNorm, and running statistics are updated in place.
  bool is_training = false;
  // Share of the batch in updated running statistics; by the node's momentum when not set.
  std::optional<double> statistics_update = std::nullopt;

  bool has(std::size_t index) const { return index < operands.size() && operands[index]; }
  const at::Tensor& operand(std::size_t index) const { return *operands[index]; }
  // Elements of an integer operand (a shape, axes, pads).
  std::vector<std::int64_t> ints(std::size_t index) const;
};

// Computes the results of a node with differentiable LibTorch functions. Integers of up to 16 bits
// that come out of quantization are held as float32, exactly, so that gradients pass through them.
// Reports what it cannot do by c10::Error (TORCH_CHECK); the executor adds the node.
using Kernel = std::vector<at::Tensor> (*)(const KernelContext& context);

struct KernelRow {
  OpKind kind;
  Kernel kernel;
};

// A kernel from a LibTorch function of one tensor.
template <at::Tensor (*function)(const at::Tensor&)>
std::vector<at::Tensor> unary(const KernelContext& context) {
  return {function(context.operand(0))};
}

template <at::Tensor (*function)(const at::Tensor&, const at::Tensor&)>
std::vector<at::Tensor> binary(const KernelContext& context) {
  return {function(context.operand(0), context.operand(1))};
}

// An axis counted from the front.
inline std::int64_t wrapped(std::int64_t axis, std::int64_t rank) {
  return axis < 0 ? axis + rank : axis;
}

std::span<const KernelRow> contraction_kernels();
std::span<const KernelRow> elementwise_kernels();
std::span<const KernelRow> index_kernels();
std::span<const KernelRow> movement_kernels();
std::span<const KernelRow> normalization_kernels();
std::span<const KernelRow> quantize_kernels();
std::span<const KernelRow> reduction_kernels();

}  // namespace rcc
