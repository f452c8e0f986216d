#include "ir/op_check.h"

#include <fmt/format.h>

#include <algorithm>

namespace rcc {

namespace {

// `rows`: OperandInfo or ResultInfo, of which only the last is variadic.
template <typename Info>
std::string arity_problem(const OpInfo& op, const std::vector<Info>& rows,
                          std::span<Value* const> given, std::string_view noun) {
  if (op.is_opaque()) return {};
  const bool is_variadic = !rows.empty() && rows.back().arity == Arity::variadic;
  if (!is_variadic && given.size() > rows.size())
    return fmt::format("{} takes {}{} {}{}, {} given", op.name, noun == "result" ? "at most " : "",
                       rows.size(), noun, rows.size() == 1 ? "" : "s", given.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool is_present = i < given.size() && given[i] != nullptr;
    if (rows[i].arity == Arity::required && !is_present)
      return fmt::format("{} needs its {} {}", op.name, noun, rows[i].name);
  }
  for (std::size_t i = rows.size(); i < given.size(); ++i)
    if (given[i] == nullptr) return fmt::format("{} of {} {} cannot be absent", noun, i, op.name);
  return {};
}

}  // namespace

std::string operand_problem(const OpInfo& op, std::span<Value* const> operands) {
  return arity_problem(op, op.operands, operands, "operand");
}

std::string result_problem(const OpInfo& op, std::span<Value* const> results) {
  return arity_problem(op, op.results, results, "result");
}

const AttributeInfo* missing_attribute(const OpInfo& op,
                                       const std::vector<NamedAttribute>& attributes) {
  for (const AttributeInfo& info : op.attributes) {
    if (!info.is_required) continue;
    const bool is_given = std::any_of(
        attributes.begin(), attributes.end(),
        [&info](const NamedAttribute& attribute) { return attribute.name == info.name; });
    if (!is_given) return &info;
  }
  return nullptr;
}

}  // namespace rcc
