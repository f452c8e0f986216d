#pragma once

#include <optional>

#include "ir/graph.h"

namespace rcc {

// The types that the operator's shape function gives, without a look at what is recorded for the
// results; at least one an existing result. Checks the operands; the error names the node.
Result<std::vector<Type>> infer_result_types(const Graph& graph, const Node& node);
// The same for a node whose operands are as many as the operator's row says, which operand_problem
// of ir/op_check.h tells.
Result<std::vector<Type>> infer_checked_node(const Graph& graph, const Node& node);

// Computes the result types of one node from its operands and checks what the operator requires of
// them. The error names the node. Results of opaque nodes keep the type they have.
Result<void> infer_types(Graph& graph, Node& node);

// All nodes, in order. Types become more precise, never less: a recorded size survives an inferred
// unknown. Contradictions are errors.
Result<void> infer_types(Graph& graph);

// All nodes, in order, from the types of inputs and constants alone: what is recorded for results of
// known operators is replaced. For passes that changed sizes.
Result<void> infer_types_anew(Graph& graph);

// The elements of a scalar or vector of integers that follow from constants and from the types of
// values: what exporters compute with Shape, Gather and Concat. nullopt when one of them does not.
std::optional<Ints> known_numbers(const Value& value);

// What both types say together; `a` where they differ. A symbol gives way to a number.
Type more_precise(const Type& a, const Type& b);

}  // namespace rcc
