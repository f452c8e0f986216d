#pragma once

#include <cstddef>
#include <optional>

#include "ir/graph.h"

namespace rcc {

// Smaller graphs made from one. Names and ids of what stays are the same; nothing means that the
// graph has nothing of the kind to give up. The results are not verified.

// Without the nodes at positions [first, first + count) of the list: their results become graph
// inputs where other nodes read them, and results that are read no longer become outputs. Inputs and
// constants that are read no longer are gone.
std::optional<Graph> without_nodes(const Graph& graph, std::size_t first, std::size_t count);

// Without the node at a position, whose first result is replaced by operand `operand` of the same
// type.
std::optional<Graph> without_node_between(const Graph& graph, std::size_t position,
                                          std::size_t operand);

// Without one of several outputs.
std::optional<Graph> without_output(const Graph& graph, std::size_t index);

// Without an optional operand at the end of a node.
std::optional<Graph> without_last_operand(const Graph& graph, std::size_t position);

// Without inputs and constants that nothing reads.
std::optional<Graph> without_unused_values(const Graph& graph);

// Without what a file says besides its graph, without the layers that nodes came from, without
// ranges.
std::optional<Graph> without_annotations(const Graph& graph);

Node& node_at(const Graph& graph, std::size_t position);

}  // namespace rcc
