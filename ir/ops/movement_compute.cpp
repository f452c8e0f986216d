#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "ir/ops/compute.h"
#include "ir/ops/joining.h"
#include "ir/ops/shape_rules.h"

namespace rcc {

namespace {

// 0, 1, ..., size - 1.
Sizes counted(std::int64_t size) {
  Sizes places(static_cast<std::size_t>(size));
  std::iota(places.begin(), places.end(), 0);
  return places;
}

std::vector<Sizes> whole_axes(const Tensor& x) {
  std::vector<Sizes> sources;
  for (const std::int64_t size : x.shape()) sources.push_back(counted(size));
  return sources;
}

}  // namespace

Result<Tensors> interpret_reshape(const Node& node, Operands operands) {
  const Sizes sizes = result_sizes(node);
  if (element_count(sizes) != operands[0]->element_count()) {
    return fail(ErrorKind::input, fmt::format("{} elements cannot be reshaped to {}",
                                              operands[0]->element_count(), element_count(sizes)));
  }
  return one(operands[0]->reshaped(sizes));
}

Result<Tensors> interpret_transpose(const Node& node, Operands operands) {
  const Tensor& x = *operands[0];
  const Sizes strides = row_major_strides(x.shape());
  const Ints& perm = node.attribute_ints(attr::perm);
  Sizes permuted(x.rank());
  for (std::size_t i = 0; i < x.rank(); ++i) {
    permuted[i] = strides[perm.empty() ? x.rank() - 1 - i : static_cast<std::size_t>(perm[i])];
  }
  return one(RCC_TRY(copy_strided(x, result_sizes(node), permuted)));
}

Result<Tensors> interpret_expand(const Node& node, Operands operands) {
  const Sizes sizes = result_sizes(node);
  return one(
      RCC_TRY(copy_strided(*operands[0], sizes, broadcast_strides(operands[0]->shape(), sizes))));
}

Result<Tensors> interpret_concat(const Node& node, Operands operands) {
  const Sizes sizes = result_sizes(node);
  const std::size_t axis = axis_from_front(node, sizes.size());
  const std::size_t bytes = RCC_TRY(movable_bytes(*operands[0]));
  if (bytes == 0) return fail(ErrorKind::input, "the interpreter does not join 4-bit elements");
  Tensor y = Tensor::allocate(operands[0]->dtype(), sizes);
  const std::int64_t outer = element_count(std::span(sizes).first(axis));
  const std::span<std::byte> to = y.mutable_bytes();
  std::size_t at = 0;
  for (std::int64_t i = 0; i < outer; ++i) {
    for (const Tensor* x : operands) {
      const std::span<const std::byte> from = x->bytes();
      const std::size_t size = from.size() / static_cast<std::size_t>(outer);
      if (size == 0) continue;
      std::memcpy(&to[at], &from[static_cast<std::size_t>(i) * size], size);
      at += size;
    }
  }
  return one(std::move(y));
}

Result<Tensors> interpret_split(const Node& node, Operands operands) {
  const Tensor& x = *operands[0];
  const std::size_t axis = axis_from_front(node, x.rank());
  std::int64_t first = 0;
  Tensors results;
  for (std::size_t i = 0; i < node.result_count(); ++i) {
    std::vector<Sizes> sources = whole_axes(x);
    sources[axis] = counted(result_sizes(node, i)[axis]);
    for (std::int64_t& place : sources[axis]) place += first;
    first += static_cast<std::int64_t>(sources[axis].size());
    results.push_back(RCC_TRY(select_elements(x, sources, nullptr)));
  }
  return results;
}

Result<Tensors> interpret_slice(const Node& node, Operands operands) {
  std::vector<Sizes> sources = whole_axes(*operands[0]);
  for (const SliceAxis& slice : RCC_TRY(slice_axes(node))) {
    Sizes places = counted(slice.count.size());
    // One element at most lies at a step that would overflow.
    for (std::int64_t& place : places) {
      place = place == 0 ? slice.start : slice.start + place * slice.step;
    }
    sources[slice.axis] = std::move(places);
  }
  return one(RCC_TRY(select_elements(*operands[0], sources, nullptr)));
}

Result<Tensors> interpret_gather(const Node& node, Operands operands) {
  const Tensor& x = *operands[0];
  const std::size_t axis = axis_from_front(node, x.rank());
  const std::int64_t size = x.shape()[axis];
  std::vector<Sizes> sources = whole_axes(x);
  sources[axis] = operands[1]->to_ints();
  for (std::int64_t& place : sources[axis]) {
    if (place < -size || place >= size) {
      return fail(ErrorKind::input,
                  fmt::format("`indices` contains {}, but axis {} has size {}", place, axis, size));
    }
    if (place < 0) place += size;
  }
  const Tensor selected = RCC_TRY(select_elements(x, sources, nullptr));
  return one(selected.reshaped(result_sizes(node)));
}

namespace {

// Where element `place` of a padded axis comes from; -1: from the fill value.
std::int64_t pad_source(std::int64_t place, std::int64_t size, std::string_view mode) {
  if (place >= 0 && place < size) return place;
  if (mode == "constant") return -1;
  if (mode == "edge") return std::clamp<std::int64_t>(place, 0, size - 1);
  if (mode == "wrap") return (place % size + size) % size;
  return place < 0 ? -place : 2 * (size - 1) - place;
}

}  // namespace

Result<Tensors> interpret_pad(const Node& node, Operands operands) {
  const Tensor& x = *operands[0];
  const std::vector<AxisPad> pads = RCC_TRY(axis_pads(node));
  const std::string& mode = node.attribute_string(attr::mode);
  const Sizes sizes = result_sizes(node);
  std::vector<Sizes> sources;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    Sizes places = counted(sizes[i]);
    for (std::int64_t& place : places) {
      if (mode == "wrap" && x.shape()[i] == 0) return fail(ErrorKind::input, "nothing to wrap");
      place = pad_source(place - pads[i].before, x.shape()[i], mode);
    }
    sources.push_back(std::move(places));
  }
  const Tensor* fill = operands.size() > 2 ? operands[2] : nullptr;
  return one(RCC_TRY(select_elements(x, sources, fill)));
}

Result<Tensors> interpret_shape(const Node& node, Operands operands) {
  const Sizes& sizes = operands[0]->shape();
  const auto rank = static_cast<std::int64_t>(sizes.size());
  const auto clamped = [&](std::int64_t end) {
    return std::clamp<std::int64_t>(end < 0 ? end + rank : end, 0, rank);
  };
  const std::int64_t start = clamped(node.attribute_int(attr::start));
  const std::int64_t end =
      node.has_attribute(attr::end) ? clamped(node.attribute_int(attr::end)) : rank;
  const Sizes part(sizes.begin() + start, sizes.begin() + std::max(start, end));
  return one(Tensor::of<std::int64_t>({static_cast<std::int64_t>(part.size())}, part));
}

Result<Tensors> interpret_constant_of_shape(const Node& node, Operands) {
  const auto& value = std::get<Tensor>(node.attribute(attr::value));
  const Sizes sizes = result_sizes(node);
  return one(RCC_TRY(copy_strided(value, sizes, Sizes(sizes.size(), 0))));
}

}  // namespace rcc
