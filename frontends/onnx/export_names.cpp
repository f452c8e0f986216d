#include "frontends/onnx/export_names.h"

#include <unordered_map>

#include "frontends/onnx/subgraph.h"

namespace rcc {

std::string UniqueNames::fresh(std::string_view wanted) {
  std::string name(wanted);
  if (reserve(name)) return name;
  std::uint32_t& number = next_[name];
  do name = fmt::format("{}_{}", wanted, ++number);
  while (!reserve(name));
  return name;
}

Result<ExportNames> ExportNames::of(const Graph& graph) {
  ExportNames names;
  std::unordered_map<std::string_view, const Value*> inputs;
  for (const Value* input : graph.inputs()) {
    inputs.emplace(input->name(), input);
    names.values_[input->id()] = input->name();
    names.taken_.reserve(input->name());
  }
  for (std::size_t index = 0; index < graph.outputs().size(); ++index) {
    const GraphOutput& output = graph.outputs()[index];
    const auto input = inputs.find(output.name);
    if (input != inputs.end() && input->second == output.value) continue;
    if (!names.taken_.reserve(output.name))
      return fail(ErrorKind::input,
                  fmt::format("the output name `{}` is given twice", output.name),
                  "give every graph output a name of its own");
    std::string& name = names.values_[output.value->id()];
    if (name.empty())
      name = output.name;
    else
      names.copied_outputs_.push_back(index);
  }
  names.name_values(graph);
  names.name_nodes(graph);
  return names;
}

void ExportNames::name_values(const Graph& graph) {
  // Names inside subgraphs may not be given outside as well.
  for (const Node& node : graph.nodes())
    for (const NamedAttribute& attribute : node.attributes())
      if (const auto* raw = std::get_if<RawAttribute>(&attribute.value))
        for (const std::string& name : inner_names(*raw)) taken_.reserve(name);
  const auto give = [&](const Value& value) {
    std::string& name = values_[value.id()];
    if (name.empty()) name = taken_.fresh(value.name());
  };
  for (const Value* constant : graph.constants()) give(*constant);
  for (const Node& node : graph.nodes())
    for (std::size_t index = 0; index < node.result_count(); ++index)
      if (const Value* result = node.result(index)) give(*result);
}

// Names of nodes have a space of their own.
void ExportNames::name_nodes(const Graph& graph) {
  UniqueNames taken;
  for (const Node& node : graph.nodes()) nodes_[node.id()] = taken.fresh(node.label());
}

}  // namespace rcc
