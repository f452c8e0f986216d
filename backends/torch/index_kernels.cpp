// Elements chosen, repeated, made or written by index.
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/full.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/scatter.h>
#include <ATen/ops/tile.h>
#include <ATen/ops/tril.h>
#include <ATen/ops/triu.h>
#include <ATen/ops/where.h>

#include "backends/torch/convert.h"
#include "backends/torch/kernel.h"

namespace rcc {

namespace {

using Tensors = std::vector<at::Tensor>;

Tensors tile(const KernelContext& context) {
  return {at::tile(context.operand(0), context.ints(1))};
}

Tensors einsum(const KernelContext& context) {
  Tensors operands;
  for (const at::Tensor* operand : context.operands) operands.push_back(*operand);
  return {at::einsum(context.node.attribute_string(attr::equation), operands)};
}

Tensors trilu(const KernelContext& context) {
  const std::int64_t diagonal = context.has(1) ? context.ints(1).at(0) : 0;
  const bool is_upper = context.node.attribute_int(attr::upper) != 0;
  const at::Tensor& x = context.operand(0);
  return {is_upper ? at::triu(x, diagonal) : at::tril(x, diagonal)};
}

Tensors range(const KernelContext& context) {
  const at::Tensor& start = context.operand(0);
  return {at::arange(start.item(), context.operand(1).item(), context.operand(2).item(),
                     start.options())};
}

Tensors size(const KernelContext& context) {
  return {at::full({}, context.operand(0).numel(), at::dtype(at::kLong))};
}

// Indices counted from the front.
at::Tensor wrapped_indices(const at::Tensor& indices, std::int64_t axis_size,
                           const at::Tensor& like) {
  const at::Tensor moved = indices.to(like.device(), at::kLong);
  return at::where(moved.lt(0), moved + axis_size, moved);
}

Tensors gather_elements(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  const std::int64_t axis = context.node.attribute_int(attr::axis);
  return {at::gather(x, axis, wrapped_indices(context.operand(1), x.size(axis), x))};
}

// The row-major number of each index tuple among the leading axes of x.
at::Tensor tuple_numbers(const at::Tensor& indices, const at::Tensor& x) {
  at::Tensor numbers;
  for (std::int64_t i = 0; i < indices.size(-1); ++i) {
    const at::Tensor place = wrapped_indices(indices.select(-1, i), x.size(i), x);
    numbers = i == 0 ? place : numbers * x.size(i) + place;
  }
  return numbers.flatten();
}

Tensors gather_nd(const KernelContext& context) {
  TORCH_CHECK(context.node.attribute_int(attr::batch_dims) == 0, "batch_dims is not supported");
  const at::Tensor& x = context.operand(0);
  const at::Tensor& indices = context.operand(1);
  const auto rest = x.sizes().slice(static_cast<std::size_t>(indices.size(-1)));
  std::vector<std::int64_t> rows(rest.begin(), rest.end());
  std::vector<std::int64_t> shape(indices.sizes().begin(), indices.sizes().end() - 1);
  shape.insert(shape.end(), rest.begin(), rest.end());
  rows.insert(rows.begin(), -1);
  return {x.reshape(rows).index_select(0, tuple_numbers(indices, x)).reshape(shape)};
}

Tensors scatter_nd(const KernelContext& context) {
  TORCH_CHECK(context.node.attribute_string(attr::reduction) == "none",
              "scatter_nd with a reduction is not supported");
  const at::Tensor& x = context.operand(0);
  const at::Tensor& indices = context.operand(1);
  const auto rest = x.sizes().slice(static_cast<std::size_t>(indices.size(-1)));
  std::vector<std::int64_t> rows(rest.begin(), rest.end());
  rows.insert(rows.begin(), -1);
  const at::Tensor written =
      x.reshape(rows).index_copy(0, tuple_numbers(indices, x), context.operand(2).reshape(rows));
  return {written.reshape(x.sizes())};
}

constexpr KernelRow kRows[] = {
    {OpKind::tile, tile},
    {OpKind::einsum, einsum},
    {OpKind::trilu, trilu},
    {OpKind::range, range},
    {OpKind::size, size},
    {OpKind::gather_elements, gather_elements},
    {OpKind::gather_nd, gather_nd},
    {OpKind::scatter_nd, scatter_nd},
};

}  // namespace

std::span<const KernelRow> index_kernels() { return kRows; }

}  // namespace rcc
