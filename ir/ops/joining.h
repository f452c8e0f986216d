#pragma once

#include "ir/graph.h"

namespace rcc {

// An `end` from here on means "to the end of the axis" for any size.
inline constexpr std::int64_t kWholeEnd = std::int64_t{1} << 62;

// What slice takes along one axis: `count` elements from `start` at a distance of `step`.
struct SliceAxis {
  std::size_t axis = 0;
  std::int64_t start = 0;
  std::int64_t step = 1;
  Dim count = Dim::unknown();
  // All elements, in order.
  bool is_whole = false;
};
// Error when the bounds are not known numbers or do not fit. Precondition: x has a known rank.
Result<std::vector<SliceAxis>> slice_axes(const Node& node);

// Elements added at the ends of an axis; negative: taken away.
struct AxisPad {
  std::int64_t before = 0;
  std::int64_t after = 0;
};
// One entry an axis of x, whose rank must be known. Error when `pads` is not known or does not fit.
Result<std::vector<AxisPad>> axis_pads(const Node& node);

}  // namespace rcc
