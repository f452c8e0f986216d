#pragma once

#include "ir/graph.h"
#include "ir/support/hash.h"

namespace rcc {

// Equal for graphs without a first_difference; reads every weight.
Result<Digest> graph_digest(const Graph& graph);

// Of the programs that compute a step: this executable, librcc and, where asked for, the module of
// the backend. Changes with every change of any of them.
Result<Digest> program_digest(bool with_module);

}  // namespace rcc
