#pragma once

#include "ir/graph.h"

namespace rcc {

// Checks everything the rest of rcc relies on: use lists agree with operands, every operand is defined
// earlier, names are unique, arity and attributes fit the operator's row, recorded types agree with
// inferred ones, sparse only on constants. Reports up to 20 problems, each with the node.
Result<void> verify(const Graph& graph);

}  // namespace rcc
