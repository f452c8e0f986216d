#pragma once

#include <vector>

#include "ir/graph.h"

namespace rcc {

// Whether each axis of a reduction's operand is reduced.
Result<std::vector<bool>> reduced_axes(const Node& node, std::size_t rank);

}  // namespace rcc
