#pragma once

#include <span>
#include <string>
#include <vector>

#include "ir/op.h"

namespace rcc {

// What does not fit the operator's row, in words; empty when it fits. Opaque operators take
// anything. Operands and results: null where absent.
std::string operand_problem(const OpInfo& op, std::span<Value* const> operands);
// Of a node's operands and results.
std::string operand_problem(const Node& node);
std::string result_problem(const Node& node);
// The attribute that the operator requires and that is not among the given, or null.
const AttributeInfo* missing_attribute(const OpInfo& op,
                                       const std::vector<NamedAttribute>& attributes);

}  // namespace rcc
