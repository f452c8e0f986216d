#include "frontends/onnx/graph_reader.h"

#include <algorithm>
#include <functional>
#include <queue>

#include "frontends/onnx/subgraph.h"

namespace rcc {

namespace {

std::string why_no_tensor(const onnx::TypeProto& type) {
  switch (type.value_case()) {
    case onnx::TypeProto::kSequenceType: return "is a sequence";
    case onnx::TypeProto::kOptionalType: return "is an optional value";
    case onnx::TypeProto::kMapType: return "is a map";
    case onnx::TypeProto::kSparseTensorType: return "is a sparse tensor";
    case onnx::TypeProto::kTensorType:
      return fmt::format("has element type {}, which rcc does not support",
                         onnx_dtype_name(type.tensor_type().elem_type()));
    default: return "has no type";
  }
}

// Who gives a name its value, besides a node.
constexpr int kNoNode = -1;

class GraphReader {
 public:
  explicit GraphReader(ReadContext& context)
      : context_(context), proto_(context.model.graph()), nodes_(context) {}

  void run() {
    declare_names();
    read_initializers();
    read_inputs();
    const std::vector<int> order = order_nodes();
    if (context_.problems.has_errors()) return;
    for (const int index : order) nodes_.read(index);
    read_outputs();
    nodes_.drop_folded_constants();
  }

 private:
  bool is_good_name(std::string_view name, std::string_view what) {
    if (!name.empty() && name.size() <= kMaxName) return true;
    if (name.empty())
      context_.problems.error({}, fmt::format("{} has no name", what));
    else
      context_.problems.error({}, fmt::format("the name of {} has {} bytes; at most {} are allowed",
                                              what, name.size(), kMaxName));
    return false;
  }

  void declare(std::string_view name, int node, std::string_view what) {
    nodes_.reserve(name);
    if (!producers_.emplace(name, node).second)
      context_.problems.error(what, fmt::format("the name `{}` is given twice", name),
                              "every value of a model has one name of its own");
  }

  void declare_names() {
    for (const auto& tensor : proto_.initializer())
      if (is_good_name(tensor.name(), "an initializer")) declare(tensor.name(), kNoNode, "initializer");
    std::unordered_set<std::string_view> inputs;
    for (const auto& input : proto_.input()) {
      if (!is_good_name(input.name(), "a graph input")) continue;
      if (!inputs.insert(input.name()).second)
        context_.problems.error("graph input", fmt::format("the name `{}` is given twice", input.name()));
      else if (!producers_.contains(input.name()))
        declare(input.name(), kNoNode, "graph input");
    }
    for (int index = 0; index < proto_.node_size(); ++index) {
      const auto& node = proto_.node(index);
      for (const auto& name : node.output())
        if (!name.empty() && is_good_name(name, node_place(node))) declare(name, index, node_place(node));
      if (node.name().size() > kMaxName)
        is_good_name(node.name(), fmt::format("node {}", index));
    }
  }

  void read_initializers() {
    for (int index = 0; index < proto_.initializer_size(); ++index) {
      const auto& proto = proto_.initializer(index);
      auto tensor = read_tensor(proto, context_.skeleton.initializer(index), context_.source);
      if (!tensor) {
        context_.problems.error("initializer", std::move(tensor).error());
        continue;
      }
      nodes_.define(proto.name(), context_.graph.add_constant(proto.name(), std::move(*tensor)));
    }
  }

  void read_inputs() {
    const bool is_usual = context_.model.ir_version() == kMinVersionWithInputs;
    for (const auto& input : proto_.input()) {
      if (nodes_.find(input.name()) != nullptr) {
        context_.graph.info().initializer_inputs.push_back(input.name());
        if (!is_usual)
          context_.problems.remark(fmt::format("graph input `{}`", input.name()),
                                   "has a default value and becomes a constant");
        continue;
      }
      const std::string place = fmt::format("graph input `{}`", input.name());
      auto type = read_type(input.type(), context_.graph.symbols());
      if (!type) {
        context_.problems.error(place, std::move(type).error());
      } else if (type->dtype == DType::unknown) {
        context_.problems.error(place, why_no_tensor(input.type()),
                                "only tensors can be graph inputs and outputs");
      } else {
        nodes_.define(input.name(), context_.graph.add_input(input.name(), std::move(*type)));
      }
    }
  }

  // Names that a node reads: its operands and what its subgraphs capture.
  std::vector<std::string> names_read(const onnx::NodeProto& node) const {
    std::vector<std::string> names(node.input().begin(), node.input().end());
    std::erase(names, "");
    for (const auto& attribute : node.attribute()) {
      if (!attribute.has_g() && attribute.graphs_size() == 0) continue;
      const auto captured = captured_names(RawAttribute{attribute.SerializeAsString()});
      names.insert(names.end(), captured.begin(), captured.end());
    }
    return names;
  }

