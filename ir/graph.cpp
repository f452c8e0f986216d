#include "ir/graph.h"

#include <algorithm>

#include "ir/graph_storage.h"
#include "ir/quote.h"
#include "ir/shape_inference.h"

namespace rcc {

namespace {

const AttributeValue kNoAttribute;

// Closes the holes; every value knows its place afterwards.
template <typename SetPlace>
const std::vector<Value*>& without_holes(ValueList& list, const SetPlace& set_place) {
  if (list.holes > 0) {
    std::erase(list.values, nullptr);
    for (std::size_t i = 0; i < list.values.size(); ++i)
      set_place(*list.values[i], static_cast<std::uint32_t>(i));
    list.swept += list.holes + list.values.size();
    list.holes = 0;
  }
  return list.values;
}

}  // namespace

// --- Node -------------------------------------------------------------------------------------

Value* Node::operand(std::string_view name) const {
  const std::vector<OperandInfo>& rows = op_->operands;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].name == name) return operand(i);
  internal_error(__FILE__, __LINE__, fmt::format("{} has no operand {}", op_->name, name));
}

const AttributeValue& Node::attribute(std::string_view name) const {
  for (const NamedAttribute& set : attributes_)
    if (is_same_name(set.name, name)) return set.value;
  const AttributeInfo* info = op_->find_attribute(name);
  return info == nullptr ? kNoAttribute : info->default_value;
}

std::int64_t Node::attribute_int(std::string_view name) const {
  const auto* value = std::get_if<std::int64_t>(&attribute(name));
  RCC_CHECK(value != nullptr, "{}: {} is no integer attribute", label(), name);
  return *value;
}

float Node::attribute_float(std::string_view name) const {
  const auto* value = std::get_if<float>(&attribute(name));
  RCC_CHECK(value != nullptr, "{}: {} is no float attribute", label(), name);
  return *value;
}

const Ints& Node::attribute_ints(std::string_view name) const {
  const auto* value = std::get_if<Ints>(&attribute(name));
  RCC_CHECK(value != nullptr, "{}: {} is no list of integers", label(), name);
  return *value;
}

const std::string& Node::attribute_string(std::string_view name) const {
  const auto* value = std::get_if<std::string>(&attribute(name));
  RCC_CHECK(value != nullptr, "{}: {} is no string attribute", label(), name);
  return *value;
}

bool Node::has_attribute(std::string_view name) const {
  return !std::holds_alternative<std::monostate>(attribute(name));
}

std::string_view Node::label() const {
  if (!provenance_.layer().empty()) return provenance_.layer();
  for (const Value* result : results_)
    if (result != nullptr) return result->name();
  return op_->name;
}

// --- Graph ------------------------------------------------------------------------------------

Graph::Graph(std::string name, std::shared_ptr<const OpTable> ops)
    : name_(std::move(name)), ops_(std::move(ops)), storage_(std::make_unique<Storage>()) {
  storage_->anchor.graph = this;
}

Graph::~Graph() = default;

Graph::Graph(Graph&& other) noexcept
    : name_(std::move(other.name_)),
      ops_(std::move(other.ops_)),
      symbols_(std::move(other.symbols_)),
      info_(std::move(other.info_)),
      storage_(std::move(other.storage_)),
      first_(std::exchange(other.first_, nullptr)),
      last_(std::exchange(other.last_, nullptr)) {
  if (storage_ != nullptr) storage_->anchor.graph = this;
}

Graph& Graph::operator=(Graph&& other) noexcept {
  if (this == &other) return *this;
  name_ = std::move(other.name_);
  ops_ = std::move(other.ops_);
  symbols_ = std::move(other.symbols_);
  info_ = std::move(other.info_);
  storage_ = std::move(other.storage_);
  first_ = std::exchange(other.first_, nullptr);
  last_ = std::exchange(other.last_, nullptr);
  if (storage_ != nullptr) storage_->anchor.graph = this;
  return *this;
}

std::string_view Graph::intern(std::string_view text) { return storage_->names.intern(text); }
std::uint64_t Graph::epoch() const { return storage_->anchor.epoch; }
bool Graph::is_known_good() const { return storage_->known_good_at == epoch(); }
void Graph::set_known_good() const { storage_->known_good_at = epoch(); }
std::uint64_t Graph::hidden_steps() const {
  return storage_->hidden_steps + storage_->names.numbers_tried() + storage_->inputs.swept +
         storage_->constants.swept;
}
std::size_t Graph::node_count() const { return storage_->node_count; }

