#pragma once

#include "ir/graph.h"
#include "ir/support/result.h"

namespace rcc {

// What ranks weights or chooses their scales cannot work with NaN or infinity, and would hide them.
// Looks at the weights, biases and statistics that nodes read; others (the -inf of an attention mask),
// and those without payload, are left alone. Error of kind input: the constant, its layer, the first
// bad element and how many there are.
Result<void> require_finite_weights(const Graph& graph);

}  // namespace rcc
