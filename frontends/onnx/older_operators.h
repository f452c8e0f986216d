#pragma once

#include <cstdint>
#include <optional>

#include "ir/graph.h"

namespace rcc {

// Some operators came late and say what several older ones say together: a model of an older opset is
// written with those, so that it needs no newer runtime than before.
//
//     HardSwish (14)              x * HardSigmoid(x, 1/6, 1/2)
//     LayerNormalization (17)     d / Sqrt(ReduceMean(d^2) + epsilon) * gamma + beta, d = x - ReduceMean(x)
//     Mish (18)                   x * Tanh(Softplus(x))
//     Gelu (20)                   x * (1 + Erf(x / sqrt(2))) / 2, or with Tanh
//
// A copy of the graph in which no node of that kind is newer than `opset`; nullopt when there is none in
// `graph`. Nodes that cannot be taken apart stay: results besides the first, half precision, unknown rank.
std::optional<Graph> with_older_operators(const Graph& graph, std::int64_t opset);

}  // namespace rcc
