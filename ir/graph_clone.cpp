#include <memory>

#include "ir/graph.h"
#include "ir/graph_storage.h"

namespace rcc {

Graph Graph::clone() const {
  Graph copy(name_, ops_);
  copy.symbols_ = symbols_;
  copy.info_ = info_;
  copy_values_to(copy);
  copy_nodes_to(copy);
  for (const GraphOutput& output : outputs())
    copy.add_output(*copy.storage_->values[output.value->id().index], output.name);
  copy.storage_->anchor.epoch = epoch();
  copy.storage_->anchor.range_epoch = storage_->anchor.range_epoch;
  return copy;
}

// All values under their ids; uses, outputs and producers are linked later.
void Graph::copy_values_to(Graph& copy) const {
  Storage& to = *copy.storage_;
  to.values.reserve(storage_->values.size());
  for (const Value* value : storage_->values) {
    if (value == nullptr) {
      to.values.push_back(nullptr);
      continue;
    }
    Value& twin = copy.new_value(value->kind_, value->name_, value->type_);
    twin.is_sparse_ = value->is_sparse_;
    twin.result_index_ = value->result_index_;
    twin.range_ = value->range_;
    twin.no_ranges_at_ = value->no_ranges_at_;
    if (value->tensor_ != nullptr) twin.tensor_ = std::make_unique<Tensor>(*value->tensor_);
  }
  const auto copy_list = [&to](const ValueList& from, ValueList& list) {
    list.holes = from.holes;
    for (const Value* value : from.values)
      list.values.push_back(value == nullptr ? nullptr : to.values[value->id().index]);
  };
  copy_list(storage_->inputs, to.inputs);
  copy_list(storage_->constants, to.constants);
}

void Graph::copy_nodes_to(Graph& copy) const {
  Storage& to = *copy.storage_;
  to.nodes.resize(storage_->nodes.size());
  to.node_count = storage_->node_count;
  const auto interned = [&copy](std::vector<std::string_view>& texts) {
    for (std::string_view& text : texts) text = copy.intern(text);
  };
  for (const Node& node : nodes()) {
    Node& twin = *to.node_slab.create();
    to.nodes[node.id_.index] = &twin;
    twin.id_ = node.id_;
    const OpInfo& op = node.op();
    twin.op_ = op.is_opaque() ? &copy.opaque_op(op.onnx_domain, op.onnx_name) : &op;
    twin.anchor_ = &to.anchor;
    twin.attributes_ = node.attributes_;
    for (NamedAttribute& attribute : twin.attributes_)
      if (op.find_attribute(attribute.name) == nullptr)
        attribute.name = copy.intern(attribute.name);
    twin.provenance_ = node.provenance_;
    interned(twin.provenance_.sources);
    interned(twin.provenance_.rules);
    for (const Value* result : node.results_) {
      Value* result_twin = result == nullptr ? nullptr : to.values[result->id().index];
      if (result_twin != nullptr) result_twin->producer_ = &twin;
      twin.results_.push_back(result_twin);
    }
    twin.operands_.assign(node.operands_.size(), Use{});
    for (std::size_t i = 0; i < twin.operands_.size(); ++i) {
      twin.operands_[i].user_ = &twin;
      twin.operands_[i].operand_ = static_cast<std::uint32_t>(i);
    }
    copy.insert_into_list(twin, nullptr);
  }
  // Value by value, so that readers of a value are met in the same order in both graphs.
  for (const Value* value : storage_->values) {
    if (value == nullptr) continue;
    for (const Use& use : value->uses()) {
      Node& user = *to.nodes[use.user().id().index];
      copy.link_use(user.operands_[use.operand()], *to.values[value->id().index]);
    }
  }
}

}  // namespace rcc
