#include <algorithm>
#include <nlohmann/json.hpp>

#include "ir/cost.h"
#include "ir/support/number_text.h"
#include "passes/channel_groups.h"
#include "tools/rcc/commands.h"
#include "tools/rcc/model_file.h"

namespace rcc {

namespace {

struct Layer {
  std::string name;
  std::string op;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  Cost cost;
  // Share of exact zeros in the weight; negative without one.
  double sparsity = -1;
  // Index of the channel group that the layer's outputs belong to; negative without one.
  int group = -1;
};

// The stored weight: the operand itself, or what it is dequantized from.
const Value* stored_weight(const Node& node) {
  const int index = node.op().operand_with_role(Role::weight);
  const Value* weight = index < 0 ? nullptr : node.operand(static_cast<std::size_t>(index));
  if (weight != nullptr && weight->producer() != nullptr &&
      weight->producer()->is(OpKind::dequantize))
    weight = weight->producer()->operand(std::size_t{0});
  const bool is_read = weight != nullptr && weight->is_constant() && !weight->tensor().is_elided();
  return is_read ? weight : nullptr;
}

std::vector<Layer> list_layers(const Graph& graph) {
  const ChannelGroups groups = ChannelGroups::find(graph);
  std::vector<Layer> layers;
  for (const Node& node : graph.nodes()) {
    Layer layer{std::string(node.label()), std::string(node.op().name), {}, {}, cost(node), -1,
                groups.group_of_producer(node.id())};
    for (std::size_t i = 0; i < node.operand_count(); ++i)
      if (const Value* operand = node.operand(i); operand != nullptr && !operand->is_constant())
        layer.inputs.push_back(to_text(operand->type(), graph.symbols()));
    for (std::size_t i = 0; i < node.result_count(); ++i)
      if (const Value* result = node.result(i))
        layer.outputs.push_back(to_text(result->type(), graph.symbols()));
    if (const Value* weight = stored_weight(node); weight && weight->tensor().element_count() > 0)
      layer.sparsity = 1 - static_cast<double>(count_nonzeros(weight->tensor())) /
                               static_cast<double>(weight->tensor().element_count());
    layers.push_back(std::move(layer));
  }
  return layers;
}

std::string to_json(const Graph& graph, const std::vector<Layer>& layers, const Cost& total,
                    std::uint64_t bytes) {
  nlohmann::ordered_json out;
  out["schema"] = 1;
  out["name"] = graph.name();
  out["params"] = total.params;
  out["nonzero_params"] = total.nonzero_params;
  out["macs"] = total.macs;
  out["bytes"] = bytes;
  out["weight_bytes"] = total.weight_bytes;
  out["layers"] = nlohmann::ordered_json::array();
  for (const Layer& layer : layers) {
    nlohmann::ordered_json row;
    row["name"] = layer.name;
    row["op"] = layer.op;
    row["inputs"] = layer.inputs;
    row["outputs"] = layer.outputs;
    row["params"] = layer.cost.params;
    row["macs"] = layer.cost.macs;
    if (layer.sparsity >= 0) row["sparsity"] = layer.sparsity;
    if (layer.group >= 0) row["group"] = layer.group;
    out["layers"].push_back(std::move(row));
  }
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

// Columns as wide as their widest cell, the numbers to the right.
std::string table_text(const std::vector<std::vector<std::string>>& rows) {
  constexpr std::size_t kFirstNumber = 4;
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += i < kFirstNumber ? fmt::format("{:<{}}  ", row[i], widths[i])
                               : fmt::format("{:>{}}  ", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

std::string to_text(const std::vector<Layer>& layers, const Cost& total, std::uint64_t bytes) {
  std::vector<std::vector<std::string>> rows{
      {"layer", "operator", "inputs", "outputs", "params", "MACs", "zeros", "group"}};
  for (const Layer& layer : layers) {
    rows.push_back({escape_for_display(layer.name), escape_for_display(layer.op),
                    escape_for_display(fmt::format("{}", fmt::join(layer.inputs, " "))),
                    escape_for_display(fmt::format("{}", fmt::join(layer.outputs, " "))),
                    layer.cost.params == 0 ? "" : count_text(layer.cost.params),
                    layer.cost.macs == 0 ? "" : count_text(layer.cost.macs),
                    layer.sparsity < 0 ? "" : fmt::format("{:.1f} %", 100 * layer.sparsity),
                    layer.group < 0 ? "" : fmt::format("G{}", layer.group)});
  }
  return table_text(rows) +
         fmt::format("total  {} layers  {} params  {} non-zero  {} MACs  {}", layers.size(),
                     count_text(total.params), count_text(total.nonzero_params),
                     count_text(total.macs), size_text(bytes));
}

}  // namespace

int inspect_command(const Arguments& arguments) {
  Console console;
  CLI::App app("List the layers of a model.", "rcc inspect");
  std::string model;
  std::string format = "text";
  app.add_option("model", model, "an .onnx or .rir file")->required();
  app.add_option("--format", format, "how to list them")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  if (const auto code = parse_arguments(app, arguments, console)) return *code;
  const auto graph = read_model(model, console);
  if (!graph) return console.fail(graph.error());
  const Cost total = cost_with_zeros(*graph);
  const std::uint64_t bytes = model_bytes(model, total.weight_bytes);
  const std::vector<Layer> layers = list_layers(*graph);
  console.print(format == "json" ? to_json(*graph, layers, total, bytes)
                                 : to_text(layers, total, bytes));
  return 0;
}

}  // namespace rcc
