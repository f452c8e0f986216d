#include <algorithm>
#include <numeric>
#include <string>

#include "passes/validation/node_sampler.h"

namespace rcc {

namespace {

bool is_choice(std::string_view name) {
  constexpr std::string_view kNames[] = {attr::trans_a,           attr::trans_b,
                                         attr::keepdims,          attr::ceil_mode,
                                         attr::count_include_pad, attr::noop_with_empty_axes,
                                         attr::allowzero};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

}  // namespace

void NodeSampler::choose_attributes() {
  // Padding depends on the window.
  std::stable_partition(draft_.free_attributes.begin(), draft_.free_attributes.end(),
                        [](const AttributeInfo* info) { return info->name == attr::kernel_shape; });
  // Some mistakes show only where several are off their defaults: a wide stride hides that padding
  // makes an image larger.
  const bool takes_all = random_.one_in(4);
  has_wide_strides_ = takes_all && random_.one_in(2);
  for (const AttributeInfo* info : draft_.free_attributes) {
    if (!info->is_required && !takes_all && random_.one_in(2)) continue;
    AttributeValue value = choose_attribute(*info);
    if (type_of(value) != AttributeType::none)
      draft_.attributes.push_back({info->name, std::move(value)});
  }
}

AttributeValue NodeSampler::choose_attribute(const AttributeInfo& info) {
  switch (info.type) {
    case AttributeType::integer:
      return choose_integer(info);
    case AttributeType::real:
      return choose_real(info);
    case AttributeType::string:
      return choose_string(info);
    case AttributeType::ints:
      return choose_ints(info);
    case AttributeType::tensor:
      return Tensor::of<float>({1}, {static_cast<float>(random_.normal())});
    case AttributeType::none:
    case AttributeType::reals:
    case AttributeType::strings:
    case AttributeType::raw:
      break;
  }
  return info.default_value;
}

AttributeValue NodeSampler::choose_integer(const AttributeInfo& info) {
  const auto rank = static_cast<std::int64_t>(rank_of(0));
  if (info.name == attr::axis) {
    const std::int64_t extra = draft_.op->kind == OpKind::flatten ? 1 : 0;
    return rank + extra == 0 ? 0 : random_.between(-rank, rank - 1 + extra);
  }
  if (info.name == attr::group || info.name == attr::num_groups) return choose_group();
  if (is_choice(info.name)) return random_.below(2);
  if (info.name == attr::start || info.name == attr::end) return random_.between(-rank, rank);
  // Frozen networks do not train.
  if (info.name == attr::training_mode) return random_.one_in(8) ? 1 : 0;
  return info.is_required ? AttributeValue(random_.between(0, 2)) : info.default_value;
}

std::int64_t NodeSampler::choose_group() {
  const std::int64_t channels = rank_of(0) > 1 ? shape_of(0)[1] : 1;
  if (random_.one_in(2)) return channels;
  for (const std::int64_t group : {2, 3})
    if (channels % group == 0) return group;
  return 1;
}

AttributeValue NodeSampler::choose_real(const AttributeInfo& info) {
  if (info.name == attr::epsilon)
    return random_.pick(std::vector<float>{0, 1e-5f, 1e-3f, 1e-3f, 0.1f});
  if (!style_.numbers.empty() && random_.one_in(3))
    return static_cast<float>(random_.pick(style_.numbers));
  return random_.pick(std::vector<float>{0, 0.5f, 1, 2, -1, 0.1f});
}

AttributeValue NodeSampler::choose_string(const AttributeInfo& info) {
  using Words = std::vector<std::string>;
  if (info.name == attr::auto_pad)
    return random_.pick(Words{"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"});
  if (info.name == attr::mode && draft_.op->kind == OpKind::pad)
    return random_.pick(Words{"constant", "reflect", "edge", "wrap"});
  if (info.name == attr::approximate) return random_.pick(Words{"none", "tanh"});
  if (info.name == attr::to) {
    const DType own = has(0) && !is_free(0) ? draft_.operands[0].value->type().dtype : style_.dtype;
    if (own != DType::unknown && random_.one_in(2)) return std::string(dtype_name(own));
    return random_.pick(Words{"f32", "f64", "f16", "i64", "i32", "i8", "u8", "bool"});
  }
  if (info.name == attr::name) return std::string("layer");
  // Products of elements at the same place; other equations are a rule's own.
  if (info.name == attr::equation) {
    std::string equation = "...";
    for (std::size_t i = 1; i < draft_.operands.size(); ++i) equation += ",...";
    return equation + "->...";
  }
  if (info.name == attr::direction) return random_.pick(Words{"LEFT", "RIGHT"});
  return info.default_value;
}

AttributeValue NodeSampler::choose_ints(const AttributeInfo& info) {
  const std::size_t rank = rank_of(0);
  const std::size_t spatial = rank > 2 ? rank - 2 : 0;
  if (info.name == attr::axes) return choose_axes();
  if (info.name == attr::perm) return choose_permutation();
  if (info.name == attr::split) return choose_split();
  if (info.name == attr::output_shape) return info.default_value;
  Ints list;
  const std::size_t count = info.name == attr::pads ? 2 * spatial : spatial;
  const std::int64_t low = info.name == attr::pads || info.name == attr::output_padding ? 0 : 1;
  const std::int64_t high = low + most_above(info);
  if (has_wide_strides_ && info.name == attr::strides) return Ints(count, high);
  const bool is_uniform = random_.one_in(2);
  for (std::size_t i = 0; i < count; ++i)
    list.push_back(is_uniform && i > 0 ? list[0] : random_.between(low, high));
  return list;
}

// How far elements of a list go above the least: small numbers, and windows that are sometimes
// wide.
std::int64_t NodeSampler::most_above(const AttributeInfo& info) {
  if (info.name == attr::kernel_shape) return random_.one_in(4) ? 6 : 2;
  if (info.name == attr::strides) return 2;
  if (info.name != attr::pads) return 1;
  const auto* window = std::get_if<Ints>(&attribute(attr::kernel_shape));
  if (window == nullptr || window->empty()) return random_.between(1, 2);
  return std::max<std::int64_t>(*std::min_element(window->begin(), window->end()) - 1, 0);
}

// Axes of the operand; for unsqueeze places in the result.
Ints NodeSampler::choose_axes() {
  const bool is_new = draft_.op->kind == OpKind::unsqueeze;
  const Sizes shape = shape_of(0);
  const auto rank = static_cast<std::int64_t>(shape.size());
  const std::int64_t added = is_new ? random_.between(1, 2) : 0;
  Ints axes;
  for (std::int64_t axis = 0; axis < rank + added; ++axis) {
    const bool is_one = is_new || shape[static_cast<std::size_t>(axis)] == 1;
    if (draft_.op->kind == OpKind::squeeze ? is_one : random_.one_in(2)) axes.push_back(axis);
  }
  // What poolings and means over an image have.
  if (!is_new && draft_.op->kind != OpKind::squeeze && rank >= 3 && random_.one_in(2)) {
    axes.resize(static_cast<std::size_t>(rank) - 2);
    std::iota(axes.begin(), axes.end(), 2);
  }
  if (is_new) {
    while (static_cast<std::int64_t>(axes.size()) > added)
      axes.erase(axes.begin() + random_.below(static_cast<std::int64_t>(axes.size())));
  }
  if (random_.one_in(3))
    for (std::int64_t& axis : axes) axis -= rank + added;
  return axes;
}

Ints NodeSampler::choose_permutation() {
  Ints order(rank_of(0));
  std::iota(order.begin(), order.end(), 0);
  const std::size_t rank = order.size();
  if (rank >= 3 && random_.one_in(2)) {
    // Channels to the end, or back to the front.
    const auto first = order.begin() + 1;
    std::rotate(first, random_.one_in(2) ? first + 1 : order.end() - 1, order.end());
    return order;
  }
  if (rank >= 2 && random_.one_in(3)) {
    std::swap(order[rank - 1], order[rank - 2]);
    return order;
  }
  if (random_.one_in(6)) return order;
  for (std::size_t i = rank; i > 1; --i)
    std::swap(order[i - 1],
              order[static_cast<std::size_t>(random_.below(static_cast<std::int64_t>(i)))]);
  return order;
}

Ints NodeSampler::choose_split() {
  const Sizes shape = shape_of(0);
  const auto pieces = static_cast<std::int64_t>(draft_.result_count);
  std::int64_t left = shape.empty() ? 0 : shape[axis_attribute(shape.size())];
  Ints sizes;
  for (std::int64_t i = pieces; i > 1; --i) {
    const std::int64_t most = left - (i - 1);
    sizes.push_back(most < 1 ? 0 : random_.between(1, most));
    left -= sizes.back();
  }
  sizes.push_back(std::max<std::int64_t>(left, 0));
  return sizes;
}

}  // namespace rcc
