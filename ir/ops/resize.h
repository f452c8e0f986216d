#pragma once

#include "ir/graph.h"

namespace rcc {

// What resize does along one axis.
struct ResizedAxis {
  // Elements of the result; unknown while they depend on an open size.
  Dim size = Dim::unknown();
  // Elements of the result for each of x, not rounded.
  double scale = 1;
  // Part of x that tf_crop_and_resize reads, from 0 to 1.
  double begin = 0;
  double end = 1;
};

// One entry an axis of x, whose rank must be known; nullopt while sizes or scales are not known.
Result<std::optional<std::vector<ResizedAxis>>> resized_axes(const Node& node);

}  // namespace rcc
