#include "frontends/onnx/export.h"

#include <algorithm>

#include "frontends/onnx/canonical.h"
#include "frontends/onnx/node_writer.h"
#include "frontends/onnx/older_operators.h"
#include "frontends/onnx/proto.h"
#include "frontends/onnx/subgraph.h"
#include "frontends/onnx/versions.h"

namespace rcc {

namespace {

constexpr std::uint32_t kModelFunctions = 25;
// Since IR version 4 initializers need not be graph inputs.
constexpr std::int64_t kMinWrittenIrVersion = 4;

bool has_own_versions(const Node& node) {
  return node.op().onnx_domain.empty() && !node.op().onnx_name.empty();
}

std::int64_t source_opset(const Graph& graph) {
  const auto own = graph.info().opsets.find("");
  return own == graph.info().opsets.end() ? kDefaultOpset : own->second;
}

struct OpsetNeed {
  std::int64_t opset = 0;
  const Node* node = nullptr;
  std::string reason;
};

// The lowest opset, from the source's on, that can express every known node.
OpsetNeed needed_opset(const Graph& graph) {
  OpsetNeed need{.opset = source_opset(graph), .node = nullptr, .reason = {}};
  for (const Node& node : graph.nodes()) {
    if (node.op().is_opaque() || !has_own_versions(node)) continue;
    NodeForm form = form_of(node);
    // What is refused here is reported when the node is written.
    if (to_onnx_form(form, node.op())) continue;
    if (auto obstacle = lower_to(form, need.opset))
      need = {.opset = obstacle->opset, .node = &node, .reason = std::move(obstacle->reason)};
  }
  return need;
}

// The operators of ONNX's own domain that an opaque node is or contains.
std::set<std::string, std::less<>> opaque_operators(const Node& node) {
  std::set<std::string, std::less<>> operators;
  if (has_own_versions(node)) operators.emplace(node.op().onnx_name);
  for (const NamedAttribute& attribute : node.attributes())
    if (const auto* raw = std::get_if<RawAttribute>(&attribute.value))
      operators.merge(inner_operators(*raw));
  return operators;
}

// Opaque nodes are written as they came, so they must mean the same at the new opset.
Result<void> check_opaque_nodes(const Graph& graph, const OpsetNeed& need) {
  for (const Node& node : graph.nodes()) {
    if (!node.op().is_opaque()) continue;
    for (const std::string& op_type : opaque_operators(node)) {
      const auto breaking = breaking_opset(op_type, source_opset(graph), need.opset);
      if (!breaking) continue;
      Diagnostic diagnostic;
      diagnostic.message =
          fmt::format("the model cannot be raised from opset {} to {}: {} changed its meaning in opset {}",
                      source_opset(graph), need.opset, op_type, *breaking);
      diagnostic.place = place_of(node);
      diagnostic.notes.push_back(fmt::format("{} needs opset {}: {}", place_of(*need.node),
                                             need.opset, need.reason));
      diagnostic.help = fmt::format("export the original model at opset {} or newer", need.opset);
      return fail(ErrorKind::input, std::move(diagnostic));
    }
  }
  return {};
}

// Model info may come from a text, so it can say anything.
Result<void> check_info(const Graph& graph) {
  const ModelInfo& info = graph.info();
  if (source_opset(graph) < kMinOpset || source_opset(graph) > kMaxOpset)
    return fail(ErrorKind::input, fmt::format("the graph states opset {}; {} to {} can be written",
                                              source_opset(graph), kMinOpset, kMaxOpset));
  if (info.ir_version > kMaxIrVersion)
    return fail(ErrorKind::input, fmt::format("the graph states IR version {}; at most {} can be written",
                                              info.ir_version, kMaxIrVersion));
  for (const std::string& function : info.functions)
    if (!onnx::FunctionProto().ParseFromString(function))
      return fail(ErrorKind::input, "the bytes of a model-local function are damaged");
  return {};
}

Result<std::int64_t> choose_opset(const Graph& graph, DiagnosticSink* sink) {
  const OpsetNeed need = needed_opset(graph);
  if (need.node == nullptr) return need.opset;
  RCC_TRY(check_opaque_nodes(graph, need));
  if (sink != nullptr)
    sink->report({.severity = Severity::remark,
                  .message = fmt::format("the model is written at opset {} instead of {}: {}",
                                         need.opset, source_opset(graph), need.reason),
                  .span = {},
                  .place = place_of(*need.node),
                  .notes = {},
                  .help = {}});
  return need.opset;
}

Result<void> write_value_info(const Value& value, std::string_view name, onnx::ValueInfoProto& out) {
  if (value.type().dtype == DType::unknown)
    return fail(ErrorKind::input, fmt::format("the type of `{}` is not known", name),
                "state it in the model's value_info");
  out.set_name(std::string(name));
  write_type(value.type(), value.graph().symbols(), *out.mutable_type());
  return {};
}

// Everything of the graph after its initializers.
Result<std::string> graph_tail(const Graph& graph, const ExportNames& names) {
  onnx::GraphProto proto;
  if (!graph.info().graph_doc_string.empty()) proto.set_doc_string(graph.info().graph_doc_string);
  for (const Value* input : graph.inputs())
    RCC_TRY(write_value_info(*input, names.value(*input), *proto.add_input()));
  for (const GraphOutput& output : graph.outputs())
    RCC_TRY(write_value_info(*output.value, output.name, *proto.add_output()));
  for (const Node& node : graph.nodes()) {
    // Types of known operators follow from their operands.
    if (!node.op().is_opaque()) continue;
    for (std::size_t index = 0; index < node.result_count(); ++index) {
      const Value* result = node.result(index);
      if (result != nullptr && !result->is_output() && result->type().dtype != DType::unknown)
        RCC_TRY(write_value_info(*result, names.value(*result), *proto.add_value_info()));
    }
  }
  return proto.SerializePartialAsString();
}

std::string before_graph(const Graph& graph, std::int64_t opset) {
  const ModelInfo& info = graph.info();
  onnx::ModelProto proto;
  proto.set_ir_version(
      std::max({info.ir_version, ir_version_of_opset(opset), kMinWrittenIrVersion}));
  proto.set_producer_name(info.producer_name.empty() ? "rcc" : info.producer_name);
  if (!info.producer_version.empty()) proto.set_producer_version(info.producer_version);
  if (!info.domain.empty()) proto.set_domain(info.domain);
  if (info.model_version != 0) proto.set_model_version(info.model_version);
  if (!info.doc_string.empty()) proto.set_doc_string(info.doc_string);
  return proto.SerializePartialAsString();
}

// Every domain in use, also of nodes that no model file has brought along.
std::map<std::string, std::int64_t> opsets_of(const Graph& graph, std::int64_t opset) {
  auto opsets = graph.info().opsets;
  opsets[""] = opset;
  for (const Node& node : graph.nodes()) opsets.emplace(std::string(node.op().onnx_domain), 1);
  return opsets;
}

std::string after_graph(const Graph& graph, std::int64_t opset, const ExportOptions& options) {
  onnx::ModelProto proto;
  for (const auto& [domain, version] : opsets_of(graph, opset)) {
    auto& import = *proto.add_opset_import();
    import.set_domain(domain);
    import.set_version(version);
  }
  const std::map<std::string, std::string> added(options.metadata.begin(), options.metadata.end());
  const auto add = [&](const std::string& key, const std::string& value) {
    auto& entry = *proto.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  };
  for (const auto& [key, value] : graph.info().metadata)
    if (!added.contains(key)) add(key, value);
  for (const auto& [key, value] : added) add(key, value);
  std::string bytes = proto.SerializePartialAsString();
  for (const std::string& function : graph.info().functions)
    append_field(bytes, kModelFunctions, function);
  return bytes;
}

// Constants that the written nodes read, are outputs, or were unused already.
Result<void> add_initializers(const Graph& graph, const ExportNames& names, NodeWriter& nodes,
                              ModelParts& parts) {
  for (const Value* constant : graph.constants()) {
    if (!nodes.is_read(*constant) && !constant->is_output() && constant->use_count() > 0) continue;
    if (constant->tensor().is_elided())
      return fail(ErrorKind::input,
                  fmt::format("the constant `{}` has no contents", constant->name()),
                  "read the graph from a text that holds its weights");
    parts.initializers.push_back({names.value(*constant), constant->tensor()});
  }
  for (auto& initializer : nodes.initializers()) parts.initializers.push_back(std::move(initializer));
  return {};
}

Result<ModelParts> make_parts(const Graph& graph, const ExportOptions& options) {
  constexpr std::uint32_t kGraphName = 2;
  RCC_TRY(check_info(graph));
  const std::int64_t opset = RCC_TRY(choose_opset(graph, options.sink));
  ExportNames names = RCC_TRY(ExportNames::of(graph));
  NodeWriter nodes(graph, names, opset);
  for (const Node& node : graph.nodes()) RCC_TRY(nodes.write(node));
  for (const std::size_t index : names.copied_outputs())
    nodes.write_copy(*graph.outputs()[index].value, graph.outputs()[index].name);
  ModelParts parts;
  parts.before_graph = before_graph(graph, opset);
  parts.after_graph = after_graph(graph, opset, options);
  parts.graph_head = nodes.nodes();
  append_field(parts.graph_head, kGraphName, graph.name());
  parts.graph_tail = RCC_TRY(graph_tail(graph, names));
  RCC_TRY(add_initializers(graph, names, nodes, parts));
  return parts;
}

}  // namespace

Result<void> export_onnx(const Graph& graph, const std::filesystem::path& path,
                         const ExportOptions& options) {
  const std::optional<Graph> older = with_older_operators(graph, source_opset(graph));
  return write_model(RCC_TRY(make_parts(older ? *older : graph, options)), path);
}

}  // namespace rcc
