#include "tools/rcc_reduce/cut.h"

#include <string>
#include <vector>

namespace rcc {

namespace {

bool was_read(const Graph& graph, const Value& value) {
  const Value* before = graph.value(value.id());
  return before != nullptr && !before->is_unused();
}

// Inputs and constants of `out` that were read in `before` and are not any more.
void drop_orphans(Graph& out, const Graph& before) {
  std::vector<Value*> orphans;
  for (const auto* list : {&out.inputs(), &out.constants()})
    for (Value* value : *list)
      if (value->is_unused() && was_read(before, *value)) orphans.push_back(value);
  for (Value* value : orphans) out.remove_value(*value);
}

// Takes the node off the list. A result that is read becomes an input of its name.
void replace_by_inputs(Graph& graph, Node& node) {
  std::vector<std::pair<Value*, std::string>> names;
  for (std::size_t i = 0; i < node.result_count(); ++i) {
    Value* result = node.result(i);
    if (result == nullptr || result->use_count() == 0) continue;
    Value& input = graph.add_input("", result->type());
    graph.replace_all_uses(*result, input);
    names.emplace_back(&input, result->name());
  }
  graph.erase(node);
  for (const auto& [input, name] : names) graph.rename(*input, name);
}

// Outputs that are still there, and results that lost their readers.
void restore_outputs(Graph& out, const Graph& before) {
  for (const GraphOutput& output : before.outputs())
    if (Value* value = out.value(output.value->id())) out.add_output(*value, output.name);
  for (Node& node : out.nodes())
    for (std::size_t i = 0; i < node.result_count(); ++i)
      if (Value* result = node.result(i);
          result != nullptr && result->is_unused() && was_read(before, *result))
        out.add_output(*result);
}

}  // namespace

Node& node_at(const Graph& graph, std::size_t position) {
  Node* node = graph.first_node();
  for (std::size_t i = 0; i < position; ++i) node = node->next();
  return *node;
}

std::optional<Graph> without_nodes(const Graph& graph, std::size_t first, std::size_t count) {
  if (count == 0 || count >= graph.node_count()) return std::nullopt;
  Graph out = graph.clone();
  out.clear_outputs();
  Node* node = &node_at(out, first + count - 1);
  for (std::size_t i = 0; i < count; ++i) {
    Node* previous = node->previous();
    replace_by_inputs(out, *node);
    node = previous;
  }
  restore_outputs(out, graph);
  if (out.outputs().empty()) return std::nullopt;
  drop_orphans(out, graph);
  return out;
}

std::optional<Graph> without_node_between(const Graph& graph, std::size_t position,
                                          std::size_t operand) {
  if (graph.node_count() < 2) return std::nullopt;
  Graph out = graph.clone();
  Node& node = node_at(out, position);
  Value* result = node.result();
  Value* stand_in = node.operand(operand);
  if (result == nullptr || stand_in == nullptr || stand_in->type() != result->type() ||
      node.result_count() != 1)
    return std::nullopt;
  out.replace_all_uses(*result, *stand_in);
  out.erase(node);
  drop_orphans(out, graph);
  return out;
}

std::optional<Graph> without_output(const Graph& graph, std::size_t index) {
  if (graph.outputs().size() < 2 || index >= graph.outputs().size()) return std::nullopt;
  Graph out = graph.clone();
  out.clear_outputs();
  for (std::size_t i = 0; i < graph.outputs().size(); ++i)
    if (i != index)
      out.add_output(*out.value(graph.outputs()[i].value->id()), graph.outputs()[i].name);
  return out;
}

std::optional<Graph> without_last_operand(const Graph& graph, std::size_t position) {
  Graph out = graph.clone();
  Node& node = node_at(out, position);
  const std::size_t count = node.operand_count();
  if (node.op().is_opaque() || static_cast<int>(count) <= node.op().min_operands())
    return std::nullopt;
  std::vector<Value*> operands;
  for (std::size_t i = 0; i + 1 < count; ++i) operands.push_back(node.operand(i));
  out.set_operands(node, operands);
  drop_orphans(out, graph);
  return out;
}

std::optional<Graph> without_unused_values(const Graph& graph) {
  Graph out = graph.clone();
  std::vector<Value*> unused;
  for (const auto* list : {&out.inputs(), &out.constants()})
    for (Value* value : *list)
      if (value->is_unused()) unused.push_back(value);
  if (unused.empty()) return std::nullopt;
  for (Value* value : unused) out.remove_value(*value);
  return out;
}

std::optional<Graph> without_annotations(const Graph& graph) {
  Graph out = graph.clone();
  bool has_some = !(out.info() == ModelInfo{});
  out.info() = {};
  const auto drop_range = [&](Value* value) {
    if (value == nullptr || !value->range()) return;
    has_some = true;
    value->set_range(std::nullopt);
  };
  for (Value* value : out.inputs()) drop_range(value);
  for (Node& node : out.nodes()) {
    has_some |= !(node.provenance() == Provenance{});
    out.set_provenance(node, {});
    for (std::size_t i = 0; i < node.result_count(); ++i) drop_range(node.result(i));
  }
  if (!has_some) return std::nullopt;
  return out;
}

}  // namespace rcc
