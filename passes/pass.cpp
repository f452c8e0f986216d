#include "passes/pass.h"

#include <fmt/format.h>

#include <cmath>

#include "passes/glob.h"

namespace rcc {

namespace {

// The result's name as the text form prints it: what a person finds in a dump.
std::string site(const Node& node) {
  const Value* result = node.result();
  return fmt::format("%{}", result ? result->name() : node.label());
}

// The layer, where the name of the result does not say it already.
std::string layer_place(const Node& node) {
  const std::string_view layer = node.provenance().layer();
  if (layer.empty() || (node.result() && layer == node.result()->name())) return {};
  return fmt::format("layer `{}`", layer);
}

// Depth is bounded by what the readers of options take.
const OptionValue* find_text(const OptionValue& value, std::string_view text) {
  if (const auto* own = std::get_if<std::string>(&value.value))
    return *own == text ? &value : nullptr;
  if (const auto* list = std::get_if<OptionValue::List>(&value.value)) {
    for (const OptionValue& item : *list)
      if (const OptionValue* found = find_text(item, text)) return found;
  } else if (const auto* table = std::get_if<OptionTable>(&value.value)) {
    for (const auto& [key, item] : *table)
      if (const OptionValue* found = find_text(item, text)) return found;
  }
  return nullptr;
}

}  // namespace

std::string_view effect_name(Effect effect) {
  switch (effect) {
    case Effect::exact:
      return "exact";
    case Effect::approx:
      return "approx";
    case Effect::lossy:
      return "lossy";
  }
  return "lossy";
}

Result<Services*> PassContext::no_services() const {
  return fail(
      ErrorKind::environment,
      fmt::format("{}: needs a backend that evaluates or trains, and none is loaded", pass_name_),
      "run it through `rcc`, which loads the torch module");
}

SourceSpan PassContext::place_of(std::string_view text) const {
  if (written_ != nullptr)
    for (const auto& [key, value] : *written_)
      if (const OptionValue* found = find_text(value, text)) return found->span;
  return place;
}

void PassContext::declined(const Node& node, std::string_view reason) {
  remark(node, fmt::format("declined: {}", reason));
}

void PassContext::remark(const Node& node, std::string_view message) {
  sink_->report({.severity = Severity::remark,
                 .message = fmt::format("{}: {} {}", pass_name_, site(node), message),
                 .place = layer_place(node),
                 .subject = std::string(node.result() ? node.result()->name() : "")});
}

void PassContext::remark(std::string_view message) {
  sink_->report(
      {.severity = Severity::remark, .message = fmt::format("{}: {}", pass_name_, message)});
}

void PassContext::warn(std::string_view message, std::string_view help) {
  sink_->report({.severity = Severity::warning,
                 .message = fmt::format("{}: {}", pass_name_, message),
                 .span = place,
                 .help = std::string(help)});
}

Result<std::vector<Node*>> PassContext::select(Graph& graph,
                                               const std::vector<std::string>& patterns) const {
  std::vector<Node*> nodes;
  std::vector<bool> has_match(patterns.size(), false);
  for (Node& node : graph.nodes()) {
    bool is_chosen = patterns.empty();
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      if (!matches_glob(patterns[i], node.label())) continue;
      has_match[i] = true;
      is_chosen = true;
    }
    if (is_chosen) nodes.push_back(&node);
  }
  Error error{ErrorKind::usage, {}};
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    if (has_match[i]) continue;
    std::vector<std::string_view> labels;
    for (Node& node : graph.nodes()) labels.push_back(node.label());
    const std::string_view nearest = nearest_name(patterns[i], labels);
    error.diagnostics.push_back(
        {.message = fmt::format("{}: `{}` matches no layer", pass_name_, patterns[i]),
         .span = place_of(patterns[i]),
         .notes = {},
         .help = nearest.empty() ? "`rcc inspect` lists the layers"
                                 : fmt::format("did you mean `{}`?", nearest)});
  }
  if (!error.diagnostics.empty()) return fail(std::move(error));
  return nodes;
}

void TargetOptions::describe(OptionVisitor& v) {
  v.field("runtime", runtime, "what will run the model: decides where quantizers go",
          {.choices = {"onnxruntime", "tensorrt", "openvino", "onednn", "cudnn"}});
  v.field("cpu", cpu, "any: int8 weights that cannot saturate without VNNI; vnni: the full range",
          {.choices = {"any", "vnni"}});
}

}  // namespace rcc
