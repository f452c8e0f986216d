#pragma once

#include <string>
#include <vector>

#include "frontends/onnx/export_names.h"
#include "frontends/onnx/model_writer.h"
#include "frontends/onnx/node_form.h"

namespace onnx {
class NodeProto;
}

namespace rcc {

// Turns the nodes of a graph into NodeProtos of one opset, one by one.
class NodeWriter {
 public:
  NodeWriter(const Graph& graph, ExportNames& names, std::int64_t opset)
      : graph_(graph), names_(names), opset_(opset) {}

  Result<void> write(const Node& node);
  void write_copy(const Value& value, std::string_view result);

  // Fields `node` of a GraphProto.
  const std::string& nodes() const { return nodes_; }
  // Constants that only the lowered forms have.
  std::vector<ModelParts::Initializer>& initializers() { return initializers_; }
  bool is_read(const Value& value) const { return is_read_[value.id()]; }

 private:
  const std::string& name_of(const Value& value);
  Result<void> write_known(const Node& node, onnx::NodeProto& proto);
  Result<void> write_opaque(const Node& node, onnx::NodeProto& proto);
  Result<void> write_captures(const Node& node, const Strings& captures, onnx::NodeProto& proto);
  void write_results(const Node& node, onnx::NodeProto& proto);
  void append(const onnx::NodeProto& proto);

  const Graph& graph_;
  ExportNames& names_;
  std::int64_t opset_;
  std::string nodes_;
  std::vector<ModelParts::Initializer> initializers_;
  IdMap<ValueId, bool> is_read_;
};

// A node as its row has it.
NodeForm form_of(const Node& node);

// "node `conv1` (Conv)".
std::string place_of(const Node& node);

}  // namespace rcc
