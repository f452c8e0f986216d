#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "passes/rules/tensor_functions.h"

namespace rcc::functions {

namespace {

std::int64_t count_of(const std::vector<std::int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

}  // namespace

tl::expected<std::size_t, std::string> resolve_axis(std::int64_t axis, std::size_t rank) {
  const auto limit = static_cast<std::int64_t>(rank);
  if (axis < -limit || axis >= limit)
    return no_value(fmt::format("there is no axis {} in a tensor of rank {}", axis, rank));
  return static_cast<std::size_t>(axis < 0 ? axis + limit : axis);
}

tl::expected<std::size_t, std::string> resolve_axis(double axis, std::size_t rank) {
  const auto whole = to_whole(axis);
  if (!whole) return no_value(whole.error());
  return resolve_axis(*whole, rank);
}

Slices slices_along(const Datum& tensor, std::size_t axis) {
  Slices slices;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i)
    (i < axis    ? slices.outer
     : i == axis ? slices.along
                 : slices.inner) *= static_cast<std::size_t>(tensor.shape[i]);
  return slices;
}

DatumResult reshape(const FunctionCall& call) {
  Datum result = call.arguments[0];
  const auto count = static_cast<std::int64_t>(result.data.size());
  std::vector<std::int64_t> shape;
  std::int64_t known = 1;
  std::optional<std::size_t> open;
  for (const double size : call.arguments[1].data) {
    if (size == -1 && !open)
      open = shape.size();
    else if (size < 0 || size != std::floor(size) || size > 1e15)
      return no_value(fmt::format("{} is not a size", size));
    else if (size > 0 &&
             known > std::numeric_limits<std::int64_t>::max() / static_cast<std::int64_t>(size))
      return no_value("the result is too large");
    else
      known *= static_cast<std::int64_t>(size);
    shape.push_back(static_cast<std::int64_t>(size));
  }
  if (open && known == 0) return no_value("-1 stands for any size here");
  if (open) shape[*open] = count / known;
  if (count_of(shape) != count)
    return no_value(fmt::format("sizes [{}] cannot become [{}]", fmt::join(result.shape, ","),
                                fmt::join(shape, ",")));
  result.shape = std::move(shape);
  return result;
}

DatumResult transpose(const FunctionCall& call) {
  const Datum& in = call.arguments[0];
  const std::size_t rank = in.shape.size();
  std::vector<std::size_t> order(rank);
  std::iota(order.rbegin(), order.rend(), std::size_t{0});
  if (call.arguments.size() > 1) {
    const auto& wanted = call.arguments[1].data;
    std::vector<bool> seen(rank, false);
    if (wanted.size() != rank) return no_value("the permutation has another rank than its tensor");
    for (std::size_t i = 0; i < rank; ++i) {
      const auto axis = resolve_axis(wanted[i], rank);
      if (!axis) return no_value(axis.error());
      if (seen[*axis]) return no_value("the permutation names an axis twice");
      seen[*axis] = true;
      order[i] = *axis;
    }
  }
  std::vector<std::size_t> step(rank, 1);
  for (std::size_t i = rank; i-- > 1;)
    step[i - 1] = step[i] * static_cast<std::size_t>(in.shape[i]);
  Datum result{{}, {}, in.dtype, in.is_sparse};
  for (const std::size_t axis : order) result.shape.push_back(in.shape[axis]);
  std::vector<std::int64_t> index(rank, 0);
  result.data.reserve(in.data.size());
  for (std::size_t n = 0; n < in.data.size(); ++n) {
    std::size_t from = 0;
    for (std::size_t i = 0; i < rank; ++i)
      from += step[order[i]] * static_cast<std::size_t>(index[i]);
    result.data.push_back(in.data[from]);
    for (std::size_t i = rank; i-- > 0;) {
      if (++index[i] < result.shape[i]) break;
      index[i] = 0;
    }
  }
  return result;
}

DatumResult concat(const FunctionCall& call) {
  const Datum& first = call.arguments[0];
  const auto axis = resolve_axis(*call.named("axis"), first.shape.size());
  if (!axis) return no_value(axis.error());
  Datum result{first.shape, {}, first.dtype, true};
  result.shape[*axis] = 0;
  std::size_t outer = 1;
  for (std::size_t i = 0; i < *axis; ++i) outer *= static_cast<std::size_t>(first.shape[i]);
  for (const Datum& part : call.arguments) {
    auto others = part.shape;
    if (others.size() == first.shape.size()) others[*axis] = first.shape[*axis];
    if (others != first.shape)
      return no_value(fmt::format("sizes [{}] and [{}] cannot be joined along axis {}",
                                  fmt::join(first.shape, ","), fmt::join(part.shape, ","), *axis));
    result.shape[*axis] += part.shape[*axis];
    result.dtype = meet(result.dtype, part.dtype);
    result.is_sparse = result.is_sparse && part.is_sparse;
  }
  for (std::size_t block = 0; block < outer; ++block) {
    for (const Datum& part : call.arguments) {
      const std::size_t length = part.data.size() / outer;
      const auto begin = part.data.begin() + static_cast<long>(block * length);
      result.data.insert(result.data.end(), begin, begin + static_cast<long>(length));
    }
  }
  return result;
}

DatumResult slice(const FunctionCall& call) {
  const Datum& in = call.arguments[0];
  const auto axis = resolve_axis(*call.named("axis"), in.shape.size());
  if (!axis) return no_value(axis.error());
  const std::int64_t size = in.shape[*axis];
  const std::int64_t begin = call.named("begin").value_or(0);
  const std::int64_t end = call.named("end").value_or(size);
  if (begin < 0 || end > size || begin > end)
    return no_value(fmt::format("[{}, {}) is no part of an axis of size {}", begin, end, size));
  std::int64_t outer = 1;
  std::int64_t inner = 1;
  for (std::size_t i = 0; i < in.shape.size(); ++i)
    if (i != *axis) (i < *axis ? outer : inner) *= in.shape[i];
  Datum result{in.shape, {}, in.dtype, in.is_sparse};
  result.shape[*axis] = end - begin;
  for (std::int64_t block = 0; block < outer; ++block) {
    const auto start = in.data.begin() + (block * size + begin) * inner;
    result.data.insert(result.data.end(), start, start + (end - begin) * inner);
  }
  return result;
}

DatumResult full(const FunctionCall& call) {
  std::vector<std::int64_t> shape;
  double count = 1;
  for (const double size : call.arguments[0].data) {
    if (size < 0 || size != std::floor(size))
      return no_value(fmt::format("{} is not a size", size));
    count *= size;
    if (size > kMaxElements || count > kMaxElements) return no_value("the result is too large");
    shape.push_back(static_cast<std::int64_t>(size));
  }
  const Datum& value = call.arguments[1];
  return Datum{shape, std::vector<double>(static_cast<std::size_t>(count), value.data.at(0)),
               value.dtype};
}

DatumResult range(const FunctionCall& call) {
  constexpr double kMost = 1 << 20;
  const double count = call.arguments[0].data.at(0);
  if (!(count >= 0 && count <= kMost && count == std::floor(count)))
    return no_value(fmt::format("there is no list of {} numbers", count));
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
  return Datum::of_list(numbers);
}

DatumResult gather(const FunctionCall& call) {
  const std::vector<double>& items = call.arguments[0].data;
  Datum result = call.arguments[1];
  for (double& element : result.data) {
    const auto index = resolve_axis(element, items.size());
    if (!index)
      return no_value(fmt::format("a list of {} has no element {}", items.size(), element));
    element = items[*index];
  }
  result.dtype = call.arguments[0].dtype;
  return result;
}

// Where each of 0, 1, ... stands in the permutation.
DatumResult inverse(const FunctionCall& call) {
  Datum result = call.arguments[0];
  const std::vector<double> order = result.data;
  std::vector<bool> seen(order.size(), false);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto index = resolve_axis(order[i], order.size());
    if (!index || seen[*index])
      return no_value(fmt::format("[{}] is no permutation", fmt::join(order, ",")));
    seen[*index] = true;
    result.data[*index] = static_cast<double>(i);
  }
  return result;
}

}  // namespace rcc::functions
