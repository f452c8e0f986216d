#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ir/attribute.h"
#include "ir/support/result.h"

// The subgraphs of If, Loop and Scan, which the IR carries as bytes. What they read from the graph
// around them ("captures") is an explicit operand of the opaque node, after its own operands; the
// names by which the subgraphs know the captures are the attribute kCaptures.
namespace rcc {

inline constexpr std::string_view kCaptures = "rcc_captures";
// The overload of a model-local function that an opaque node calls.
inline constexpr std::string_view kOverload = "rcc_overload";

// Names that the subgraphs of an attribute read from outside, in order of first appearance. Empty for
// attributes without subgraphs.
std::vector<std::string> captured_names(const RawAttribute& attribute);

// Every name that a subgraph gives to a value of its own.
std::set<std::string, std::less<>> inner_names(const RawAttribute& attribute);

RawAttribute rename_captures(const RawAttribute& attribute,
                             const std::map<std::string, std::string, std::less<>>& new_names);

// Operators of ONNX's own domain inside.
std::set<std::string, std::less<>> inner_operators(const RawAttribute& attribute);

}  // namespace rcc
