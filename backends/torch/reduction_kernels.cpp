// Reductions over axes, and running sums and products along one.
#include <ATen/TensorOperators.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/amin.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/argmin.h>
#include <ATen/ops/cumprod.h>
#include <ATen/ops/cumsum.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/prod.h>
#include <ATen/ops/sum.h>

#include <algorithm>
#include <numeric>

#include "backends/torch/kernel.h"

namespace rcc {

namespace {

using Tensors = std::vector<at::Tensor>;

// No axes: the node asks for none, so nothing is reduced, but the function of each element applies.
struct Reduction {
  Ints axes;
  bool keeps_dims = true;
};

Reduction reduction_of(const KernelContext& context) {
  const std::int64_t rank = context.operand(0).dim();
  Reduction reduction{context.node.attribute_ints(attr::axes),
                      context.node.attribute_int(attr::keepdims) != 0};
  if (reduction.axes.empty() && context.node.attribute_int(attr::noop_with_empty_axes) == 0) {
    reduction.axes.resize(static_cast<std::size_t>(rank));
    std::iota(reduction.axes.begin(), reduction.axes.end(), 0);
  }
  for (std::int64_t& axis : reduction.axes) axis = wrapped(axis, rank);
  return reduction;
}

template <at::Tensor (*function)(const at::Tensor&, const Reduction&)>
Tensors reduce(const KernelContext& context) {
  return {function(context.operand(0), reduction_of(context))};
}

// LibTorch takes no axes for all of them; so does a scalar, which has none.
at::Tensor sum_over(const at::Tensor& x, const Reduction& r) {
  return r.axes.empty() ? x : at::sum(x, r.axes, r.keeps_dims, x.scalar_type());
}
at::Tensor mean_over(const at::Tensor& x, const Reduction& r) {
  return r.axes.empty() ? x : at::mean(x, r.axes, r.keeps_dims);
}
at::Tensor max_over(const at::Tensor& x, const Reduction& r) {
  return r.axes.empty() ? x : at::amax(x, r.axes, r.keeps_dims);
}
at::Tensor min_over(const at::Tensor& x, const Reduction& r) {
  return r.axes.empty() ? x : at::amin(x, r.axes, r.keeps_dims);
}
at::Tensor product_over(const at::Tensor& x, const Reduction& r) {
  Ints axes = r.axes;
  std::ranges::sort(axes, std::greater<>());
  at::Tensor y = x;
  for (const std::int64_t axis : axes) y = at::prod(y, axis, r.keeps_dims, x.scalar_type());
  return y;
}
at::Tensor l1_over(const at::Tensor& x, const Reduction& r) { return sum_over(x.abs(), r); }
at::Tensor l2_over(const at::Tensor& x, const Reduction& r) {
  return r.axes.empty() ? x.abs() : at::linalg_vector_norm(x, 2, r.axes, r.keeps_dims);
}
at::Tensor sum_square_over(const at::Tensor& x, const Reduction& r) {
  return sum_over(x.square(), r);
}
at::Tensor log_sum_over(const at::Tensor& x, const Reduction& r) { return sum_over(x, r).log(); }
at::Tensor log_sum_exp_over(const at::Tensor& x, const Reduction& r) {
  return r.axes.empty() ? x : at::logsumexp(x, r.axes, r.keeps_dims);
}

template <at::Tensor (*function)(const at::Tensor&, std::optional<std::int64_t>, bool)>
Tensors arg(const KernelContext& context) {
  TORCH_CHECK(context.node.attribute_int(attr::select_last_index) == 0,
              "select_last_index is not supported");
  return {function(context.operand(0), context.node.attribute_int(attr::axis),
                   context.node.attribute_int(attr::keepdims) != 0)};
}

Tensors cum_sum(const KernelContext& context) {
  const std::int64_t axis = context.ints(1).at(0);
  const bool is_reverse = context.node.attribute_int(attr::reverse) != 0;
  const at::Tensor x = is_reverse ? context.operand(0).flip(axis) : context.operand(0);
  at::Tensor y = at::cumsum(x, axis, x.scalar_type());
  if (context.node.attribute_int(attr::exclusive) != 0) y = y - x;
  return {is_reverse ? y.flip(axis) : y};
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
    {OpKind::reduce_mean, reduce<mean_over>},
    {OpKind::reduce_sum, reduce<sum_over>},
    {OpKind::reduce_max, reduce<max_over>},
    {OpKind::reduce_min, reduce<min_over>},
    {OpKind::reduce_prod, reduce<product_over>},
    {OpKind::reduce_l1, reduce<l1_over>},
    {OpKind::reduce_l2, reduce<l2_over>},
    {OpKind::reduce_sum_square, reduce<sum_square_over>},
    {OpKind::reduce_log_sum, reduce<log_sum_over>},
    {OpKind::reduce_log_sum_exp, reduce<log_sum_exp_over>},
    {OpKind::arg_max, arg<at::argmax>},
    {OpKind::arg_min, arg<at::argmin>},
    {OpKind::cum_sum, cum_sum},
    {OpKind::cum_prod, cum_prod},
};

}  // namespace

std::span<const KernelRow> reduction_kernels() { return kRows; }

}  // namespace rcc