  // Topological, and as in the file wherever that is possible.
  std::vector<int> order_nodes() {
    const auto count = static_cast<std::size_t>(proto_.node_size());
    std::vector<std::vector<int>> users(count);
    std::vector<int> missing(count, 0);
    bool is_sorted = true;
    for (int index = 0; index < proto_.node_size(); ++index) {
      for (const std::string& name : names_read(proto_.node(index))) {
        const auto producer = producers_.find(name);
        if (producer == producers_.end()) {
          context_.problems.error(node_place(proto_.node(index)),
                                  fmt::format("reads `{}`, which no input, initializer or node gives", name));
          continue;
        }
        if (producer->second == kNoNode) continue;
        if (proto_.node(producer->second).output_size() > 1) nodes_.note_reader(producer->first);
        users[static_cast<std::size_t>(producer->second)].push_back(index);
        ++missing[static_cast<std::size_t>(index)];
        is_sorted &= producer->second < index;
      }
    }
    for (const auto& output : proto_.output()) nodes_.note_reader(output.name());
    if (!is_sorted)
      context_.problems.warn({}, "the nodes are not in topological order; they are sorted");
    return sorted(users, std::move(missing));
  }

  std::vector<int> sorted(const std::vector<std::vector<int>>& users, std::vector<int> missing) {
    std::priority_queue<int, std::vector<int>, std::greater<>> ready;
    for (std::size_t index = 0; index < missing.size(); ++index)
      if (missing[index] == 0) ready.push(static_cast<int>(index));
    std::vector<int> order;
    while (!ready.empty()) {
      const int index = ready.top();
      ready.pop();
      order.push_back(index);
      for (const int user : users[static_cast<std::size_t>(index)])
        if (--missing[static_cast<std::size_t>(user)] == 0) ready.push(user);
    }
    if (order.size() < missing.size()) {
      const auto stuck = std::ranges::find_if(missing, [](int left) { return left > 0; });
      context_.problems.error(node_place(proto_.node(static_cast<int>(stuck - missing.begin()))),
                              "depends on its own result: the graph has a cycle");
    }
    return order;
  }

  void read_outputs() {
    std::unordered_set<std::string_view> names;
    if (proto_.output_size() == 0) context_.problems.error({}, "the graph has no outputs");
    for (const auto& output : proto_.output()) {
      const std::string place = fmt::format("graph output `{}`", output.name());
      Value* value = nodes_.find(output.name());
      if (value == nullptr) {
        context_.problems.error(place, "is given by no input, initializer or node");
      } else if (!names.insert(output.name()).second) {
        context_.problems.error(place, "appears twice");
      } else {
        context_.graph.add_output(*value, output.name());
        refine_output(*value, output, place);
      }
    }
  }

  // What the file states about an output fills in what inference left open.
  void refine_output(Value& value, const onnx::ValueInfoProto& output, const std::string& place) {
    auto stated = read_type(output.type(), context_.graph.symbols());
    if (!stated) {
      context_.problems.error(place, std::move(stated).error());
      return;
    }
    if (value.kind() != Value::Kind::result) return;
    const Type& known = value.type();
    const auto text = [&](const Type& type) { return to_text(type, context_.graph.symbols()); };
    // A shape that contradicts inference has been warned about.
    const Type merged = merge_types(known, *stated).value_or(known);
    if (stated->dtype != DType::unknown && merged.dtype != stated->dtype)
      context_.problems.error(place, fmt::format("is declared {}, but is {}", text(*stated), text(known)),
                              "correct the declared type, or export the model again");
    else if (merged.dtype == DType::unknown)
      context_.problems.error(place, why_no_tensor(output.type()),
                              "only tensors can be graph inputs and outputs");
    else
      context_.graph.set_type(value, merged);
  }

  static constexpr std::int64_t kMinVersionWithInputs = 3;

  ReadContext& context_;
  const onnx::GraphProto& proto_;
  NodeReader nodes_;
  std::unordered_map<std::string_view, int> producers_;
};

}  // namespace

std::string_view normal_domain(std::string_view domain) {
  return domain == "ai.onnx" ? std::string_view() : domain;
}

std::string node_place(const onnx::NodeProto& node) {
  const std::string& label = !node.name().empty() || node.output_size() == 0
                                 ? node.name()
                                 : node.output(0);
  return fmt::format("node `{}` ({})", label, node.op_type());
}

std::optional<Type> merge_types(const Type& known, const Type& stated) {
  Type merged = known;
  if (known.dtype == DType::unknown) merged.dtype = stated.dtype;
  if (stated.dtype != DType::unknown && stated.dtype != merged.dtype) return std::nullopt;
  if (!stated.is_ranked) return merged;
  if (!known.is_ranked) {
    merged.is_ranked = true;
    merged.dims = stated.dims;
    return merged;
  }
  if (known.rank() != stated.rank()) return std::nullopt;
  for (std::size_t axis = 0; axis < known.rank(); ++axis) {
    const Dim from_file = stated.dims[axis];
    if (merged.dims[axis].is_unknown()) merged.dims[axis] = from_file;
    if (merged.dims[axis].is_fixed() && from_file.is_fixed() && merged.dims[axis] != from_file)
      return std::nullopt;
  }
  return merged;
}

void read_graph(ReadContext& context) { GraphReader(context).run(); }

}  // namespace rcc