std::uint32_t Graph::node_id_limit() const {
  return static_cast<std::uint32_t>(storage_->nodes.size());
}

std::uint32_t Graph::value_id_limit() const {
  return static_cast<std::uint32_t>(storage_->values.size());
}

Node* Graph::node(NodeId id) const {
  return id.index < storage_->nodes.size() ? storage_->nodes[id.index] : nullptr;
}

Value* Graph::value(ValueId id) const {
  return id.index < storage_->values.size() ? storage_->values[id.index] : nullptr;
}

Value* Graph::find_value(std::string_view name) const { return storage_->names.find(name); }

const std::vector<Value*>& Graph::inputs() const {
  return without_holes(storage_->inputs,
                       [](Value& value, std::uint32_t place) { value.result_index_ = place; });
}

const std::vector<Value*>& Graph::constants() const {
  return without_holes(storage_->constants,
                       [](Value& value, std::uint32_t place) { value.result_index_ = place; });
}

const std::vector<GraphOutput>& Graph::outputs() const { return storage_->outputs; }

// --- values -----------------------------------------------------------------------------------

Value& Graph::new_value(Value::Kind kind, std::string_view name, Type type) {
  Storage& storage = *storage_;
  Value& value = *storage.value_slab.create();
  value.id_.index = static_cast<std::uint32_t>(storage.values.size());
  value.kind_ = kind;
  value.anchor_ = &storage.anchor;
  value.type_ = std::move(type);
  value.no_ranges_at_ = storage.anchor.range_epoch;
  value.name_ = storage.names.take_unique(name, value);
  storage.values.push_back(&value);
  ++storage.anchor.epoch;
  return value;
}

void Graph::delete_value(Value& value) {
  storage_->names.release(value.name_);
  storage_->values[value.id_.index] = nullptr;
  storage_->value_slab.destroy(&value);
  ++storage_->anchor.epoch;
}

Value& Graph::add_input(std::string_view name, Type type) {
  Value& value = new_value(Value::Kind::input, name, std::move(type));
  value.result_index_ = static_cast<std::uint32_t>(storage_->inputs.values.size());
  storage_->inputs.values.push_back(&value);
  return value;
}

Value& Graph::add_constant(std::string_view name, Tensor tensor, bool is_sparse) {
  Value& value = new_value(Value::Kind::constant, name, tensor.type());
  value.tensor_ = std::make_unique<Tensor>(std::move(tensor));
  value.is_sparse_ = is_sparse;
  value.result_index_ = static_cast<std::uint32_t>(storage_->constants.values.size());
  storage_->constants.values.push_back(&value);
  return value;
}

void Graph::set_type(Value& value, Type type) {
  if (value.type_ == type) return;
  value.type_ = std::move(type);
  ++storage_->anchor.epoch;
}

void Graph::set_tensor(Value& value, Tensor tensor) {
  RCC_CHECK(value.is_constant(), "{}", value.name());
  value.type_ = tensor.type();
  *value.tensor_ = std::move(tensor);
  ++storage_->anchor.epoch;
  drop_ranges_after(value);
}

void Graph::fill_tensor(Value& value, Tensor tensor) {
  RCC_CHECK(value.is_constant() && tensor.type() == value.type_, "{}", value.name());
  *value.tensor_ = std::move(tensor);
  ++storage_->anchor.epoch;
}

Tensor Graph::take_tensor(Value& value) {
  RCC_CHECK(value.is_constant(), "{}", value.name());
  ++storage_->anchor.epoch;
  const Tensor& old = *value.tensor_;
  return std::exchange(*value.tensor_, Tensor::elided(old.dtype(), old.shape()));
}

void Graph::set_sparse(Value& value, bool is_sparse) {
  RCC_CHECK(value.is_constant() || !is_sparse, "{}", value.name());
  value.is_sparse_ = is_sparse;
  ++storage_->anchor.epoch;
}

void Graph::set_name(Value& value, std::string_view name) {
  storage_->names.release(value.name_);
  value.name_ = storage_->names.take_unique(name, value);
  ++storage_->anchor.epoch;
}

