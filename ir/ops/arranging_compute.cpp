#include "ir/ops/arranging.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "ir/ops/elementwise_map.h"
#include "ir/ops/shape_rules.h"

namespace rcc {

Result<Tensors> interpret_tile(const Node& node, Operands operands) {
  const Tensor& x = *operands[0];
  const Sizes sizes = result_sizes(node);
  std::vector<Sizes> sources;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    Sizes places(static_cast<std::size_t>(sizes[i]));
    std::iota(places.begin(), places.end(), 0);
    for (std::int64_t& place : places) place %= x.shape()[i];
    sources.push_back(std::move(places));
  }
  return one(RCC_TRY(select_elements(x, sources, nullptr)));
}

namespace {

// x read as an array of `sizes`, its axes in the order `perm`, flattened to the result.
Result<Tensors> reordered(const Node& node, const Tensor& x, const Sizes& sizes,
                          const Sizes& perm) {
  const Sizes strides = row_major_strides(sizes);
  Sizes new_sizes, new_strides;
  for (const std::int64_t axis : perm) {
    new_sizes.push_back(sizes[static_cast<std::size_t>(axis)]);
    new_strides.push_back(strides[static_cast<std::size_t>(axis)]);
  }
  return one(RCC_TRY(copy_strided(x, new_sizes, new_strides)).reshaped(result_sizes(node)));
}

}  // namespace

Result<Tensors> interpret_depth_to_space(const Node& node, Operands operands) {
  const Sizes& x = operands[0]->shape();
  const Sizes y = result_sizes(node);
  const std::int64_t edge = node.attribute_int(attr::blocksize);
  if (node.attribute_string(attr::mode) == "DCR") {
    return reordered(node, *operands[0], {x[0], edge, edge, y[1], x[2], x[3]}, {0, 3, 4, 1, 5, 2});
  }
  return reordered(node, *operands[0], {x[0], y[1], edge, edge, x[2], x[3]}, {0, 1, 4, 2, 5, 3});
}

Result<Tensors> interpret_space_to_depth(const Node& node, Operands operands) {
  const Sizes& x = operands[0]->shape();
  const Sizes y = result_sizes(node);
  const std::int64_t edge = node.attribute_int(attr::blocksize);
  const Sizes sizes = {x[0], x[1], y[2], edge, y[3], edge};
  const bool is_in_rounds = node.attribute_string(attr::mode) == "DCR";
  return reordered(node, *operands[0], sizes,
                   is_in_rounds ? Sizes{0, 3, 5, 1, 2, 4} : Sizes{0, 1, 3, 5, 2, 4});
}

Result<Tensors> interpret_trilu(const Node& node, Operands operands) {
  const Tensor& x = *operands[0];
  const bool is_upper = node.attribute_int(attr::upper) != 0;
  const double shift = operands.size() > 1 && operands[1] ? operands[1]->at(0) : 0;
  const std::int64_t rows = x.shape()[x.rank() - 2];
  const std::int64_t columns = x.shape().back();
  const auto is_kept = [&](std::size_t i) {
    const auto place = static_cast<std::int64_t>(i);
    const auto distance = static_cast<double>(place % columns - place / columns % rows);
    return is_upper ? distance >= shift : distance <= shift;
  };
  if (is_integral(x.dtype())) {
    std::vector<std::int64_t> values = x.to_ints();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = is_kept(i) ? values[i] : 0;
    return one(from_integers(x.dtype(), x.shape(), values));
  }
  RCC_TRY(require_numbers(x));
  std::vector<double> values = x.to_doubles();
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = is_kept(i) ? values[i] : 0;
  return one(Tensor::from_doubles(x.dtype(), x.shape(), values));
}

