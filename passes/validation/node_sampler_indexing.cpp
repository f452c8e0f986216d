#include "ir/tensor.h"
#include "passes/validation/node_sampler.h"

namespace rcc {

void NodeSampler::choose_top_k() {
  const Sizes x = shape_of(0);
  if (!x.empty()) set_contents(1, Sizes{random_.between(1, x[axis_attribute(x.size())])});
}

void NodeSampler::choose_one_hot() {
  set_contents(1, Sizes{random_.between(1, 6)});
  set_shape(2, {2});
}

// As many truth values as there are elements to choose from.
void NodeSampler::choose_compress() {
  const Sizes x = shape_of(0);
  std::int64_t count = 1;
  for (const std::int64_t axis_size : x) count *= axis_size;
  const bool has_axis = type_of(attribute(attr::axis)) == AttributeType::integer;
  set_shape(1, {has_axis && !x.empty() ? x[axis_attribute(x.size())] : count});
}

// An index, along one axis, for each element.
void NodeSampler::choose_element_indices() {
  const Sizes x = shape_of(0);
  if (x.empty()) return;
  const std::int64_t length = x[axis_attribute(x.size())];
  std::int64_t count = 1;
  for (const std::int64_t axis_size : x) count *= axis_size;
  Sizes indices;
  for (std::int64_t i = 0; i < count; ++i) indices.push_back(random_.between(-length, length - 1));
  set_contents(1, Tensor::of<std::int64_t>(x, indices));
  set_shape(2, x);
}

// A few slices of x, each named by one or more indices.
void NodeSampler::choose_index_tuples() {
  const Sizes x = shape_of(0);
  if (x.empty()) return;
  const std::int64_t depth = random_.between(1, std::ssize(x));
  const std::int64_t count = random_.between(1, 3);
  Sizes indices;
  for (std::int64_t i = 0; i < count; ++i)
    for (std::int64_t axis = 0; axis < depth; ++axis)
      indices.push_back(random_.below(x[static_cast<std::size_t>(axis)]));
  set_contents(1, Tensor::of<std::int64_t>({count, depth}, indices));
  Sizes updates{count};
  updates.insert(updates.end(), x.begin() + depth, x.end());
  set_shape(2, std::move(updates));
}

void NodeSampler::choose_running_axis() {
  const auto rank = static_cast<std::int64_t>(rank_of(0));
  if (rank > 0) set_contents(1, Tensor::scalar<std::int64_t>(random_.between(-rank, rank - 1)));
}

void NodeSampler::choose_sequence_lengths() {
  const Sizes x = shape_of(0);
  const auto batch = static_cast<std::size_t>(int_attribute(attr::batch_axis));
  const auto time = static_cast<std::size_t>(int_attribute(attr::time_axis));
  if (batch >= x.size() || time >= x.size()) return;
  Sizes lengths;
  for (std::int64_t i = 0; i < x[batch]; ++i) lengths.push_back(random_.between(0, x[time]));
  set_contents(1, lengths);
}

void NodeSampler::choose_equal_operands() {
  const Sizes x = shape_of(0);
  for (std::size_t i = 1; i < draft_.operands.size(); ++i) set_shape(i, x);
}

// A few numbers, one apart.
void NodeSampler::choose_range() {
  const auto scalar = [&](double value) {
    return Tensor::from_doubles(dtype_for(0), {}, std::vector<double>{value});
  };
  const auto start = static_cast<double>(random_.between(-2, 2));
  set_contents(0, scalar(start));
  set_contents(1, scalar(start + static_cast<double>(random_.between(1, 6))));
  set_contents(2, scalar(1));
}

}  // namespace rcc
