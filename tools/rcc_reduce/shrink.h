#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "ir/graph.h"

namespace rcc {

// Simpler graphs of the same nodes; nothing where there is nothing to simplify or where the sizes
// would not agree. The results are not verified.

// The attribute has its default.
std::optional<Graph> without_attribute(const Graph& graph, std::size_t position,
                                       std::string_view name);

// What a payload may be replaced by, from the simplest.
enum class Payload : std::uint8_t { elided, zeros, ones, small_integers };
// Whether the payload is as simple as that, or simpler.
bool is_as_simple(const Tensor& tensor, Payload payload);
// Of all constants that hold weights, or of one. Integers of 32 and 64 bits are shapes and stay.
std::optional<Graph> with_payloads(const Graph& graph, Payload payload);
std::optional<Graph> with_payload(const Graph& graph, ValueId constant, Payload payload);

// Sizes above 1 of inputs and constants.
std::set<std::int64_t> sizes_of(const Graph& graph);
// Every size that the map names becomes what it maps to: axes of inputs and constants, whose leading
// elements stay, the attribute `group`, and elements of shape constants. All other types follow.
using SizeMap = std::map<std::int64_t, std::int64_t>;
std::optional<Graph> with_sizes(const Graph& graph, const SizeMap& map);

}  // namespace rcc
