#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace rcc {

// Runs one node. Errors: opaque operator, elided constant, an operator without interpreter function.
Result<std::vector<Tensor>> interpret(const Node& node, std::span<const Tensor* const> operands);

// Runs the whole graph on given inputs (in the order of graph.inputs()) and returns its outputs.
// The reference the rest is checked against: plain loops, float64 accumulation, results rounded to
// the recorded type after each node. Intermediate results are freed after their last use.
Result<std::vector<Tensor>> interpret(const Graph& graph, std::span<const Tensor> inputs);

// The same, keeping the values asked for (inputs and constants too), in that order.
Result<std::vector<Tensor>> interpret_values(const Graph& graph, std::span<const Tensor> inputs,
                                             std::span<const Value* const> wanted);

// Reproducible test inputs for the graph: standard normal floats, small integers; symbolic batch
// dims become `batch`, other symbolic or unknown dims `spatial`.
Result<std::vector<Tensor>> sample_inputs(const Graph& graph, std::uint64_t seed,
                                          std::int64_t batch = 1, std::int64_t spatial = 32);

// max |a-b| / max |b| over all elements; 0 for two empty tensors; infinity when NaN or shapes differ.
double relative_difference(const Tensor& a, const Tensor& b);

}  // namespace rcc
