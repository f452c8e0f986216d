#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "frontends/onnx/node_form.h"

// What changed in ONNX's own operators from opset to opset, in one table that the importer reads
// upwards and the exporter downwards. The graph always holds the newest form.
namespace rcc {

inline constexpr std::int64_t kMinOpset = 7;
inline constexpr std::int64_t kMaxOpset = 28;
inline constexpr std::int64_t kMinIrVersion = 3;
inline constexpr std::int64_t kMaxIrVersion = 14;

// The opset that brought the operator; 1 for those as old as opset 7 and for names ONNX does not have.
std::int64_t first_opset(std::string_view op_type);

// The IR version that came with an opset.
std::int64_t ir_version_of_opset(std::int64_t opset);

// The operator that took the place of another; else the name itself.
std::string_view newest_name(std::string_view op_type);

// Brings a node of `opset` to the newest form. The reason when there is none that means the same;
// `form` is then of no use.
std::optional<std::string> raise_to_newest(NodeForm& form, std::int64_t opset);

// Why a node cannot be written at an opset, and the lowest opset that can express it.
struct OpsetObstacle {
  std::int64_t opset = 0;
  std::string reason;
};
// Brings a node of the newest form down to `opset`; `form` is of no use after an obstacle.
std::optional<OpsetObstacle> lower_to(NodeForm& form, std::int64_t opset);

// The first opset in (from, to] at which a node written for `from` means something else or is invalid.
std::optional<std::int64_t> breaking_opset(std::string_view op_type, std::int64_t from,
                                           std::int64_t to);

// The value means the same as leaving the attribute out, for attributes that came after opset 7.
bool is_later_default(std::string_view op_type, std::string_view attribute,
                      const AttributeValue& value);

}  // namespace rcc
