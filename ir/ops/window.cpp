#include "ir/ops/window.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "ir/ops/shape_rules.h"

namespace rcc {

namespace {

constexpr std::int64_t kMaxParameter = std::numeric_limits<std::int32_t>::max();

// `list`: the attribute or, where it is at its default, `count` times the uniform value.
Result<void> read_list(const Node& node, std::string_view name, std::size_t count,
                       std::int64_t least, Window::Numbers& list) {
  const Ints& given = node.attribute_ints(name);
  if (given.empty()) {
    const AttributeInfo* row = node.op().find_attribute(name);
    if (row->uniform_default) list.assign(count, *row->uniform_default);
  } else {
    list.assign(given.begin(), given.end());
  }
  if (list.size() != count) {
    return fail(ErrorKind::input,
                fmt::format("{} has {} elements, expected {}", name, list.size(), count));
  }
  for (const std::int64_t item : list) {
    if (item < least || item > kMaxParameter) {
      return fail(ErrorKind::input, fmt::format("{} contains {}, expected numbers from {} to {}",
                                                name, item, least, kMaxParameter));
    }
  }
  return {};
}

std::int64_t ceil_divide(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

Result<void> pad_to_same(const std::string& mode, const Shape& input, Window& window) {
  if (mode == "NOTSET" || mode == "VALID") return {};
  if (mode != "SAME_UPPER" && mode != "SAME_LOWER") {
    return fail(
        ErrorKind::input,
        fmt::format("auto_pad is \"{}\", expected NOTSET, VALID, SAME_UPPER or SAME_LOWER", mode));
  }
  for (std::size_t i = 0; i < window.axes() && i + 2 < input.size(); ++i) {
    const Dim size = input[i + 2];
    if (!size.is_fixed() || !window.kernel[i].is_fixed()) continue;
    if (size.size() > kMaxParameter * kMaxParameter) {
      return fail(ErrorKind::input, "a spatial size is out of range");
    }
    const std::int64_t count = ceil_divide(size.size(), window.strides[i]);
    const std::int64_t total =
        std::max<std::int64_t>(0, (count - 1) * window.strides[i] + window.extent(i) - size.size());
    window.pads_begin[i] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
    window.pads_end[i] = total - window.pads_begin[i];
  }
  return {};
}

}  // namespace

namespace {

// Everything but the kernel, which is in the window.
Result<void> read_attributes(const Node& node, const std::string& auto_pad, Window& window) {
  const std::size_t count = window.axes();
  for (const Dim size : window.kernel) {
    if (size.is_fixed() && (size.size() < 1 || size.size() > kMaxParameter)) {
      return fail(ErrorKind::input,
                  fmt::format("a kernel size is {}, expected 1 to {}", size.size(), kMaxParameter));
    }
  }
  constexpr std::int64_t kMostKernelElements = 1 << 24;
  const Dim elements = RCC_TRY(product(window.kernel));
  if (elements.is_fixed() && elements.size() > kMostKernelElements) {
    return fail(ErrorKind::limit, fmt::format("the kernel has {} elements, at most {} are handled",
                                              elements.size(), kMostKernelElements));
  }
  RCC_TRY(read_list(node, attr::strides, count, 1, window.strides));
  RCC_TRY(read_list(node, attr::dilations, count, 1, window.dilations));
  Window::Numbers pads;
  RCC_TRY(read_list(node, attr::pads, 2 * count, 0, pads));
  auto* const middle = pads.begin() + count;
  window.pads_begin.assign(pads.begin(), middle);
  window.pads_end.assign(middle, pads.end());
  const bool has_pads = std::ranges::any_of(pads, [](std::int64_t pad) { return pad != 0; });
  if (has_pads && auto_pad != "NOTSET") {
    return fail(ErrorKind::input, "pads and auto_pad exclude each other");
  }
  return {};
}

}  // namespace

Result<Window> window_from_attributes(const Node& node, Shape kernel) {
  Window window;
  window.kernel = std::move(kernel);
  RCC_TRY(read_attributes(node, node.attribute_string(attr::auto_pad), window));
  return window;
}

Result<Window> window_of(const Node& node, const Graph& graph) {
  const Type& x = operand_type(node, 0);
  Window window;
  Shape& kernel = window.kernel;
  if (node.op().operand_with_role(Role::weight) == 1) {
    const Type& weight = operand_type(node, 1);
    RCC_CHECK(weight.is_ranked && weight.rank() >= 2, "window_of needs a checked weight");
    kernel.assign(weight.dims.begin() + 2, weight.dims.end());
  } else {
    for (const std::int64_t size : node.attribute_ints(attr::kernel_shape)) {
      if (size < 1) {
        return fail(ErrorKind::input,
                    fmt::format("kernel_shape contains {}, expected numbers from 1", size));
      }
      kernel.push_back(size);
    }
  }
  if (x.is_ranked && x.rank() != kernel.size() + 2) {
    return fail(ErrorKind::input, fmt::format("{} has rank {}, expected {} for {} spatial axes",
                                              operand_text(node, 0, graph), x.rank(),
                                              kernel.size() + 2, kernel.size()));
  }
  const std::string& auto_pad = node.attribute_string(attr::auto_pad);
  RCC_TRY(read_attributes(node, auto_pad, window));
  RCC_TRY(pad_to_same(auto_pad, x.dims, window));
  return window;
}

Result<Dim> window_result(const Node& node, const Window& window, std::size_t axis, Dim input) {
  if (!input.is_fixed() || !window.kernel[axis].is_fixed()) {
    // A symbol survives where the padding makes up for the kernel.
    const std::int64_t padding = window.pads_begin[axis] + window.pads_end[axis];
    const bool keeps = node.attribute_string(attr::auto_pad).starts_with("SAME") ||
                       (window.kernel[axis].is_fixed() && window.extent(axis) - 1 == padding);
    return keeps && window.strides[axis] == 1 ? input : Dim::unknown();
  }
  const std::int64_t begin = window.pads_begin[axis];
  std::int64_t free = 0;
  if (__builtin_add_overflow(input.size(), begin + window.pads_end[axis], &free)) {
    return fail(ErrorKind::input, "a padded size overflows 64 bits");
  }
  free -= window.extent(axis);
  if (free < 0) {
    return fail(ErrorKind::input,
                fmt::format("the kernel spans {} elements along spatial axis {}, more than the "
                            "operand's {} with padding {} and {}",
                            window.extent(axis), axis, input.size(), begin, window.pads_end[axis]));
  }
  const std::int64_t stride = window.strides[axis];
  if (free % stride == 0) return Dim(free / stride + 1);
  const AttributeInfo* ceil_mode = node.op().find_attribute(attr::ceil_mode);
  if (!ceil_mode || node.attribute_int(attr::ceil_mode) == 0) return Dim(free / stride + 1);
  std::int64_t count = free / stride + 2;
  // A window that would start in the padding after the operand is left out.
  if ((count - 1) * stride >= input.size() + begin) --count;
  return Dim(count);
}

}  // namespace rcc
