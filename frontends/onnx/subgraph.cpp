#include "frontends/onnx/subgraph.h"

#include <onnx/onnx.pb.h>

#include <algorithm>
#include <unordered_set>

namespace rcc {

namespace {

using Names = std::unordered_set<std::string_view>;

// Recursion is bounded: protobuf refuses messages nested deeper than 100.
class Walker {
 public:
  // Called for each reference to a value of the surrounding graph; may replace it.
  std::function<void(std::string&)> on_capture = [](std::string&) {};
  std::function<void(const std::string&)> on_definition = [](const std::string&) {};
  std::function<void(const onnx::NodeProto&)> on_node = [](const onnx::NodeProto&) {};

  void attribute(onnx::AttributeProto& attribute) {
    if (attribute.has_g()) graph(*attribute.mutable_g());
    for (auto& inner : *attribute.mutable_graphs()) graph(inner);
  }

 private:
  void define(const std::string& name) {
    scopes_.back().insert(name);
    on_definition(name);
  }

  void refer(std::string& name) {
    const bool is_inner =
        std::ranges::any_of(scopes_, [&](const Names& names) { return names.contains(name); });
    if (!name.empty() && !is_inner) on_capture(name);
  }

  void graph(onnx::GraphProto& graph) {
    scopes_.emplace_back();
    for (const auto& input : graph.input()) define(input.name());
    for (const auto& tensor : graph.initializer()) define(tensor.name());
    for (const auto& tensor : graph.sparse_initializer()) define(tensor.values().name());
    for (const auto& node : graph.node())
      for (const auto& name : node.output()) define(name);
    for (auto& node : *graph.mutable_node()) {
      on_node(node);
      for (auto& name : *node.mutable_input()) refer(name);
      for (auto& inner : *node.mutable_attribute()) attribute(inner);
    }
    for (auto& output : *graph.mutable_output()) refer(*output.mutable_name());
    scopes_.pop_back();
  }

  std::vector<Names> scopes_;
};

// False when the bytes are no attribute, or one without subgraphs.
bool parse(const RawAttribute& attribute, onnx::AttributeProto& out) {
  return out.ParseFromString(attribute.bytes) && (out.has_g() || out.graphs_size() > 0);
}

}  // namespace

std::vector<std::string> captured_names(const RawAttribute& attribute) {
  std::vector<std::string> names;
  onnx::AttributeProto proto;
  if (!parse(attribute, proto)) return names;
  std::unordered_set<std::string> seen;
  Walker walker;
  walker.on_capture = [&](std::string& name) {
    if (seen.insert(name).second) names.push_back(name);
  };
  walker.attribute(proto);
  return names;
}

std::set<std::string, std::less<>> inner_names(const RawAttribute& attribute) {
  std::set<std::string, std::less<>> names;
  onnx::AttributeProto proto;
  if (!parse(attribute, proto)) return names;
  Walker walker;
  walker.on_definition = [&](const std::string& name) { names.insert(name); };
  walker.attribute(proto);
  return names;
}

RawAttribute rename_captures(const RawAttribute& attribute,
                             const std::map<std::string, std::string, std::less<>>& new_names) {
  onnx::AttributeProto proto;
  if (!parse(attribute, proto)) return attribute;
  Walker walker;
  walker.on_capture = [&](std::string& name) {
    const auto found = new_names.find(name);
    if (found != new_names.end()) name = found->second;
  };
  walker.attribute(proto);
  return RawAttribute{proto.SerializeAsString()};
}

std::set<std::string, std::less<>> inner_operators(const RawAttribute& attribute) {
  std::set<std::string, std::less<>> operators;
  onnx::AttributeProto proto;
  if (!parse(attribute, proto)) return operators;
  Walker walker;
  walker.on_node = [&](const onnx::NodeProto& node) {
    if (node.domain().empty() || node.domain() == "ai.onnx") operators.insert(node.op_type());
  };
  walker.attribute(proto);
  return operators;
}

}  // namespace rcc
