#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "ir/ops/compute.h"
#include "ir/ops/elementwise_map.h"
#include "ir/ops/shape_rules.h"

namespace rcc {

namespace {

// `index` counted from the front, after a check against the size of its axis.
Result<std::int64_t> checked_index(std::int64_t index, std::int64_t size) {
  if (index < -size || index >= size) {
    return fail(ErrorKind::input,
                fmt::format("`indices` contains {}, but the axis has size {}", index, size));
  }
  return index < 0 ? index + size : index;
}

// Blocks of `block` elements of x from each of `places` on, one after the other.
Result<Tensor> take_blocks(const Tensor& x, const Sizes& places, std::int64_t block, Sizes sizes) {
  const std::size_t bytes = RCC_TRY(movable_bytes(x));
  if (bytes == 0) return fail(ErrorKind::input, "the interpreter does not gather 4-bit elements");
  Tensor y = Tensor::allocate(x.dtype(), std::move(sizes));
  if (y.element_count() == 0) return y;
  const std::size_t length = static_cast<std::size_t>(block) * bytes;
  std::byte* out = y.mutable_bytes().data();
  for (const std::int64_t place : places) {
    std::memcpy(out, x.bytes().data() + static_cast<std::size_t>(place) * bytes, length);
    out += length;
  }
  return y;
}

// The element of x that each index stands for, when indices have the rank of x and name a place
// along one axis.
Result<Sizes> places_along_axis(const Node& node, const Tensor& x, const Tensor& indices) {
  const std::size_t axis = axis_from_front(node, x.rank());
  Sizes strides = row_major_strides(x.shape());
  const std::int64_t step = strides[axis];
  strides[axis] = 0;
  const Sizes numbers = indices.to_ints();
  for (std::size_t i = 0; i < x.rank(); ++i) {
    if (i == axis || indices.shape()[i] <= x.shape()[i]) continue;
    return fail(ErrorKind::input, fmt::format("there are {} indices along axis {} of size {}",
                                              indices.shape()[i], i, x.shape()[i]));
  }
  Sizes places;
  for (RowWalk walk(indices.shape(), {strides}); !walk.is_done(); walk.next()) {
    for (std::int64_t i = 0; i < walk.row_size(); ++i) {
      const std::int64_t index = RCC_TRY(checked_index(numbers[places.size()], x.shape()[axis]));
      places.push_back(walk.offset(0) + i * walk.step(0) + index * step);
    }
  }
  return places;
}

// The first element of x that each tuple of `depth` numbers stands for; tuples of a later batch
// read a later part of x.
Result<Sizes> places_of_tuples(const Tensor& x, const Tensor& indices, std::size_t batch) {
  const Sizes strides = row_major_strides(x.shape());
  const Sizes numbers = indices.to_ints();
  const auto depth = static_cast<std::size_t>(indices.shape().back());
  const std::int64_t batches = element_count(std::span(x.shape()).first(batch));
  const std::int64_t tuples = element_count(std::span(indices.shape()).first(indices.rank() - 1));
  const std::int64_t part = element_count(std::span(x.shape()).subspan(batch));
  Sizes places;
  for (std::int64_t tuple = 0; tuple < tuples; ++tuple) {
    std::int64_t place = tuple / (tuples / batches) * part;
    for (std::size_t i = 0; i < depth; ++i) {
      const std::int64_t index = numbers[static_cast<std::size_t>(tuple) * depth + i];
      place += RCC_TRY(checked_index(index, x.shape()[batch + i])) * strides[batch + i];
    }
    places.push_back(place);
  }
  return places;
}

// Integers wrap around.
double sum_of(double a, double b) { return a + b; }
std::int64_t sum_of(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
double product_of(double a, double b) { return a * b; }
std::int64_t product_of(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
}

template <typename Element>
Element reduced(std::string_view reduction, Element old, Element update) {
  if (reduction == "add") return sum_of(old, update);
  if (reduction == "mul") return product_of(old, update);
  if (reduction == "max") return std::max(old, update);
  if (reduction == "min") return std::min(old, update);
  return update;
}

// Writes blocks of `updates` over the elements of x from each of `places` on.
template <typename Element>
void write_blocks(const Node& node, std::vector<Element>& x, const std::vector<Element>& updates,
                  const Sizes& places, std::int64_t block) {
  const std::string& reduction = node.attribute_string(attr::reduction);
  for (std::size_t i = 0; i < updates.size(); ++i) {
    const auto within = static_cast<std::int64_t>(i) % block;
    Element& target =
        x[static_cast<std::size_t>(places[i / static_cast<std::size_t>(block)] + within)];
    target = reduced(reduction, target, updates[i]);
  }
}

Result<Tensors> scatter(const Node& node, const Tensor& x, const Tensor& updates,
                        const Sizes& places, std::int64_t block) {
  if (is_integral(x.dtype())) {
    std::vector<std::int64_t> values = x.to_ints();
    write_blocks(node, values, updates.to_ints(), places, block);
    return one(from_integers(x.dtype(), x.shape(), values));
  }
  std::vector<double> values = x.to_doubles();
  write_blocks(node, values, updates.to_doubles(), places, block);
  return one(Tensor::from_doubles(x.dtype(), x.shape(), values));
}

}  // namespace

Result<Tensors> interpret_gather_elements(const Node& node, Operands operands) {
  const Sizes places = RCC_TRY(places_along_axis(node, *operands[0], *operands[1]));
  return one(RCC_TRY(take_blocks(*operands[0], places, 1, result_sizes(node))));
}

Result<Tensors> interpret_gather_nd(const Node& node, Operands operands) {
  const Tensor& x = *operands[0];
  const auto batch = static_cast<std::size_t>(node.attribute_int(attr::batch_dims));
  const auto depth = static_cast<std::size_t>(operands[1]->shape().back());
  const Sizes places = RCC_TRY(places_of_tuples(x, *operands[1], batch));
  const std::int64_t block = element_count(std::span(x.shape()).subspan(batch + depth));
  return one(RCC_TRY(take_blocks(x, places, block, result_sizes(node))));
}

Result<Tensors> interpret_scatter_elements(const Node& node, Operands operands) {
  const Sizes places = RCC_TRY(places_along_axis(node, *operands[0], *operands[1]));
  return scatter(node, *operands[0], *operands[2], places, 1);
}

Result<Tensors> interpret_scatter_nd(const Node& node, Operands operands) {
  const Tensor& x = *operands[0];
  const auto depth = static_cast<std::size_t>(operands[1]->shape().back());
  const Sizes places = RCC_TRY(places_of_tuples(x, *operands[1], 0));
  const std::int64_t block = element_count(std::span(x.shape()).subspan(depth));
  return scatter(node, x, *operands[2], places, block);
}

}  // namespace rcc
