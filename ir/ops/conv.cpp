#include <fmt/format.h>

#include "ir/ops/functions.h"
#include "ir/ops/links.h"
#include "ir/ops/macs.h"
#include "ir/ops/shape_rules.h"
#include "ir/ops/window.h"

namespace rcc {

namespace {

// W is at least a matrix and has the operand's rank.
Result<void> require_kernel(const Node& node, const Graph& graph) {
  const Type& weight = operand_type(node, 1);
  if (!weight.is_ranked) {
    return fail(ErrorKind::input, "the rank of `W` is unknown, so the kernel's shape is, too");
  }
  if (weight.rank() < 3) {
    return fail(ErrorKind::input,
                fmt::format("{} has rank {}, expected two channel axes and at least one spatial",
                            operand_text(node, 1, graph), weight.rank()));
  }
  return require_rank(node, 0, weight.rank(), graph);
}

Result<std::int64_t> checked_group(const Node& node) {
  const std::int64_t group = node.attribute_int(attr::group);
  if (group >= 1) return group;
  return fail(ErrorKind::input, fmt::format("group is {}, expected at least 1", group));
}

Result<void> require_divisible(Dim channels, std::int64_t group, std::string_view what) {
  if (!channels.is_fixed() || channels.size() % group == 0) return {};
  return fail(ErrorKind::input, fmt::format("group is {}, which does not divide the {} {} channels",
                                            group, channels.size(), what));
}

// `size` channels of x against `per_group` of W in each of `group` groups.
Result<void> require_input_channels(const Node& node, Dim per_group, std::int64_t group,
                                    const Graph& graph) {
  const Type& x = operand_type(node, 0);
  if (!x.is_ranked || !x.dims[1].is_fixed() || !per_group.is_fixed()) return {};
  std::int64_t expected = 0;
  const bool overflows = __builtin_mul_overflow(per_group.size(), group, &expected);
  if (!overflows && expected == x.dims[1].size()) return {};
  return fail(ErrorKind::input,
              fmt::format("{} has {} channels, but {} with group {} takes {} times {}",
                          operand_text(node, 0, graph), x.dims[1].size(),
                          operand_text(node, 1, graph), group, group, per_group.size()));
}

Result<Type> conv_type(const Node& node, DType dtype, const Graph& graph) {
  RCC_TRY(require_kernel(node, graph));
  const std::int64_t group = RCC_TRY(checked_group(node));
  const Type& x = operand_type(node, 0);
  const Type& weight = operand_type(node, 1);
  RCC_TRY(require_divisible(weight.dims[0], group, "output"));
  RCC_TRY(require_input_channels(node, weight.dims[1], group, graph));
  const Window window = RCC_TRY(window_of(node, graph));
  Shape shape(weight.rank(), Dim::unknown());
  if (x.is_ranked) shape[0] = x.dims[0];
  shape[1] = weight.dims[0];
  for (std::size_t i = 0; i < window.axes(); ++i) {
    const Dim input = x.is_ranked ? x.dims[i + 2] : Dim::unknown();
    shape[i + 2] = RCC_TRY(window_result(node, window, i, input));
  }
  return Type(dtype, std::move(shape));
}

Dim operand_dim(const Node& node, std::size_t operand, std::size_t axis) {
  const Type& type = node.operand(operand)->type();
  return type.is_ranked && axis < type.rank() ? type.dims[axis] : Dim::unknown();
}

void link_bias(const Node& node, AxisRef channels, std::vector<AxisLink>& links) {
  const int bias = node.op().operand_with_role(Role::bias);
  if (bias < 0 || !node.operand(static_cast<std::size_t>(bias))) return;
  links.push_back({operand_axis(static_cast<std::size_t>(bias), 0), channels});
}

}  // namespace

Result<Types> infer_conv(const Node& node, const Graph& graph) {
  const DType dtype = RCC_TRY(common_dtype(node, graph));
  Type type = RCC_TRY(conv_type(node, dtype, graph));
  RCC_TRY(require_vector(node, 2, type.dims[1], "output channel", graph));
  return Types(1, type);
}

Result<Types> infer_conv_integer(const Node& node, const Graph& graph) {
  RCC_TRY(common_dtype(node, std::array<std::size_t, 2>{0, 2}, graph));
  RCC_TRY(common_dtype(node, std::array<std::size_t, 2>{1, 3}, graph));
  Type type = RCC_TRY(conv_type(node, DType::i32, graph));
  RCC_TRY(require_scalar(node, 2, graph));
  if (node.operand(3) && operand_type(node, 3).rank() > 0) {
    const Dim length = operand_dim(node, 3, 0);
    if (length != Dim(1)) {
      RCC_TRY(require_vector(node, 3, type.dims[1], "output channel", graph));
    }
  }
  return Types{std::move(type)};
}

namespace {

// The axes of x, W and the result are (N, C, ...), (C, O / group, ...) and (N, O, ...).
Result<Dim> transposed_size(const Node& node, const Window& window, std::size_t axis, Dim input) {
  if (!input.is_fixed() || !window.kernel[axis].is_fixed()) return Dim::unknown();
  const Ints& extra = node.attribute_ints(attr::output_padding);
  std::int64_t size = 0;
  if (input.size() > (std::int64_t{1} << 31) || input.size() < 1) {
    return fail(ErrorKind::input, fmt::format("spatial axis {} has size {}", axis, input.size()));
  }
  size = (input.size() - 1) * window.strides[axis] + window.extent(axis) +
         (extra.empty() ? 0 : extra[axis]);
  if (node.attribute_string(attr::auto_pad).starts_with("SAME")) {
    size = input.size() * window.strides[axis];
  } else {
    size -= window.pads_begin[axis] + window.pads_end[axis];
  }
  if (size >= 0) return Dim(size);
  return fail(ErrorKind::input,
              fmt::format("the padding leaves {} elements along spatial axis {}", size, axis));
}

Result<void> check_transposed_attributes(const Node& node, const Window& window) {
  const Ints& extra = node.attribute_ints(attr::output_padding);
  if (!extra.empty() && extra.size() != window.axes()) {
    return fail(ErrorKind::input, fmt::format("output_padding has {} elements, expected {}",
                                              extra.size(), window.axes()));
  }
  for (std::size_t i = 0; i < extra.size(); ++i) {
    const bool fits = extra[i] >= 0 && extra[i] < std::max(window.strides[i], window.dilations[i]);
    if (fits) continue;
    return fail(
        ErrorKind::input,
        fmt::format("output_padding contains {}, expected less than stride or dilation", extra[i]));
  }
  const Ints& sizes = node.attribute_ints(attr::output_shape);
  if (sizes.empty() || sizes.size() == window.axes()) return {};
  return fail(ErrorKind::input, fmt::format("output_shape has {} elements, expected {}",
                                            sizes.size(), window.axes()));
}

}  // namespace

Result<Types> infer_conv_transpose(const Node& node, const Graph& graph) {
  const DType dtype = RCC_TRY(common_dtype(node, graph));
  RCC_TRY(require_kernel(node, graph));
  const std::int64_t group = RCC_TRY(checked_group(node));
  const Type& x = operand_type(node, 0);
  const Type& weight = operand_type(node, 1);
  RCC_TRY(require_divisible(weight.dims[0], group, "input"));
  RCC_TRY(require_input_channels(node, weight.dims[0], 1, graph));
  const Shape kernel(weight.dims.begin() + 2, weight.dims.end());
  const Window window = RCC_TRY(window_from_attributes(node, kernel));
  RCC_TRY(check_transposed_attributes(node, window));
  Shape shape(weight.rank(), Dim::unknown());
  if (x.is_ranked) shape[0] = x.dims[0];
  shape[1] = RCC_TRY(product(std::array<Dim, 2>{weight.dims[1], Dim(group)}));
  RCC_TRY(require_vector(node, 2, shape[1], "output channel", graph));
  const Ints& sizes = node.attribute_ints(attr::output_shape);
  for (std::size_t i = 0; i < window.axes(); ++i) {
    const Dim input = x.is_ranked ? x.dims[i + 2] : Dim::unknown();
    shape[i + 2] = RCC_TRY(transposed_size(node, window, i, input));
    if (sizes.empty()) continue;
    if (sizes[i] < 1 || sizes[i] > (std::int64_t{1} << 31)) {
      return fail(ErrorKind::input, fmt::format("output_shape contains {}", sizes[i]));
    }
    shape[i + 2] = Dim(sizes[i]);
  }
  return Types{Type(dtype, std::move(shape))};
}

// Groups: x channel i uses slot i % (C / group) of W's axis 1; the same slots of all groups go
// together, as do the output channels with the same place in their groups, so that groups stay
// equal.
void link_conv(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const std::int64_t group = node.attribute_int(attr::group);
  const Dim slots = operand_dim(node, 1, 1);
  const Dim outputs = operand_dim(node, 1, 0);
  links.push_back({operand_axis(0, 0), result_axis(0, 0)});
  if (group == 1) {
    links.push_back({operand_axis(0, 1), operand_axis(1, 1)});
  } else if (!slots.is_fixed() || !outputs.is_fixed()) {
    return;
  } else if (slots.size() == 1) {
    links.push_back({operand_axis(0, 1), operand_axis(1, 0), outputs.size() / group});
  } else {
    links.push_back({operand_axis(0, 1), operand_axis(1, 1), 1, 0, slots.size()});
    links.push_back({operand_axis(1, 0), operand_axis(1, 0), 1, 0, outputs.size() / group});
  }
  links.push_back({operand_axis(1, 0), result_axis(0, 1)});
  link_bias(node, result_axis(0, 1), links);
  if (node.is(OpKind::conv_integer) && node.operand(3) && operand_dim(node, 3, 0) == outputs) {
    links.push_back({operand_axis(3, 0), result_axis(0, 1)});
  }
}

void link_conv_transpose(const Node& node, std::vector<AxisLink>& links) {
  const RankedTypes types = ranked_types(node);
  if (!types) return;
  const std::int64_t group = node.attribute_int(attr::group);
  const Dim inputs = operand_dim(node, 1, 0);
  const Dim slots = operand_dim(node, 1, 1);
  links.push_back({operand_axis(0, 0), result_axis(0, 0)});
  links.push_back({operand_axis(0, 1), operand_axis(1, 0)});
  if (group == 1) {
    links.push_back({operand_axis(1, 1), result_axis(0, 1)});
  } else if (!slots.is_fixed() || !inputs.is_fixed()) {
    return;
  } else if (inputs.size() == group) {
    links.push_back({operand_axis(1, 0), result_axis(0, 1), slots.size()});
  } else {
    links.push_back({operand_axis(1, 0), operand_axis(1, 0), 1, 0, inputs.size() / group});
    links.push_back({result_axis(0, 1), operand_axis(1, 1), 1, 0, slots.size()});
  }
  link_bias(node, result_axis(0, 1), links);
}

std::uint64_t macs_conv(const Node& node) {
  const Type& weight = node.operand(1)->type();
  if (!weight.is_ranked || weight.rank() < 2) return 0;
  const Shape per_output(weight.dims.begin() + 1, weight.dims.end());
  return multiply_sizes(multiply_sizes(1, node.result()->type().dims), per_output);
}

std::uint64_t macs_conv_transpose(const Node& node) {
  const Type& weight = node.operand(1)->type();
  if (!weight.is_ranked || weight.rank() < 2) return 0;
  const Shape per_input(weight.dims.begin() + 1, weight.dims.end());
  return multiply_sizes(multiply_sizes(1, node.operand(std::size_t{0})->type().dims), per_input);
}

namespace {

Result<void> resize_group(Node& node, Graph& graph, Dim channels, Dim per_group) {
  if (node.attribute_int(attr::group) == 1) return {};
  if (!channels.is_fixed() || !per_group.is_fixed() || per_group.size() == 0 ||
      channels.size() % per_group.size() != 0) {
    return fail(ErrorKind::input,
                fmt::format("the groups of {} cannot be resized evenly", node.label()));
  }
  graph.set_attribute(node, attr::group, channels.size() / per_group.size());
  return {};
}

}  // namespace

Result<void> resize_conv(Node& node, Graph& graph) {
  return resize_group(node, graph, operand_dim(node, 0, 1), operand_dim(node, 1, 1));
}

Result<void> resize_conv_transpose(Node& node, Graph& graph) {
  const Type& y = node.result()->type();
  const Dim outputs = y.is_ranked && y.rank() > 1 ? y.dims[1] : Dim::unknown();
  return resize_group(node, graph, outputs, operand_dim(node, 1, 1));
}

}  // namespace rcc
