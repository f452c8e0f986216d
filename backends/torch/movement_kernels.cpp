// Operators that move, select or count elements.
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/full.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/slice.h>
#include <ATen/ops/split_with_sizes.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>

#include <algorithm>
#include <numeric>

#include "backends/torch/convert.h"
#include "backends/torch/kernel.h"

namespace rcc {

namespace {

using Tensors = std::vector<at::Tensor>;

Ints attribute_ints(const KernelContext& context, std::string_view name) {
  return context.node.attribute_ints(name);
}

Tensors flatten(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  const std::int64_t axis = wrapped(context.node.attribute_int(attr::axis), x.dim());
  std::int64_t rows = 1;
  std::int64_t columns = 1;
  for (std::int64_t i = 0; i < x.dim(); ++i) (i < axis ? rows : columns) *= x.size(i);
  return {x.reshape({rows, columns})};
}

Tensors reshape(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  Ints shape = context.ints(1);
  if (context.node.attribute_int(attr::allowzero) == 0) {
    for (std::size_t i = 0; i < shape.size(); ++i)
      if (shape[i] == 0) shape[i] = x.size(static_cast<std::int64_t>(i));
  }
  return {x.reshape(shape)};
}

Tensors transpose(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  Ints perm = attribute_ints(context, attr::perm);
  if (perm.empty()) {
    perm.resize(static_cast<std::size_t>(x.dim()));
    std::iota(perm.rbegin(), perm.rend(), 0);
  }
  return {x.permute(perm)};
}

Tensors squeeze(const KernelContext& context) {
  const Ints axes = attribute_ints(context, attr::axes);
  return {axes.empty() ? context.operand(0).squeeze() : context.operand(0).squeeze(axes)};
}

Tensors unsqueeze(const KernelContext& context) {
  Ints axes = attribute_ints(context, attr::axes);
  at::Tensor y = context.operand(0);
  const std::int64_t rank = y.dim() + static_cast<std::int64_t>(axes.size());
  for (std::int64_t& axis : axes) axis = wrapped(axis, rank);
  std::ranges::sort(axes);
  for (const std::int64_t axis : axes) y = y.unsqueeze(axis);
  return {y};
}

Tensors expand(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  Ints shape = context.ints(1);
  const auto sizes = x.sizes();
  if (shape.size() < sizes.size()) shape.insert(shape.begin(), sizes.size() - shape.size(), 1);
  // Broadcasting goes both ways: a 1 in the shape keeps the size of x.
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    std::int64_t& size = shape[shape.size() - 1 - i];
    if (size == 1) size = sizes[sizes.size() - 1 - i];
  }
  return {x.expand(shape)};
}

Tensors concat(const KernelContext& context) {
  Tensors parts;
  for (const at::Tensor* part : context.operands)
    if (part) parts.push_back(*part);
  return {at::cat(parts, context.node.attribute_int(attr::axis))};
}

Tensors split(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  const std::int64_t axis = wrapped(context.node.attribute_int(attr::axis), x.dim());
  Ints sizes = attribute_ints(context, attr::split);
  if (sizes.empty()) {
    const auto pieces = static_cast<std::int64_t>(context.node.result_count());
    const std::int64_t piece = (x.size(axis) + pieces - 1) / pieces;
    for (std::int64_t rest = x.size(axis); sizes.size() < context.node.result_count();
         rest -= piece)
      sizes.push_back(std::clamp<std::int64_t>(rest, 0, piece));
  }
  return at::split_with_sizes(x, sizes, axis);
}

at::Tensor index_tensor(const Ints& indices, const at::Tensor& like) {
  return at::tensor(indices, at::dtype(at::kLong)).to(like.device());
}

at::Tensor slice_axis(const at::Tensor& x, std::int64_t axis, std::int64_t start, std::int64_t end,
                      std::int64_t step) {
  const std::int64_t size = x.size(axis);
  TORCH_CHECK(step != 0, "slice needs steps other than 0");
  const std::int64_t lowest = step > 0 ? 0 : -1;
  const std::int64_t highest = step > 0 ? size : size - 1;
  const auto limited = [&](std::int64_t index) {
    if (index < 0) index = std::max(index, -size - 1) + size;
    return std::clamp(index, lowest, highest);
  };
  start = step > 0 ? limited(start) : std::max<std::int64_t>(limited(start), lowest);
  end = limited(end);
  if (step > 0) return at::slice(x, axis, start, end, step);
  Ints indices;
  for (std::int64_t i = start; i > end; i += step) indices.push_back(i);
  return at::index_select(x, axis, index_tensor(indices, x));
}

Tensors slice(const KernelContext& context) {
  at::Tensor y = context.operand(0);
  const Ints starts = context.ints(1);
  const Ints ends = context.ints(2);
  Ints axes(starts.size());
  std::iota(axes.begin(), axes.end(), 0);
  if (context.has(3)) axes = context.ints(3);
  const Ints steps = context.has(4) ? context.ints(4) : Ints(starts.size(), 1);
  for (std::size_t i = 0; i < starts.size(); ++i)
    y = slice_axis(y, wrapped(axes[i], y.dim()), starts[i], ends[i], steps[i]);
  return {y};
}

Tensors gather(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  const std::int64_t axis = wrapped(context.node.attribute_int(attr::axis), x.dim());
  at::Tensor indices = context.operand(1).to(x.device(), at::kLong);
  indices = at::where(indices.lt(0), indices + x.size(axis), indices);
  Ints shape(x.sizes().begin(), x.sizes().begin() + axis);
  shape.insert(shape.end(), indices.sizes().begin(), indices.sizes().end());
  shape.insert(shape.end(), x.sizes().begin() + axis + 1, x.sizes().end());
  return {at::index_select(x, axis, indices.flatten()).reshape(shape)};
}

// Which element of an axis of `size` stands at `position` of the padded axis.
std::int64_t padded_source(const std::string& mode, std::int64_t position, std::int64_t size) {
  if (mode == "edge") return std::clamp<std::int64_t>(position, 0, size - 1);
  if (mode == "wrap") return ((position % size) + size) % size;
  const std::int64_t period = size > 1 ? 2 * (size - 1) : 1;
  const std::int64_t folded = ((position % period) + period) % period;
  return folded < size ? folded : period - folded;
}

Tensors pad(const KernelContext& context) {
  at::Tensor y = context.operand(0);
  const std::string& mode = context.node.attribute_string(attr::mode);
  const Ints pads = context.ints(1);
  Ints axes(static_cast<std::size_t>(y.dim()));
  std::iota(axes.begin(), axes.end(), 0);
  if (context.has(3)) axes = context.ints(3);
  TORCH_CHECK(pads.size() == 2 * axes.size(), "pad needs two numbers per axis");
  Ints amounts(2 * static_cast<std::size_t>(y.dim()), 0);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::int64_t axis = wrapped(axes[i], y.dim());
    const std::int64_t begin = pads[i];
    const std::int64_t end = pads[i + axes.size()];
    const auto place = static_cast<std::size_t>(2 * (y.dim() - 1 - axis));
    amounts[place] = begin;
    amounts[place + 1] = end;
    if (mode == "constant") continue;
    Ints indices;
    for (std::int64_t k = -begin; k < y.size(axis) + end; ++k)
      indices.push_back(padded_source(mode, k, y.size(axis)));
    y = at::index_select(y, axis, index_tensor(indices, y));
  }
  if (mode != "constant") return {y};
  const at::Scalar value = context.has(2) ? context.operand(2).item() : at::Scalar(0);
  return {at::constant_pad_nd(y, amounts, value)};
}

