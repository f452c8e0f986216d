#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "frontends/onnx/node_form.h"
#include "frontends/onnx/problems.h"
#include "frontends/onnx/proto.h"

namespace rcc {

// What readers of one model share.
struct ReadContext {
  const onnx::ModelProto& model;
  const ModelSkeleton& skeleton;
  TensorSource& source;
  Graph& graph;
  Problems& problems;
  // Of ONNX's own domain; 0 when the model does not import it.
  std::int64_t opset = 0;
};

inline constexpr std::size_t kMaxName = 4096;

// "" and "ai.onnx" are the same domain.
std::string_view normal_domain(std::string_view domain);
// "node `Conv_3` (Conv)".
std::string node_place(const onnx::NodeProto& node);

// What is known, with what the file states where that is open. nullopt when they contradict each other.
std::optional<Type> merge_types(const Type& known, const Type& stated);

// Reads the nodes of a graph, one by one in topological order.
class NodeReader {
 public:
  explicit NodeReader(ReadContext& context);

  // All names of the model are known before the first node is read.
  void define(std::string_view name, Value& value) { values_[name] = &value; }
  void reserve(std::string_view name) { reserved_.insert(name); }
  // Of a node with several results, or an output: known before the first node is read.
  void note_reader(std::string_view name) { with_readers_.insert(name); }
  // Null when nothing read so far gives it.
  Value* find(std::string_view name) const;

  void read(int index);
  // Constants that became attributes and that nothing else reads.
  void drop_folded_constants();

 private:
  using Attributes = std::map<std::string, AttributeValue, std::less<>>;

  Result<void> read_node(int index, const onnx::NodeProto& node);
  Result<Attributes> read_attributes(int index, const onnx::NodeProto& node);
  bool read_constant(const onnx::NodeProto& node, const Attributes& attributes);
  bool read_alias(const onnx::NodeProto& node);
  NodeForm form_of(const onnx::NodeProto& node, const Attributes& attributes) const;
  Result<bool> read_known(const onnx::NodeProto& node, const OpInfo& row, NodeForm form);
  Result<void> read_opaque(const onnx::NodeProto& node, Attributes attributes);
  Value* constant_operand(const Tensor& tensor, std::string_view result, std::string_view operand);
  Node& add(const onnx::NodeProto& node, Graph::NodeSpec spec, std::size_t results);
  Result<void> settle_types(const onnx::NodeProto& node, Node& added);
  bool reads_suspect(const Node& node) const;
  void mark_suspect(const onnx::NodeProto& node);

  ReadContext& context_;
  std::unordered_map<std::string_view, Value*> values_;
  std::unordered_set<std::string_view> reserved_;
  std::unordered_set<std::string_view> with_readers_;
  std::unordered_map<std::string_view, const onnx::ValueInfoProto*> stated_;
  std::unordered_set<std::string> functions_;
  std::vector<ValueId> folded_;
  // Results of nodes with errors: what reads them is not blamed.
  std::unordered_set<const Value*> suspects_;
};

// Inputs, constants, nodes and outputs. Problems go to the context.
void read_graph(ReadContext& context);

}  // namespace rcc
