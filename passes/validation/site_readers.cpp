#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "ir/support/number_text.h"
#include "passes/validation/site_builder.h"

namespace rcc {

void SiteBuilder::note(std::string text) {
  description_ += fmt::format("{}{}", description_.empty() ? "" : ", ", std::move(text));
}

// The attributes that are not at their defaults.
void SiteBuilder::describe(const Node& node) {
  for (const NamedAttribute& attribute : node.attributes()) {
    std::string text;
    if (const auto* number = std::get_if<std::int64_t>(&attribute.value))
      text = fmt::format("{}", *number);
    else if (const auto* real = std::get_if<float>(&attribute.value))
      text = to_text(*real);
    else if (const auto* list = std::get_if<Ints>(&attribute.value))
      text = fmt::format("<{}>", fmt::join(*list, ","));
    else if (const auto* word = std::get_if<std::string>(&attribute.value))
      text = *word;
    if (!text.empty()) note(fmt::format("{}.{} = {}", node.op().name, attribute.name, text));
  }
}

void SiteBuilder::read(Value& value, SiteVariant::Reader reader) {
  if (reader == SiteVariant::Reader::none) return;
  const bool is_output = reader == SiteVariant::Reader::output;
  graph_.add_output(is_output ? value : graph_.add(OpKind::identity, {&value}, {}, "read"));
}

// Results that the rule replaces are outputs, or are read by nodes, or both.
void SiteBuilder::read_root() {
  RandomChoices random(seed_, "root");
  Node& root = *bindings_.nodes.back();
  for (std::size_t i = 0; i < root.result_count(); ++i) {
    const auto& slots = rule_.root().result_slots;
    const bool is_replaced =
        rule_.keeps_nodes() ||
        std::any_of(rule_.replacements.begin(), rule_.replacements.end(),
                    [&](const auto& r) { return i < slots.size() && r.slot == slots[i]; });
    if (!is_replaced) continue;
    const std::int64_t way = random.below(4);
    if (way != 0) read(*root.result(i), SiteVariant::Reader::output);
    if (way != 1) read(*root.result(i), SiteVariant::Reader::node);
  }
}

void SiteBuilder::add_readers() {
  read_root();
  RandomChoices random(seed_, "readers");
  // Layers share weights.
  const bool shares_constants = random.one_in(5);
  const std::vector<Value*> constants = graph_.constants();
  for (Value* constant : constants)
    if (shares_constants && random.one_in(2)) read(*constant, SiteVariant::Reader::node);
  if (variant_.read_pattern >= 0) {
    Node& node = *bindings_.nodes[static_cast<std::size_t>(variant_.read_pattern)];
    note(fmt::format("%{} is read elsewhere", node.result()->name()));
    read(*node.result(), variant_.reader);
  }
  // Ranges, as calibration leaves them.
  if (!random.one_in(2)) return;
  const auto set_range = [&](Value& value) {
    if (is_float(value.type().dtype)) value.set_range(Range{-4.0f, 5.0f});
  };
  for (Value* input : graph_.inputs()) set_range(*input);
  for (Node& node : graph_.nodes())
    for (std::size_t i = 0; i < node.result_count(); ++i)
      if (Value* result = node.result(i)) set_range(*result);
}

}  // namespace rcc