Tensors shape(const KernelContext& context) {
  const at::Tensor& x = context.operand(0);
  const auto limited = [&](std::int64_t index) {
    return std::clamp<std::int64_t>(wrapped(index, x.dim()), 0, x.dim());
  };
  const std::int64_t start = limited(context.node.attribute_int(attr::start));
  const std::int64_t end = context.node.has_attribute(attr::end)
                               ? limited(context.node.attribute_int(attr::end))
                               : x.dim();
  const Ints sizes(x.sizes().begin() + start, x.sizes().begin() + std::max(start, end));
  return {at::tensor(sizes, at::dtype(at::kLong))};
}

Tensors constant_of_shape(const KernelContext& context) {
  const auto& value = std::get<Tensor>(context.node.attribute(attr::value));
  const at::Tensor element = to_torch(value, at::kCPU).reshape({});
  return {at::full(context.ints(0), element.item(), element.options())};
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

constexpr KernelRow kRows[] = {
    {OpKind::flatten, flatten},
    {OpKind::reshape, reshape},
    {OpKind::transpose, transpose},
    {OpKind::squeeze, squeeze},
    {OpKind::unsqueeze, unsqueeze},
    {OpKind::expand, expand},
    {OpKind::concat, concat},
    {OpKind::split, split},
    {OpKind::slice, slice},
    {OpKind::gather, gather},
    {OpKind::pad, pad},
    {OpKind::shape, shape},
    {OpKind::constant_of_shape, constant_of_shape},
    {OpKind::depth_to_space, depth_to_space},
    {OpKind::space_to_depth, space_to_depth},
};

}  // namespace

std::span<const KernelRow> movement_kernels() { return kRows; }

}  // namespace rcc
