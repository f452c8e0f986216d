#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ir/tensor.h"

namespace rcc {

using Ints = std::vector<std::int64_t>;
using Floats = std::vector<float>;
using Strings = std::vector<std::string>;

// An attribute that the IR carries without understanding (subgraphs, types): the bytes of the source
// format, written back unchanged.
struct RawAttribute {
  std::string bytes;
  bool operator==(const RawAttribute&) const = default;
};

// monostate: the attribute is not set (only as the default of an optional attribute).
using AttributeValue =
    std::variant<std::monostate, std::int64_t, float, std::string, Ints, Floats, Strings, Tensor, RawAttribute>;

// In the order of AttributeValue's alternatives.
enum class AttributeType : std::uint8_t { none, integer, real, string, ints, reals, strings, tensor, raw };

inline AttributeType type_of(const AttributeValue& value) {
  return static_cast<AttributeType>(value.index());
}
bool equal(const AttributeValue& a, const AttributeValue& b);

// `name` points into the operator's row or into the graph's string table.
struct NamedAttribute {
  std::string_view name;
  AttributeValue value;
};
// Names of attributes are mostly the same characters, not only equal ones.
inline bool is_same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && (a.data() == b.data() || a == b);
}

// Attribute names, so that none is spelled in two places.
namespace attr {
inline constexpr std::string_view allowzero = "allowzero", alpha = "alpha",
    approximate = "approximate", auto_pad = "auto_pad", axes = "axes", axis = "axis", beta = "beta",
    block_size = "block_size", ceil_mode = "ceil_mode", count_include_pad = "count_include_pad",
    dilations = "dilations", end = "end", epsilon = "epsilon", gamma = "gamma", group = "group",
    keepdims = "keepdims", kernel_shape = "kernel_shape", mode = "mode", momentum = "momentum",
    name = "name", noop_with_empty_axes = "noop_with_empty_axes", output_dtype = "output_dtype",
    output_padding = "output_padding", output_shape = "output_shape", pads = "pads", perm = "perm",
    precision = "precision", round_mode = "round_mode", saturate = "saturate", seed = "seed",
    split = "split", start = "start", stash_type = "stash_type", storage_order = "storage_order",
    strides = "strides", teacher = "teacher", to = "to", training_mode = "training_mode",
    trans_a = "transA", trans_b = "transB", value = "value";
}  // namespace attr

}  // namespace rcc
