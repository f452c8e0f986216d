#pragma once

#include "ir/graph.h"

namespace rcc {

// What link functions share.

inline AxisRef operand_axis(std::size_t operand, std::size_t axis) {
  return {AxisRef::Side::operand, static_cast<std::uint16_t>(operand),
          static_cast<std::uint16_t>(axis)};
}

inline AxisRef result_axis(std::size_t result, std::size_t axis) {
  return {AxisRef::Side::result, static_cast<std::uint16_t>(result),
          static_cast<std::uint16_t>(axis)};
}

// Type of operand 0 and of result 0 when both have a known rank; else null, and nothing is linked.
struct RankedTypes {
  const Type* x = nullptr;
  const Type* y = nullptr;
  explicit operator bool() const { return x && y; }
};
RankedTypes ranked_types(const Node& node);

// Links axes of operand `index` to the result's, aligned at the last axis, as broadcasting does.
void link_operand_by_broadcast(const Node& node, std::size_t index, std::vector<AxisLink>& links);

}  // namespace rcc
