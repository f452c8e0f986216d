#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "passes/rules/operand_axes.h"
#include "passes/rules/rule_checker.h"

namespace rcc {

namespace {

bool is_whole_list(const Expression& literal) {
  return literal.kind == Expression::Kind::list &&
         std::all_of(literal.children.begin(), literal.children.end(),
                     [](const Expression& item) { return item.integer.has_value(); });
}

bool fits_f32(double number) { return std::isfinite(static_cast<float>(number)); }

bool may_be_unset(const NodePattern& pattern, const std::string& name) {
  return std::any_of(pattern.ops.begin(), pattern.ops.end(), [&](const OpInfo* op) {
    const AttributeInfo& info = *op->find_attribute(name);
    return !info.is_required && type_of(info.default_value) == AttributeType::none;
  });
}

}  // namespace

std::string_view name_of(AttributeType type) {
  switch (type) {
    case AttributeType::none:
      return "nothing";
    case AttributeType::integer:
      return "a whole number";
    case AttributeType::real:
      return "a number";
    case AttributeType::string:
      return "a text";
    case AttributeType::ints:
      return "a list of whole numbers";
    case AttributeType::reals:
      return "a list of numbers";
    case AttributeType::strings:
      return "a list of texts";
    case AttributeType::tensor:
      return "a tensor";
    case AttributeType::raw:
      return "opaque";
  }
  return "nothing";
}

const AttributeInfo* RuleChecker::find_attribute(const OpInfo& op, const std::string& name,
                                                 TextRange range) {
  if (const AttributeInfo* found = op.find_attribute(name)) return found;
  std::vector<std::string_view> names;
  for (const AttributeInfo& attribute : op.attributes) names.push_back(attribute.name);
  errors_.add(range, fmt::format("`{}` has no attribute `{}`", op.name, name),
              did_you_mean(name, names));
  return nullptr;
}

void RuleChecker::check_attributes(std::size_t index) {
  NodePattern& pattern = rule_.patterns[index];
  for (std::size_t i = 0; i < pattern.attributes.size(); ++i) {
    AttributePattern& attribute = pattern.attributes[i];
    if (attribute.kind == AttributePattern::Kind::rest) continue;
    for (std::size_t j = 0; j < i; ++j)
      if (pattern.attributes[j].name == attribute.name)
        errors_.add(attribute.range, fmt::format("attribute `{}` is given twice", attribute.name));
    check_attribute(pattern, attribute);
  }
  if (pattern.has_rest_attributes) return;
  for (const OpInfo* op : pattern.ops) {
    for (const AttributeInfo& info : op->attributes) {
      const bool is_given =
          std::any_of(pattern.attributes.begin(), pattern.attributes.end(),
                      [&](const AttributePattern& a) { return a.name == info.name; });
      if (info.is_required && !is_given)
        errors_.add(
            pattern.range,
            fmt::format("attribute `{}` of `{}` has no default to compare with", info.name,
                        op->name),
            fmt::format("name it in braces, as `{{ {} = _ }}`, or write `{{ .. }}`", info.name));
    }
  }
}

void RuleChecker::check_attribute(NodePattern& pattern, AttributePattern& attribute) {
  AttributeType type = AttributeType::none;
  for (const OpInfo* op : pattern.ops) {
    const AttributeInfo* info = find_attribute(*op, attribute.name, attribute.range);
    if (info == nullptr) return;
    if (type != AttributeType::none && type != info->type) {
      errors_.add(attribute.range, fmt::format("attribute `{}` of `{}` is of another type",
                                               attribute.name, op->name));
      return;
    }
    type = info->type;
  }
  if (type == AttributeType::none) return;
  if (attribute.kind == AttributePattern::Kind::capture) check_attribute_capture(attribute, type);
  for (const Expression& literal : attribute.literals) {
    AttributeValue value;
    if (literal.kind == Expression::Kind::none && !may_be_unset(pattern, attribute.name))
      errors_.add(literal.range, fmt::format("attribute `{}` always has a value", attribute.name));
    else if (to_attribute(literal, type, value))
      attribute.values.push_back(std::move(value));
    else
      errors_.add(literal.range,
                  fmt::format("attribute `{}` is {}, not this", attribute.name, name_of(type)));
  }
}

void RuleChecker::check_attribute_capture(AttributePattern& attribute, AttributeType type) {
  Entry entry;
  switch (type) {
    case AttributeType::integer:
    case AttributeType::real:
      entry.type.kind = ExpressionType::Kind::number;
      break;
    case AttributeType::ints:
    case AttributeType::reals:
      entry.type.kind = ExpressionType::Kind::list;
      break;
    case AttributeType::string:
      entry.type.kind = ExpressionType::Kind::text;
      break;
    case AttributeType::tensor:
      entry.type.kind = ExpressionType::Kind::tensor;
      break;
    case AttributeType::none:
    case AttributeType::strings:
    case AttributeType::raw:
      break;
  }
  attribute.slot = static_cast<int>(rule_.attribute_names.size());
  rule_.attribute_names.push_back(attribute.capture);
  entry.symbol = {Symbol::Kind::attribute, static_cast<std::uint32_t>(attribute.slot)};
  entry.range = attribute.range;
  entry.what = "captured";
  entry.attribute = type;
  declare(attribute.capture, entry);
}

bool RuleChecker::to_attribute(const Expression& literal, AttributeType type,
                               AttributeValue& value) {
  const bool is_number = literal.kind == Expression::Kind::number;
  // An attribute without a default that is not set.
  if (literal.kind == Expression::Kind::none) return true;
  switch (type) {
    case AttributeType::integer:
      if (literal.kind == Expression::Kind::truth)
        value = std::int64_t{literal.number != 0};
      else if (is_number && literal.integer)
        value = *literal.integer;
      else
        return false;
      return true;
    case AttributeType::real:
      value = static_cast<float>(literal.number);
      return is_number && fits_f32(literal.number);
    case AttributeType::string:
      value = literal.text;
      return literal.kind == Expression::Kind::text;
    case AttributeType::ints: {
      Ints list;
      for (const Expression& item : literal.children) list.push_back(item.integer.value_or(0));
      value = std::move(list);
      return is_whole_list(literal);
    }
    case AttributeType::reals: {
      Floats list;
      for (const Expression& item : literal.children)
        list.push_back(static_cast<float>(item.number));
      value = std::move(list);
      return literal.kind == Expression::Kind::list &&
             std::all_of(literal.children.begin(), literal.children.end(), [](const auto& item) {
               return item.kind == Expression::Kind::number && fits_f32(item.number);
             });
    }
    case AttributeType::none:
    case AttributeType::strings:
    case AttributeType::tensor:
    case AttributeType::raw:
      break;
  }
  return false;
}

void RuleChecker::check_axes(const NodePattern& pattern) {
  for (const OpInfo* op : pattern.ops) {
    const auto axes = operand_axes(op->axes);
    std::map<std::string, std::int64_t> sizes;
    for (const OperandPattern& operand : pattern.operands) {
      const ValueKind& kind = operand.value_kind;
      const auto at = static_cast<std::size_t>(operand.index);
      if (!kind.has_dims || operand.index < 0 || at >= axes.size()) continue;
      const auto& letters = axes[at];
      const bool is_rest = !kind.dims.empty() && kind.dims.back().kind == DimPattern::Kind::rest;
      const std::size_t given = kind.dims.size() - (is_rest ? 1 : 0);
      const std::size_t least = letters.size() - (is_open(letters) ? 1 : 0);
      if ((given > least && !is_open(letters)) || (given < least && !is_rest)) {
        errors_.add(kind.range,
                    fmt::format("operand `{}` of `{}` has {} {} axes", op->operands[at].name,
                                op->name, is_open(letters) ? "at least" : "exactly", least));
        continue;
      }
      for (std::size_t i = 0; i < std::min(given, letters.size()); ++i) {
        if (letters[i] == "." || letters[i] == "*") break;
        if (kind.dims[i].kind != DimPattern::Kind::number) continue;
        const auto [known, is_new] = sizes.emplace(letters[i], kind.dims[i].number);
        if (!is_new && known->second != kind.dims[i].number)
          errors_.add(kind.dims[i].range,
                      fmt::format("this size of `{}` cannot be both {} and {}", op->name,
                                  known->second, kind.dims[i].number));
      }
    }
  }
}

}  // namespace rcc
