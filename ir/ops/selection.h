#pragma once

#include "ir/graph.h"

namespace rcc {

// The axis of arg_max, arg_min, top_k or compress. Precondition: checked by the shape function.
std::size_t selection_axis(const Node& node, std::size_t rank);

}  // namespace rcc
