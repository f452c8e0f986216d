#pragma once

#include "ir/graph.h"

namespace rcc {

// Computes the result types of one node from its operands and checks what the operator requires of
// them. The error names the node. Results of opaque nodes keep the type they have.
Result<void> infer_types(Graph& graph, Node& node);

// All nodes, in order. Types become more precise, never less: a recorded size survives an inferred
// unknown. Contradictions are errors.
Result<void> infer_types(Graph& graph);

}  // namespace rcc
