#pragma once

#include <optional>

#include "ir/graph.h"

namespace rcc {

// True for an f32 operand that the node only moves or selects from (keeps_scale in its row).
bool is_moved_operand(const Node& node, std::size_t operand);

// The range of every value. Values that operators only move (MaxPool, Flatten, Concat) share one, the
// union of their ranges, so that quantized integers can be moved as they are.
IdMap<ValueId, std::optional<Range>> ranges_shared_by_movers(const Graph& graph);

}  // namespace rcc
