// What the matcher says about a rule that does not apply: names as in the model, what is there and
// what the pattern asks for.

#include <fmt/format.h>

#include <algorithm>

#include "ir/support/number_text.h"
#include "passes/rules/matcher.h"

namespace rcc {

namespace {

// Readers of a value that are named; the others are counted.
constexpr std::size_t kMostReaders = 3;

std::string alternatives(const NodePattern& pattern) {
  std::string text;
  for (const OpInfo* op : pattern.ops)
    text += fmt::format("{}{}", text.empty() ? "" : " or ", op->name);
  return text;
}

std::string attribute_text(const AttributeValue& value) {
  const auto list = [](const auto& items) {
    std::string text;
    for (const auto item : items) text += fmt::format("{}{}", text.empty() ? "" : ",", item);
    return "<" + text + ">";
  };
  switch (type_of(value)) {
    case AttributeType::none:
      return "not set";
    case AttributeType::integer:
      return fmt::format("{}", std::get<std::int64_t>(value));
    case AttributeType::real:
      return to_text(std::get<float>(value));
    case AttributeType::string:
      return fmt::format("\"{}\"", std::get<std::string>(value));
    case AttributeType::ints:
      return list(std::get<Ints>(value));
    case AttributeType::reals:
      return list(std::get<Floats>(value));
    case AttributeType::strings:
    case AttributeType::tensor:
    case AttributeType::raw:
      break;
  }
  return "another";
}

std::string_view operand_name(const Node& node, std::size_t index) {
  const auto& operands = node.op().operands;
  return operands.empty() ? "" : operands[std::min(index, operands.size() - 1)].name;
}

std::string kind_text(const ValueKind& kind) {
  if (kind.dtype != DType::unknown) return std::string(dtype_name(kind.dtype));
  return kind.is_float ? "a float" : "an integer";
}

std::string type_text(const Value& value) { return to_text(value.type(), value.graph().symbols()); }

std::string dim_text(const Value& value, Dim dim) {
  if (dim.is_unknown()) return "unknown";
  if (dim.is_symbol()) return std::string(value.graph().symbols().name(dim));
  return fmt::format("{}", dim.size());
}

// Both sides of a comparison of two numbers: "max(abs(s)) is 3, max_scale is 2".
std::string sides_text(const Expression& condition, const Bindings& bindings,
                       const RuleSource* source) {
  if (source == nullptr || condition.kind != Expression::Kind::binary ||
      condition.children.size() != 2)
    return {};
  std::string text;
  for (const Expression& side : condition.children) {
    const DatumResult value = evaluate(side, bindings);
    if (!value || !value->is_scalar() || value->data.size() != 1) return {};
    if (side.kind == Expression::Kind::number) continue;
    const std::string_view words = std::string_view(source->text())
                                       .substr(side.range.begin, side.range.end - side.range.begin);
    text += fmt::format("{}{} is {:.6g}", text.empty() ? "" : ", ", words, value->data[0]);
  }
  return text;
}

}  // namespace

std::string label_of(const Value& value) {
  return fmt::format("{}{}", value.is_constant() ? '@' : '%', value.name());
}

std::string describe(const Node& node) {
  return fmt::format("{} ({})", node.label(), node.op().name);
}

bool Matcher::wants_reason() const { return explain_ == Explain::always || is_near(); }

void Matcher::explain_enter(const MatchStep& step, const Node* node) {
  const NodePattern& pattern = rule_->patterns[static_cast<std::size_t>(step.pattern)];
  if (step.parent < 0) {
    reason_ = fmt::format("the node is {}, not {}", node->op().name, alternatives(pattern));
    return;
  }
  const std::size_t index = operand_in_order(*rule_, order_, step.parent, step.operand);
  const Node& user = *bindings_.nodes[static_cast<std::size_t>(step.parent)];
  const Value* value = user.operand(index);
  std::string found = "absent";
  if (value != nullptr) found = label_of(*value);
  if (node != nullptr)
    found += fmt::format(
        ", {} of {}",
        value->result_index() == 0 ? "the result" : fmt::format("result {}", value->result_index()),
        node->op().name);
  reason_ = fmt::format(
      "operand {} of {} is {}, not {} of {}", operand_name(user, index), user.op().name, found,
      step.item == 0 ? "the result" : fmt::format("result {}", step.item), alternatives(pattern));
}

void Matcher::explain_bind(const MatchStep& step, const Value* bound, const Value* value) {
  const Node& user = *bindings_.nodes[static_cast<std::size_t>(step.parent)];
  const std::string_view operand =
      operand_name(user, operand_in_order(*rule_, order_, step.parent, step.operand));
  if (bound == nullptr)
    reason_ = fmt::format("operand {} of {} is absent", operand, describe(user));
  else
    reason_ = fmt::format("operand {} of {} is {}, not {}", operand, describe(user),
                          value == nullptr ? "absent" : label_of(*value), label_of(*bound));
}

void Matcher::explain_operand(const MatchStep& step, std::size_t index) {
  const Node& user = *bindings_.nodes[static_cast<std::size_t>(step.parent)];
  reason_ = fmt::format("operand {} of {} is given, {}; the pattern has none there",
                        operand_name(user, index), describe(user), label_of(*user.operand(index)));
}

void Matcher::explain_attribute(const AttributePattern& pattern, const Node& node) {
  std::string wanted;
  for (const AttributeValue& value : pattern.values)
    wanted += fmt::format("{}{}", wanted.empty() ? ", not " : " or ", attribute_text(value));
  reason_ = fmt::format("{} of {} is {}{}", pattern.name, describe(node),
                        attribute_text(node.attribute(pattern.name)), wanted);
}

void Matcher::explain_default(const Node& node, const NamedAttribute& attribute) {
  reason_ = fmt::format("{} of {} is {}, not the default", attribute.name, describe(node),
                        attribute_text(attribute.value));
}

void Matcher::explain_type(const Value& value, const ValueKind& kind) {
  if (kind.is_const && !value.is_constant()) {
    const Node* producer = value.producer();
    reason_ = fmt::format(
        "{} is not constant, it is {}", label_of(value),
        producer == nullptr ? "an input of the graph" : "computed by " + describe(*producer));
  } else {
    reason_ = fmt::format("{} is {}, not {}", label_of(value), type_text(value), kind_text(kind));
  }
}

void Matcher::explain_rank(const Value& value, std::size_t count, std::string_view bound) {
  reason_ = fmt::format("{} is {}; the pattern asks for {}{} {}", label_of(value), type_text(value),
                        bound, count, count == 1 ? "axis" : "axes");
}

void Matcher::explain_dim(const Value& value, std::size_t axis, const DimPattern& pattern) {
  const std::string size = dim_text(value, value.type().dims[axis]);
  std::string wanted;
  if (pattern.kind == DimPattern::Kind::number)
    wanted = fmt::format("not {}", pattern.number);
  else
    wanted = fmt::format("and {} is {}", pattern.name,
                         dim_text(value, bindings_.dims[static_cast<std::size_t>(pattern.slot)]));
  reason_ = fmt::format("{} is {}: axis {} is {}, {}", label_of(value), type_text(value), axis,
                        size, wanted);
}

// How often the matched nodes read a value.
std::size_t Matcher::matched_uses(const Value& value) const {
  std::vector<Node*> nodes = bindings_.nodes;
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  std::size_t count = 0;
  for (const Node* node : nodes)
    for (std::size_t i = 0; i < node->operand_count(); ++i)
      count += node->operand(i) == &value ? 1 : 0;
  return count;
}

void Matcher::explain_readers(const Value& value) {
  if (value.is_output()) {
    reason_ = fmt::format("{} is an output of the graph", label_of(value));
    return;
  }
  // Only those that are named are looked at: there may be thousands.
  const std::size_t count = value.use_count() - matched_uses(value);
  std::string named;
  std::size_t listed = 0;
  for (const Use& use : value.uses()) {
    if (listed == std::min(count, kMostReaders)) break;
    if (is_matched(use.user())) continue;
    named += fmt::format("{}{}", listed++ == 0 ? "" : ", ", describe(use.user()));
  }
  if (count > kMostReaders) named += fmt::format(" and {} more", count - kMostReaders);
  reason_ = fmt::format("{} is also read by {}", label_of(value), named);
}

void Matcher::explain_condition(const RuleStatement& statement) {
  reason_ = statement.reason;
  if (explain_ != Explain::always) return;
  const std::string sides = sides_text(statement.expression, bindings_, source_);
  if (!sides.empty()) reason_ += fmt::format(" ({})", sides);
}

std::string to_text(const Mismatch& mismatch) {
  if (mismatch.reason.empty()) return fmt::format("{} applies", mismatch.rule->name);
  return fmt::format("{}: matched {} of {} steps; {}", mismatch.rule->name, mismatch.steps_passed,
                     mismatch.steps_total, mismatch.reason);
}

}  // namespace rcc