namespace {

// Running totals along an axis, from either end, with or without the element itself.
template <typename Function>
Result<Tensors> run_along(const Node& node, const Tensor& x, double start, Function step) {
  const std::size_t axis = RCC_TRY(running_axis(node, x.rank()));
  const bool is_exclusive = node.attribute_int(attr::exclusive) != 0;
  const bool is_reverse = node.attribute_int(attr::reverse) != 0;
  const std::int64_t inner = row_major_strides(x.shape())[axis];
  const std::int64_t size = x.shape()[axis];
  std::vector<double> values = x.to_doubles();
  const std::int64_t slices = size == 0 ? 0 : static_cast<std::int64_t>(values.size()) / size;
  for (std::int64_t slice = 0; slice < slices; ++slice) {
    double* row = values.data() + slice / inner * inner * size + slice % inner;
    double total = start;
    for (std::int64_t i = 0; i < size; ++i) {
      double& value = row[(is_reverse ? size - 1 - i : i) * inner];
      const double before = total;
      total = step(total, value);
      value = is_exclusive ? before : total;
    }
  }
  return one(Tensor::from_doubles(x.dtype(), x.shape(), values));
}

}  // namespace

Result<Tensors> interpret_cum_sum(const Node& node, Operands operands) {
  return run_along(node, *operands[0], 0, [](double a, double b) { return a + b; });
}

Result<Tensors> interpret_cum_prod(const Node& node, Operands operands) {
  return run_along(node, *operands[0], 1, [](double a, double b) { return a * b; });
}

Result<Tensors> interpret_reverse_sequence(const Node& node, Operands operands) {
  const Tensor& x = *operands[0];
  const Sizes strides = row_major_strides(x.shape());
  const std::size_t batch = axis_from_front(node, x.rank(), attr::batch_axis);
  const std::size_t time = axis_from_front(node, x.rank(), attr::time_axis);
  const Sizes lengths = operands[1]->to_ints();
  const std::size_t bytes = RCC_TRY(movable_bytes(x));
  if (bytes == 0) return fail(ErrorKind::input, "the interpreter does not reverse 4-bit elements");
  for (const std::int64_t length : lengths) {
    if (length >= 0 && length <= x.shape()[time]) continue;
    return fail(ErrorKind::input,
                fmt::format("`sequence_lens` contains {}, but the axis has size {}", length,
                            x.shape()[time]));
  }
  Tensor y = Tensor::allocate(x.dtype(), x.shape());
  const std::span<std::byte> out = y.mutable_bytes();
  for (std::int64_t i = 0; i < x.element_count(); ++i) {
    const std::int64_t length =
        lengths[static_cast<std::size_t>(i / strides[batch] % x.shape()[batch])];
    const std::int64_t place = i / strides[time] % x.shape()[time];
    const std::int64_t mirrored = place < length ? length - 1 - place : place;
    const std::int64_t from = i + (mirrored - place) * strides[time];
    std::copy_n(x.bytes().begin() + from * static_cast<std::int64_t>(bytes), bytes,
                out.begin() + i * static_cast<std::int64_t>(bytes));
  }
  return one(std::move(y));
}

Result<Tensors> interpret_range(const Node& node, Operands) {
  const auto numbers = RCC_TRY(range_numbers(node));
  if (!numbers) return fail(ErrorKind::input, "the range is not known");
  std::vector<double> values(static_cast<std::size_t>(numbers->count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = numbers->start + static_cast<double>(i) * numbers->delta;
  }
  const DType dtype = node.result()->type().dtype;
  return one(Tensor::from_doubles(dtype, result_sizes(node), values));
}

Result<Tensors> interpret_size(const Node&, Operands operands) {
  return one(Tensor::scalar<std::int64_t>(operands[0]->element_count()));
}

Result<Tensors> interpret_eye_like(const Node& node, Operands) {
  const Sizes sizes = result_sizes(node);
  const std::int64_t shift = node.attribute_int(attr::k);
  std::vector<double> values(static_cast<std::size_t>(element_count(sizes)));
  for (std::int64_t row = 0; row < sizes[0]; ++row) {
    // Far shifts leave the matrix, without an overflow of the sum.
    if (shift < -row || shift >= sizes[1] - row) continue;
    values[static_cast<std::size_t>(row * sizes[1] + row + shift)] = 1;
  }
  return one(Tensor::from_doubles(node.result()->type().dtype, sizes, values));
}

}  // namespace rcc
