#pragma once

#include "ir/graph.h"

namespace rcc {

// How a convolution or a pool slides over the spatial axes; one entry of each list an axis.
struct Window {
  using Numbers = InlineVector<std::int64_t, 4>;

  // Unknown only where the kernel's tensor has an unknown size.
  Shape kernel;
  Numbers strides;
  Numbers dilations;
  // Elements added before and after. For auto_pad SAME_* they follow from the input's size and are
  // zero where that is unknown.
  Numbers pads_begin;
  Numbers pads_end;

  std::size_t axes() const { return kernel.size(); }
  // Elements that the kernel spans along an axis. Precondition: kernel[axis].is_fixed().
  std::int64_t extent(std::size_t axis) const {
    return (kernel[axis].size() - 1) * dilations[axis] + 1;
  }
};

// The window of a conv, conv_integer, max_pool or average_pool from its attributes and types, after
// checks of their ranges. Backends use it instead of reading auto_pad and defaults themselves.
Result<Window> window_of(const Node& node, const Graph& graph);

// What both kinds need.
Result<Window> window_from_attributes(const Node& node, Shape kernel);

// The size of the result along a spatial axis, given the operand's. Error when the kernel does not
// fit.
Result<Dim> window_result(const Node& node, const Window& window, std::size_t axis, Dim input);

}  // namespace rcc
