// Insert taps that the trainer compares with the teacher's values.
//
// A tap is an identity with the name of a value of the original model. For each, fine_tune with
// `distill` adds the mean squared difference between the two values to its loss, so that layers
// inside the student learn too, not its logits only. Without `layers` the outputs are tapped.
//
// A layer whose result the original does not have, or has with another shape (its channels were
// removed since), is left alone: there is nothing to compare it with.
//
// Put drop_distill_hooks behind fine_tune: files have no taps.

#include <fmt/format.h>

#include "passes/pass.h"

namespace rcc {
namespace {

struct HookOptions {
  std::vector<std::string> layers;
  void describe(OptionVisitor& v) {
    v.field("layers", layers, "layer names or globs whose results are tapped; empty: the outputs");
  }
};

bool is_tapped(const Value& value) {
  for (const Use& use : value.uses())
    if (use.user().is(OpKind::tap)) return true;
  return value.producer() != nullptr && value.producer()->is(OpKind::tap);
}

// Empty when the original has this value.
std::string why_not(const Value& value, const Graph& original) {
  const Value* teacher = original.find_value(value.name());
  if (teacher == nullptr) return fmt::format("the original has no value `{}`", value.name());
  const std::string own = to_text(value.type(), value.graph().symbols());
  const std::string other = to_text(teacher->type(), original.symbols());
  return own == other ? "" : fmt::format("its result is {}, the original's is {}", own, other);
}

bool insert_tap(Graph& graph, Node& node, PassContext& context) {
  Value* value = node.result();
  if (value == nullptr || is_tapped(*value)) return false;
  if (const std::string reason = why_not(*value, context.original()); !reason.empty()) {
    context.declined(node, reason);
    return false;
  }
  Node& tap = graph.add_node({.op = &graph.ops()[OpKind::tap],
                              .operands = {},
                              .attributes = {{attr::name, std::string(node.label())},
                                             {attr::teacher, std::string(value->name())}},
                              .results = {{fmt::format("{}_tap", value->name()), value->type()}},
                              .provenance = node.provenance(),
                              .before = node.next()});
  graph.replace_all_uses(*value, *tap.result());
  graph.set_operands(tap, {value});
  return true;
}

Result<void> run(Graph& graph, const HookOptions& options, PassContext& context) {
  std::vector<Node*> nodes;
  if (options.layers.empty()) {
    for (const GraphOutput& output : graph.outputs())
      if (output.value->producer() != nullptr) nodes.push_back(output.value->producer());
  } else {
    nodes = RCC_TRY(context.select(graph, options.layers));
  }
  std::int64_t count = 0;
  for (Node* node : nodes) count += insert_tap(graph, *node, context) ? 1 : 0;
  context.report().summary = fmt::format("{} values tapped", count);
  context.report().facts = {{"taps", count}};
  return {};
}

}  // namespace

PassDef insert_distill_hooks() {
  return graph_pass<HookOptions>(
      {.effect = Effect::exact,
       .before = {{"fine_tune", "the trainer reads the taps"}}},
      run);
}

}  // namespace rcc
