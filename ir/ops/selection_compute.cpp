#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ir/ops/compute.h"
#include "ir/ops/shape_rules.h"

namespace rcc {

namespace {

// The rows of a tensor along an axis: where each starts, how many elements it has, how far apart.
struct Rows {
  std::int64_t count = 0;
  std::int64_t size = 0;
  std::int64_t step = 1;

  std::int64_t start(std::int64_t row) const { return row / step * step * size + row % step; }
};

Rows rows_along(const Sizes& sizes, std::size_t axis) {
  const std::int64_t size = sizes[axis];
  return {.count = size == 0 ? 0 : element_count(sizes) / size,
          .size = size,
          .step = row_major_strides(sizes)[axis]};
}

// `is_better` decides between the element and the best so far; ties go to the first or the last.
template <typename Better>
Result<Tensors> choose_places(const Node& node, const Tensor& x, Better is_better) {
  RCC_TRY(require_numbers(x));
  const Rows rows = rows_along(x.shape(), axis_from_front(node, x.rank()));
  const bool takes_last = node.attribute_int(attr::select_last_index) != 0;
  const std::vector<double> values = x.to_doubles();
  std::vector<std::int64_t> places;
  for (std::int64_t row = 0; row < rows.count; ++row) {
    const double* first = values.data() + rows.start(row);
    std::int64_t best = 0;
    for (std::int64_t i = 1; i < rows.size; ++i) {
      const double value = first[i * rows.step];
      const double most = first[best * rows.step];
      if (is_better(value, most) || (takes_last && value == most)) best = i;
    }
    places.push_back(best);
  }
  return one(Tensor::of<std::int64_t>(result_sizes(node), places));
}

}  // namespace

Result<Tensors> interpret_arg_max(const Node& node, Operands operands) {
  return choose_places(node, *operands[0], [](double a, double b) { return a > b; });
}

Result<Tensors> interpret_arg_min(const Node& node, Operands operands) {
  return choose_places(node, *operands[0], [](double a, double b) { return a < b; });
}

// Sorted also where that is not asked for; equal elements in the order of x.
Result<Tensors> interpret_top_k(const Node& node, Operands operands) {
  const Tensor& x = *operands[0];
  RCC_TRY(require_numbers(x));
  const std::size_t axis = axis_from_front(node, x.rank());
  const Rows from = rows_along(x.shape(), axis);
  const Sizes sizes = result_sizes(node);
  const Rows to = rows_along(sizes, axis);
  const bool wants_largest = node.attribute_int(attr::largest) != 0;
  const std::vector<double> values = x.to_doubles();
  std::vector<double> chosen(static_cast<std::size_t>(element_count(sizes)));
  std::vector<std::int64_t> places(chosen.size());
  Sizes order(static_cast<std::size_t>(from.size));
  for (std::int64_t row = 0; row < to.count; ++row) {
    const double* first = values.data() + from.start(row);
    const auto comes_first = [&](std::int64_t a, std::int64_t b) {
      const double left = first[a * from.step];
      const double right = first[b * from.step];
      return wants_largest ? left > right : left < right;
    };
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, comes_first);
    for (std::int64_t i = 0; i < to.size; ++i) {
      const auto out = static_cast<std::size_t>(to.start(row) + i * to.step);
      places[out] = order[static_cast<std::size_t>(i)];
      chosen[out] = first[places[out] * from.step];
    }
  }
  Tensors results = one(Tensor::from_doubles(x.dtype(), sizes, chosen));
  results.push_back(Tensor::of<std::int64_t>(sizes, places));
  return results;
}

Result<Tensors> interpret_one_hot(const Node& node, Operands operands) {
  const Sizes sizes = result_sizes(node);
  const Rows rows = rows_along(sizes, axis_from_front(node, sizes.size()));
  const std::vector<double> indices = operands[0]->to_doubles();
  const std::vector<double> values = operands[2]->to_doubles();
  std::vector<double> y(static_cast<std::size_t>(element_count(sizes)), values[0]);
  for (std::int64_t row = 0; row < rows.count; ++row) {
    double index = std::trunc(indices[static_cast<std::size_t>(row)]);
    if (index < 0) index += static_cast<double>(rows.size);
    if (!(index >= 0) || index >= static_cast<double>(rows.size)) continue;
    const std::int64_t place = static_cast<std::int64_t>(index);
    y[static_cast<std::size_t>(rows.start(row) + place * rows.step)] = values[1];
  }
  return one(Tensor::from_doubles(operands[2]->dtype(), sizes, y));
}

Result<Tensors> interpret_non_zero(const Node& node, Operands operands) {
  const Tensor& x = *operands[0];
  const std::vector<double> values = x.to_doubles();
  const Sizes strides = row_major_strides(x.shape());
  const Sizes sizes = result_sizes(node);
  std::vector<std::int64_t> places(static_cast<std::size_t>(element_count(sizes)));
  std::int64_t found = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] == 0) continue;
    for (std::size_t axis = 0; axis < x.rank(); ++axis) {
      const auto out = static_cast<std::int64_t>(axis) * sizes[1] + found;
      places[static_cast<std::size_t>(out)] =
          static_cast<std::int64_t>(i) / strides[axis] % x.shape()[axis];
    }
    ++found;
  }
  return one(Tensor::of<std::int64_t>(sizes, places));
}

Result<Tensors> interpret_compress(const Node& node, Operands operands) {
  const bool has_axis = node.has_attribute(attr::axis);
  const Tensor x = has_axis ? *operands[0] : operands[0]->reshaped({operands[0]->element_count()});
  const std::size_t axis = has_axis ? axis_from_front(node, x.rank()) : 0;
  const auto is_chosen = operands[1]->elements<bool>();
  Sizes chosen;
  for (std::size_t i = 0; i < is_chosen.size(); ++i) {
    if (is_chosen[i]) chosen.push_back(static_cast<std::int64_t>(i));
  }
  if (!chosen.empty() && chosen.back() >= x.shape()[axis]) {
    return fail(ErrorKind::input,
                fmt::format("`condition` chooses element {}, but the axis has size {}",
                            chosen.back(), x.shape()[axis]));
  }
  std::vector<Sizes> sources;
  for (std::size_t i = 0; i < x.rank(); ++i) {
    Sizes places(static_cast<std::size_t>(x.shape()[i]));
    std::iota(places.begin(), places.end(), 0);
    sources.push_back(i == axis ? chosen : std::move(places));
  }
  return one(RCC_TRY(select_elements(x, sources, nullptr)));
}

}  // namespace rcc
