#pragma once

#include <optional>

#include "ir/graph.h"

namespace rcc {

// f64 where it is f32.
Tensor widened(const Tensor& tensor);
// The graph in f64 where it is f32: what it computes but for its own rounding. nullopt where an
// operator insists on f32.
std::optional<Graph> widened(const Graph& graph);

// A difference of two graphs may be this many times the rounding of one of them.
inline constexpr double kRoundingFactor = 4;

}  // namespace rcc
