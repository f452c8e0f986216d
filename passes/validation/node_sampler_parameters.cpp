#include <algorithm>
#include <utility>

#include "ir/tensor.h"
#include "passes/validation/node_sampler.h"

namespace rcc {

namespace {

// One of the ways to write a product of `count` with one factor more.
Sizes split_axis(const Sizes& shape, std::size_t axis, std::int64_t factor) {
  Sizes result = shape;
  result[axis] /= factor;
  result.insert(result.begin() + static_cast<long>(axis), factor);
  return result;
}

Sizes merge_axis(const Sizes& shape, std::size_t axis) {
  Sizes result = shape;
  result[axis] *= result[axis + 1];
  result.erase(result.begin() + static_cast<long>(axis) + 1);
  return result;
}

}  // namespace

void NodeSampler::set_contents(std::size_t index, const Sizes& numbers) {
  if (!is_free(index) || draft_.operands[index].wanted_contents) return;
  const auto count = static_cast<std::int64_t>(numbers.size());
  draft_.operands[index].contents = Tensor::of<std::int64_t>({count}, numbers);
  draft_.operands[index].shape = {count};
}

void NodeSampler::set_contents(std::size_t index, Tensor contents) {
  if (!is_free(index) || draft_.operands[index].wanted_contents) return;
  draft_.operands[index].shape = contents.shape();
  draft_.operands[index].contents = std::move(contents);
}

// The same sizes, two axes merged, one split, one put in front, or all of them one; as numbers, or
// with one to compute or to copy.
void NodeSampler::choose_reshape() {
  Sizes shape = shape_of(0);
  for (std::int64_t steps = random_.below(3); steps > 0; --steps) {
    const auto rank = static_cast<std::int64_t>(shape.size());
    const std::int64_t way = random_.below(4);
    if (way == 0 && rank >= 2) {
      shape = merge_axis(shape, static_cast<std::size_t>(random_.below(rank - 1)));
    } else if (way == 1 && rank >= 1) {
      const auto axis = static_cast<std::size_t>(random_.below(rank));
      const std::int64_t factor = random_.between(1, 3);
      if (shape[axis] % factor == 0) shape = split_axis(shape, axis, factor);
    } else if (way == 2) {
      shape.insert(shape.begin() + static_cast<long>(random_.below(rank + 1)), 1);
    } else if (rank >= 1) {
      shape.erase(std::remove(shape.begin(), shape.end(), 1), shape.end());
    }
  }
  if (random_.one_in(6)) {
    const Sizes whole = shape_of(0);
    shape = {whole.empty() ? 1 : whole[0], -1};
  } else if (!shape.empty() && random_.one_in(3)) {
    shape[static_cast<std::size_t>(random_.below(static_cast<std::int64_t>(shape.size())))] = -1;
  }
  const Sizes x = shape_of(0);
  if (!shape.empty() && !x.empty() && shape[0] == x[0] && random_.one_in(4) &&
      int_attribute(attr::allowzero) == 0)
    shape[0] = 0;
  set_contents(1, shape);
}

void NodeSampler::choose_expand() {
  Sizes shape = shape_of(0);
  for (std::int64_t& axis_size : shape)
    if (axis_size == 1 && random_.one_in(2)) axis_size = size();
  if (random_.one_in(3)) shape.insert(shape.begin(), size());
  set_contents(1, shape);
}

void NodeSampler::choose_slice() {
  const Sizes x = shape_of(0);
  const auto rank = static_cast<std::int64_t>(x.size());
  Sizes axes;
  for (std::int64_t axis = 0; axis < rank; ++axis)
    if (!has(3) || random_.one_in(2)) axes.push_back(axis);
  if (axes.empty() && rank > 0) axes.push_back(random_.below(rank));
  Sizes starts;
  Sizes ends;
  Sizes steps;
  for (const std::int64_t axis : axes) {
    const std::int64_t length = x[static_cast<std::size_t>(axis)];
    const bool is_whole = random_.one_in(2);
    starts.push_back(is_whole ? 0 : random_.below(length));
    ends.push_back(is_whole ? (random_.one_in(2) ? length : std::int64_t{1} << 62)
                            : random_.between(starts.back() + 1, length));
    steps.push_back(is_whole && random_.one_in(2) ? 1 : random_.between(1, 2));
  }
  set_contents(1, starts);
  set_contents(2, ends);
  set_contents(3, axes);
  set_contents(4, steps);
}

void NodeSampler::choose_pad() {
  const Sizes x = shape_of(0);
  std::size_t count = x.size();
  if (has(3)) {
    Sizes axes;
    for (std::size_t axis = 0; axis < x.size(); ++axis)
      if (random_.one_in(2)) axes.push_back(static_cast<std::int64_t>(axis));
    set_contents(3, axes);
    count = is_free(3) ? draft_.operands[3].shape[0] : shape_of(3)[0];
  }
  Sizes pads(2 * count, 0);
  // What convolutions can absorb leaves the first two axes alone.
  const std::size_t first = count == x.size() && count > 2 && !random_.one_in(4) ? 2 : 0;
  const bool is_even = random_.one_in(2);
  for (std::size_t i = first; i < count; ++i) {
    pads[i] = random_.below(3);
    pads[count + i] = is_even ? pads[i] : random_.below(3);
  }
  if (random_.one_in(8)) std::fill(pads.begin(), pads.end(), 0);
  // Negative numbers crop.
  if (count > 0 && random_.one_in(8)) pads[2 * count - 1] = -1;
  set_contents(1, pads);
  set_shape(2, {});
}

void NodeSampler::choose_gather() {
  const Sizes x = shape_of(0);
  if (x.empty()) return;
  const std::int64_t length = x[axis_attribute(x.size())];
  if (!is_free(1) || draft_.operands[1].wanted_contents) return;
  if (draft_.operands[1].wanted_rank.value_or(random_.one_in(3) ? 0 : 1) == 0) {
    draft_.operands[1].contents =
        Tensor::scalar<std::int64_t>(random_.between(-length, length - 1));
    draft_.operands[1].shape = {};
    return;
  }
  Sizes indices;
  for (std::int64_t i = random_.between(1, 3); i > 0; --i)
    indices.push_back(random_.between(-length, length - 1));
  set_contents(1, indices);
}

void NodeSampler::choose_tile() {
  Sizes repeats;
  for (std::size_t axis = 0; axis < rank_of(0); ++axis)
    repeats.push_back(random_.one_in(2) ? 1 : random_.between(1, 3));
  set_contents(1, repeats);
}

void NodeSampler::choose_constant_of_shape() {
  Sizes shape;
  for (std::size_t axis = 0; axis < style_.rank; ++axis) shape.push_back(size());
  set_contents(0, shape);
}

bool NodeSampler::choose_by_name(std::size_t index, std::string_view name) {
  if (name != "scales" && name != "sizes" && name != "roi") return false;
  const auto* axes = std::get_if<Ints>(&attribute(attr::axes));
  const Sizes x = shape_of(0);
  const std::size_t count = axes == nullptr || axes->empty() ? x.size() : axes->size();
  if (name == "sizes") {
    Sizes sizes;
    for (std::size_t i = 0; i < count; ++i) sizes.push_back(i < 2 && count > 2 ? x[i] : size());
    set_contents(index, sizes);
    return true;
  }
  std::vector<float> numbers;
  for (std::size_t i = 0; i < (name == "roi" ? 2 * count : count); ++i)
    numbers.push_back(name == "roi"
                          ? static_cast<float>(i / count)
                          : static_cast<float>(count > 2 && i < 2 ? 1 : random_.between(1, 2)));
  draft_.operands[index].contents =
      Tensor::of<float>({static_cast<std::int64_t>(numbers.size())}, numbers);
  draft_.operands[index].shape = {static_cast<std::int64_t>(numbers.size())};
  return true;
}

}  // namespace rcc