void Graph::take_name(Value& value, Value& from) {
  if (&value == &from) return;
  const std::string_view name = from.name_;
  storage_->names.release(value.name_);
  storage_->names.release(name);
  value.name_ = storage_->names.take(name, value);
  from.name_ = storage_->names.take_unique(name, from);
  ++storage_->anchor.epoch;
}

bool Graph::rename(Value& value, std::string_view name) {
  const Value* holder = find_value(name);
  if (name.empty() || holder != nullptr) return holder == &value;
  set_name(value, name);
  return true;
}

void Graph::remove_value(Value& value) {
  RCC_CHECK(value.kind_ != Value::Kind::result && value.is_unused(), "{}", value.name());
  ValueList& list = value.is_input() ? storage_->inputs : storage_->constants;
  list.values[value.result_index_] = nullptr;
  ++list.holes;
  delete_value(value);
}

// --- outputs ----------------------------------------------------------------------------------

void Graph::link_output(std::uint32_t index, Value& value) {
  storage_->outputs[index].value = &value;
  OutputLink& link = storage_->output_links[index];
  link = {UINT32_MAX, value.first_output_};
  if (link.next != UINT32_MAX) storage_->output_links[link.next].previous = index;
  value.first_output_ = index;
  ++value.output_count_;
  ++storage_->anchor.epoch;
}

void Graph::unlink_output(std::uint32_t index) {
  std::vector<OutputLink>& links = storage_->output_links;
  Value& value = *storage_->outputs[index].value;
  const OutputLink link = links[index];
  (link.previous == UINT32_MAX ? value.first_output_ : links[link.previous].next) = link.next;
  if (link.next != UINT32_MAX) links[link.next].previous = link.previous;
  --value.output_count_;
}

void Graph::add_output(Value& value, std::string_view name) {
  storage_->outputs.push_back({nullptr, name.empty() ? value.name_ : intern(name)});
  storage_->output_links.emplace_back();
  link_output(static_cast<std::uint32_t>(storage_->outputs.size() - 1), value);
}

void Graph::set_output(std::size_t index, Value& value) {
  RCC_CHECK(index < storage_->outputs.size(), "output {} of {}", index, storage_->outputs.size());
  unlink_output(static_cast<std::uint32_t>(index));
  link_output(static_cast<std::uint32_t>(index), value);
}

void Graph::clear_outputs() {
  for (const GraphOutput& output : storage_->outputs) {
    output.value->first_output_ = UINT32_MAX;
    output.value->output_count_ = 0;
  }
  storage_->outputs.clear();
  storage_->output_links.clear();
  ++storage_->anchor.epoch;
}

// --- operators --------------------------------------------------------------------------------

const OpInfo& Graph::opaque_op(std::string_view domain, std::string_view onnx_name) {
  const auto found = storage_->opaque_by_name.find({domain, onnx_name});
  if (found != storage_->opaque_by_name.end()) return *found->second;
  OpInfo row;
  row.kind = OpKind::opaque;
  row.onnx_domain = intern(domain);
  row.onnx_name = intern(onnx_name);
  row.name = intern(opaque_op_name(domain, onnx_name));
  row.operands = {{"operands", Arity::variadic}};
  row.results = {{"results", Arity::variadic}};
  row.doc = "An operator that rcc carries without understanding it.";
  storage_->opaque_rows.push_back(std::move(row));
  const OpInfo& stored = storage_->opaque_rows.back();
  storage_->opaque_by_name.emplace(std::pair(stored.onnx_domain, stored.onnx_name), &stored);
  return stored;
}

Value& Graph::add(OpKind kind, std::vector<Value*> operands, std::vector<NamedAttribute> attributes,
                  std::string_view result_name, Node* before) {
  NodeSpec spec;
  spec.op = &(*ops_)[kind];
  spec.operands = std::move(operands);
  spec.attributes = std::move(attributes);
  spec.results.emplace_back().name = result_name;
  spec.before = before;
  Node& node = add_node(std::move(spec));
  const Result<void> inferred = infer_types(*this, node);
  RCC_CHECK(inferred, "{}: {}", node.op().name, inferred.error().message());
  return *node.result();
}

}  // namespace rcc
