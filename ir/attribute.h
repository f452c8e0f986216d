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
    antialias = "antialias", approximate = "approximate", auto_pad = "auto_pad", axes = "axes",
    axis = "axis", batch_axis = "batch_axis", batch_dims = "batch_dims", beta = "beta",
    bias = "bias", block_size = "block_size", blocksize = "blocksize", ceil_mode = "ceil_mode",
    coordinate_transformation_mode = "coordinate_transformation_mode",
    count_include_pad = "count_include_pad", cubic_coeff_a = "cubic_coeff_a",
    detect_negative = "detect_negative", detect_positive = "detect_positive",
    dilations = "dilations", direction = "direction", dtype = "dtype", end = "end",
    epsilon = "epsilon", equation = "equation", exclude_outside = "exclude_outside",
    exclusive = "exclusive", extrapolation_value = "extrapolation_value", fmod = "fmod",
    gamma = "gamma", group = "group", k = "k",
    keep_aspect_ratio_policy = "keep_aspect_ratio_policy", keepdims = "keepdims",
    kernel_shape = "kernel_shape", lambd = "lambd", largest = "largest", mode = "mode",
    momentum = "momentum", name = "name", nearest_mode = "nearest_mode",
    noop_with_empty_axes = "noop_with_empty_axes", num_groups = "num_groups",
    output_dtype = "output_dtype", output_padding = "output_padding",
    output_shape = "output_shape", p = "p", pads = "pads", perm = "perm", precision = "precision",
    reduction = "reduction", reverse = "reverse", round_mode = "round_mode", saturate = "saturate",
    seed = "seed", select_last_index = "select_last_index", size = "size", sorted = "sorted",
    split = "split", start = "start", stash_type = "stash_type", storage_order = "storage_order",
    strides = "strides", teacher = "teacher", time_axis = "time_axis", to = "to",
    training_mode = "training_mode", trans_a = "transA", trans_b = "transB", upper = "upper",
    value = "value";
}  // namespace attr

}  // namespace rcc
