#pragma once

#include <string>

#include "ir/graph.h"
#include "tools/rcc_opt/settings.h"

namespace rcc {

// --run: computes the graph in the interpreter, on inputs made from the seed or read from
// <run-inputs>/input_<i>.npy. The outputs as text; written to <run-outputs>/output_<i>.npy where
// asked, with the inputs as input_<i>.npy beside them.
Result<std::string> execute(const Graph& graph, const Settings& settings);

}  // namespace rcc
