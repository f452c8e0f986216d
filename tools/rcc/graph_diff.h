#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "tools/rcc/tensor_delta.h"

namespace rcc {

// One thing that is not the same: "attribute strides", "<2,2>", "<1,1>". Empty: not there.
struct PartChange {
  std::string what;
  std::string before;
  std::string after;
};

struct NodeChange {
  enum class Kind : std::uint8_t { removed, added, changed } kind = Kind::changed;
  // What users call the layer, and its operator (before, when that changed).
  std::string layer;
  std::string op;
  std::vector<PartChange> parts;
};

// A constant that an operand slot of a node reads in both graphs, directly or through a dequantize;
// or, with compare_results, what the node computes.
struct TensorChange {
  std::string layer;
  // The name of the operand or result.
  std::string slot;
  std::string type_before;
  std::string type_after;
  // Nothing when shapes differ or a payload is missing.
  std::optional<TensorDelta> delta;
};

struct GraphDiff {
  // Inputs and outputs.
  std::vector<PartChange> interface;
  std::vector<NodeChange> nodes;
  std::vector<TensorChange> tensors;
  std::size_t equal_nodes = 0;
  std::size_t equal_tensors = 0;
  // With compare_results: what differs among the results of paired nodes, in order.
  std::vector<TensorChange> results;
  std::size_t equal_results = 0;

  bool is_equal() const {
    return interface.empty() && nodes.empty() && tensors.empty() && results.empty();
  }
};

// How graph b differs from graph a. Names of inner values, layers and model information do not count.
GraphDiff diff(const Graph& a, const Graph& b);

// The same with what the nodes compute in the interpreter on the inputs that the seed gives.
Result<GraphDiff> diff_with_results(const Graph& a, const Graph& b, std::uint64_t seed);

}  // namespace rcc
