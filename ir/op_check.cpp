#include "ir/op_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/graph.h"

namespace rcc {

namespace {

// `rows`: OperandInfo or ResultInfo, of which only the last is variadic. `given` tells which of
// `count` are there.
template <typename Info, typename Given>
std::string arity_problem(const OpInfo& op, const std::vector<Info>& rows, std::size_t count,
                          const Given& given, std::string_view noun) {
  if (op.is_opaque()) return {};
  const bool is_variadic = !rows.empty() && rows.back().arity == Arity::variadic;
  if (!is_variadic && count > rows.size())
    return fmt::format("{} takes {}{} {}{}, {} given", op.name, noun == "result" ? "at most " : "",
                       rows.size(), noun, rows.size() == 1 ? "" : "s", count);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool is_present = i < count && given(i);
    if (rows[i].arity == Arity::required && !is_present)
      return fmt::format("{} needs its {} {}", op.name, noun, rows[i].name);
  }
  for (std::size_t i = rows.size(); i < count; ++i)
    if (!given(i)) return fmt::format("{} of {} {} cannot be absent", noun, i, op.name);
  return {};
}

}  // namespace

std::string operand_problem(const OpInfo& op, std::span<Value* const> operands) {
  const auto is_given = [&](std::size_t i) { return operands[i] != nullptr; };
  return arity_problem(op, op.operands, operands.size(), is_given, "operand");
}

std::string operand_problem(const Node& node) {
  const auto is_given = [&](std::size_t i) { return node.operand(i) != nullptr; };
  return arity_problem(node.op(), node.op().operands, node.operand_count(), is_given, "operand");
}

std::string result_problem(const Node& node) {
  const auto is_given = [&](std::size_t i) { return node.result(i) != nullptr; };
  return arity_problem(node.op(), node.op().results, node.result_count(), is_given, "result");
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
