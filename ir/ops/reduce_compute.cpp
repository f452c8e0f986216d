#include <algorithm>
#include <cmath>
#include <limits>

#include "ir/ops/compute.h"
#include "ir/ops/reduce.h"

namespace rcc {

namespace {

// `step` takes the running value and an element; `finish` the running value and how many there
// were.
template <typename Step, typename Finish>
Result<Tensors> reduce(const Node& node, const Tensor& x, double start, Step step, Finish finish) {
  RCC_TRY(require_numbers(x));
  const std::vector<bool> is_reduced = RCC_TRY(reduced_axes(node, x.rank()));
  // Strides of the result along the axes of x.
  Sizes kept = x.shape();
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (is_reduced[i]) kept[i] = 1;
  }
  const std::vector<double> values = x.to_doubles();
  std::vector<double> y(static_cast<std::size_t>(element_count(kept)), start);
  std::size_t at = 0;
  RowWalk walk(x.shape(), {broadcast_strides(kept, x.shape())});
  for (; !walk.is_done(); walk.next()) {
    for (std::int64_t i = 0; i < walk.row_size(); ++i) {
      double& total = y[static_cast<std::size_t>(walk.offset(0) + i * walk.step(0))];
      total = step(total, values[at++]);
    }
  }
  const double count =
      y.empty() ? 0 : static_cast<double>(values.size()) / static_cast<double>(y.size());
  for (double& value : y) value = finish(value, count);
  return one(Tensor::from_doubles(x.dtype(), result_sizes(node), y));
}

double as_it_is(double value, double) { return value; }

// What is above every element; the type's own limit where it has no infinity.
double highest(DType dtype) {
  return dtype == DType::boolean ? 1 : std::numeric_limits<double>::infinity();
}
double lowest(DType dtype) { return dtype == DType::boolean ? 0 : -highest(dtype); }

}  // namespace

Result<Tensors> interpret_reduce_sum(const Node& node, Operands operands) {
  return reduce(
      node, *operands[0], 0, [](double a, double b) { return a + b; }, as_it_is);
}

Result<Tensors> interpret_reduce_mean(const Node& node, Operands operands) {
  const DType dtype = operands[0]->dtype();
  return reduce(
      node, *operands[0], 0, [](double a, double b) { return a + b; },
      [=](double sum, double count) {
        return is_integer(dtype) ? std::trunc(sum / count) : sum / count;
      });
}

Result<Tensors> interpret_reduce_max(const Node& node, Operands operands) {
  return reduce(
      node, *operands[0], lowest(operands[0]->dtype()),
      [](double a, double b) { return a > b || std::isnan(a) ? a : b; }, as_it_is);
}

Result<Tensors> interpret_reduce_min(const Node& node, Operands operands) {
  return reduce(
      node, *operands[0], highest(operands[0]->dtype()),
      [](double a, double b) { return a < b || std::isnan(a) ? a : b; }, as_it_is);
}

Result<Tensors> interpret_reduce_prod(const Node& node, Operands operands) {
  return reduce(
      node, *operands[0], 1, [](double a, double b) { return a * b; }, as_it_is);
}

Result<Tensors> interpret_reduce_l2(const Node& node, Operands operands) {
  return reduce(
      node, *operands[0], 0, [](double a, double b) { return a + b * b; },
      [](double sum, double) { return std::sqrt(sum); });
}

Result<Tensors> interpret_reduce_l1(const Node& node, Operands operands) {
  return reduce(
      node, *operands[0], 0, [](double a, double b) { return a + std::abs(b); }, as_it_is);
}

Result<Tensors> interpret_reduce_sum_square(const Node& node, Operands operands) {
  return reduce(
      node, *operands[0], 0, [](double a, double b) { return a + b * b; }, as_it_is);
}

Result<Tensors> interpret_reduce_log_sum(const Node& node, Operands operands) {
  return reduce(
      node, *operands[0], 0, [](double a, double b) { return a + b; },
      [](double sum, double) { return std::log(sum); });
}

// From the greatest element so far, so that no exponential overflows.
Result<Tensors> interpret_reduce_log_sum_exp(const Node& node, Operands operands) {
  return reduce(
      node, *operands[0], lowest(DType::f64),
      [](double a, double b) {
        if (a == b) return a + std::log(2.0);
        const double most = std::max(a, b);
        return std::isinf(most) ? most : most + std::log1p(std::exp(std::min(a, b) - most));
      },
      as_it_is);
}

}  // namespace rcc
