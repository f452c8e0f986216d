#include <algorithm>

#include "frontends/onnx/canonical.h"
#include "frontends/onnx/graph_reader.h"
#include "frontends/onnx/subgraph.h"
#include "frontends/onnx/versions.h"
#include "ir/shape_inference.h"

namespace rcc {

namespace {

std::string function_key(std::string_view domain, std::string_view name) {
  return fmt::format("{}\n{}", normal_domain(domain), name);
}

template <typename T>
Tensor vector_tensor(const std::vector<T>& values) {
  return Tensor::of<T>({static_cast<std::int64_t>(values.size())}, values);
}

// The tensor that a Constant node stands for; nullopt for a sparse one.
std::optional<Tensor> constant_of(std::string_view name, const AttributeValue& value) {
  if (const auto* tensor = std::get_if<Tensor>(&value); tensor && name == "value") return *tensor;
  if (const auto* number = std::get_if<float>(&value); number && name == "value_float")
    return Tensor::scalar(*number);
  if (const auto* number = std::get_if<std::int64_t>(&value); number && name == "value_int")
    return Tensor::scalar(*number);
  if (const auto* numbers = std::get_if<Floats>(&value); numbers && name == "value_floats")
    return vector_tensor(*numbers);
  if (const auto* numbers = std::get_if<Ints>(&value); numbers && name == "value_ints")
    return vector_tensor(*numbers);
  if (const auto* text = std::get_if<std::string>(&value); text && name == "value_string")
    return Tensor::of_strings({}, {*text});
  if (const auto* texts = std::get_if<Strings>(&value); texts && name == "value_strings")
    return Tensor::of_strings({static_cast<std::int64_t>(texts->size())}, *texts);
  return std::nullopt;
}

// What keeps a node of a known operator from being one of its row; nullopt when nothing does.
std::optional<std::string> misfit(const NodeForm& form, const OpInfo& row) {
  for (const auto& [name, value] : form.attributes) {
    const AttributeInfo* info = row.find_attribute(name);
    if (info == nullptr) return fmt::format("its attribute `{}` is not known", name);
  }
  if (row.max_operands() >= 0 && form.operands.size() > static_cast<std::size_t>(row.max_operands()))
    return fmt::format("it has {} operands, at most {} are known", form.operands.size(),
                       row.max_operands());
  const bool is_variadic = !row.results.empty() && row.results.back().arity == Arity::variadic;
  if (!is_variadic && form.results.size() > row.results.size())
    return fmt::format("it has {} results, at most {} are known", form.results.size(),
                       row.results.size());
  return std::nullopt;
}

// Errors that no reading of the operator would allow.
Result<void> check_against(const NodeForm& form, const OpInfo& row) {
  for (std::size_t index = 0; index < row.operands.size(); ++index)
    if (row.operands[index].arity == Arity::required && !form.has_operand(index))
      return fail(ErrorKind::input, fmt::format("its operand `{}` is missing", row.operands[index].name));
  if (form.operands.size() < static_cast<std::size_t>(row.min_operands()))
    return fail(ErrorKind::input, fmt::format("it has {} operands, at least {} are needed",
                                              form.operands.size(), row.min_operands()));
  for (const AttributeInfo& info : row.attributes) {
    const AttributeValue* value = form.find(info.name);
    if (value == nullptr && info.is_required)
      return fail(ErrorKind::input, fmt::format("its attribute `{}` is missing", info.name));
    if (value != nullptr && type_of(*value) != info.type)
      return fail(ErrorKind::input, fmt::format("its attribute `{}` has the wrong type", info.name));
  }
  if (form.results.empty()) return fail(ErrorKind::input, "it has no results");
  return {};
}

}  // namespace

NodeReader::NodeReader(ReadContext& context) : context_(context) {
  for (const auto& info : context.model.graph().value_info()) stated_[info.name()] = &info;
  for (const auto& output : context.model.graph().output()) stated_[output.name()] = &output;
  for (const auto& function : context.model.functions())
    functions_.insert(function_key(function.domain(), function.name()));
}

Value* NodeReader::find(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : found->second;
}

void NodeReader::read(int index) {
  const auto& node = context_.model.graph().node(index);
  const Result<void> done = read_node(index, node);
  if (done) return;
  context_.problems.error(node_place(node), done.error());
  mark_suspect(node);
}

Result<void> NodeReader::read_node(int index, const onnx::NodeProto& node) {
  Attributes attributes = RCC_TRY(read_attributes(index, node));
  const bool is_own = normal_domain(node.domain()).empty();
  if (is_own && read_constant(node, attributes)) return {};
  if (is_own && read_alias(node)) return {};
  const OpInfo* row = context_.graph.ops().find_onnx(
      normal_domain(node.domain()), is_own ? newest_name(node.op_type()) : node.op_type());
  const bool is_known = row != nullptr && node.overload().empty() &&
                        !functions_.contains(function_key(node.domain(), node.op_type()));
  if (is_own && first_opset(node.op_type()) > context_.opset)
    return fail(ErrorKind::input,
                fmt::format("{} came with opset {}, but the model imports opset {}", node.op_type(),
                            first_opset(node.op_type()), context_.opset),
                "export the model at a newer opset");
  if (is_known && RCC_TRY(read_known(node, *row, form_of(node, attributes)))) return {};
  return read_opaque(node, std::move(attributes));
}

Result<NodeReader::Attributes> NodeReader::read_attributes(int index, const onnx::NodeProto& node) {
  Attributes attributes;
  for (int number = 0; number < node.attribute_size(); ++number) {
    const auto& proto = node.attribute(number);
    const auto payload = context_.skeleton.attribute(index, number);
    auto value = RCC_TRY(read_attribute(proto, payload, context_.source));
    if (payload && !std::holds_alternative<Tensor>(value))
      return fail(ErrorKind::input, fmt::format("its attribute `{}` has several values", proto.name()));
    if (!proto.ref_attr_name().empty())
      return fail(ErrorKind::input,
                  fmt::format("its attribute `{}` refers to one of a function", proto.name()));
    if (!attributes.emplace(proto.name(), std::move(value)).second)
      return fail(ErrorKind::input, fmt::format("its attribute `{}` appears twice", proto.name()));
  }
  return attributes;
}

bool NodeReader::read_constant(const onnx::NodeProto& node, const Attributes& attributes) {
  if (node.op_type() != "Constant" || node.input_size() != 0 || node.output_size() != 1 ||
      node.output(0).empty() || attributes.size() != 1)
    return false;
  const auto& [name, value] = *attributes.begin();
  auto tensor = constant_of(name, value);
  if (!tensor) return false;
  define(node.output(0), context_.graph.add_constant(node.output(0), std::move(*tensor)));
  return true;
}

// Exporters write one of several equal initializers and aliases of it. Each alias becomes a constant
// that shares the payload, so that every layer has its own.
bool NodeReader::read_alias(const onnx::NodeProto& node) {
  if (node.op_type() != "Identity" || node.input_size() != 1 || node.output_size() != 1) return false;
  const Value* source = find(node.input(0));
  if (source == nullptr || !source->is_constant() || node.output(0).empty()) return false;
  define(node.output(0), context_.graph.add_constant(node.output(0), source->tensor()));
  return true;
}

NodeForm NodeReader::form_of(const onnx::NodeProto& node, const Attributes& attributes) const {
  NodeForm form;
  form.op_type = node.op_type();
  form.attributes = attributes;
  for (int index = 0; index < node.input_size(); ++index)
    if (!node.input(index).empty())
      form.set_operand(static_cast<std::size_t>(index), {.value = find(node.input(index)), .literal = {}});
  for (const auto& name : node.output()) form.results.push_back(!name.empty());
  // Old files always name the mask, which was no boolean then, and all five results of a
  // BatchNormalization that trains, of which the last two are gone.
  const auto forget_unread = [&](std::size_t from) {
    for (std::size_t index = from; index < form.results.size(); ++index)
      if (!with_readers_.contains(node.output(static_cast<int>(index)))) form.results[index] = false;
  };
  if (node.op_type() == "Dropout") forget_unread(1);
  // The second says that it trains.
  if (node.op_type() == "BatchNormalization" && node.output_size() == 5 && form.results[1])
    forget_unread(3);
  while (!form.results.empty() && !form.results.back()) form.results.pop_back();
  return form;
}

// False when the node has to stay opaque.
Result<bool> NodeReader::read_known(const onnx::NodeProto& node, const OpInfo& row, NodeForm form) {
  std::optional<std::string> reason;
  if (row.onnx_domain.empty()) reason = raise_to_newest(form, context_.opset);
  if (!reason) reason = to_row_form(form, row);
  if (!reason) reason = misfit(form, row);
  if (reason) {
    context_.problems.remark(node_place(node), fmt::format("is kept as it is: {}", *reason));
    return false;
  }
  RCC_TRY(check_against(form, row));
  Graph::NodeSpec spec;
  spec.op = &row;
  for (std::size_t index = 0; index < form.operands.size(); ++index) {
    const OperandForm& operand = form.operands[index];
    const std::string_view role =
        index < row.operands.size() ? row.operands[index].name : std::string_view("operand");
    spec.operands.push_back(operand.literal
                                ? constant_operand(*operand.literal, node.output(0), role)
                                : operand.value);
  }
  for (auto& [name, value] : form.attributes)
    spec.attributes.push_back({context_.graph.intern(name), std::move(value)});
  for (const auto& name : node.input())
    if (Value* value = find(name); value && std::ranges::find(spec.operands, value) == spec.operands.end())
      folded_.push_back(value->id());
  Node& added = add(node, std::move(spec), form.results.size());
  RCC_TRY(settle_types(node, added));
  return true;
}

void NodeReader::drop_folded_constants() {
  for (const ValueId id : folded_) {
    Value* value = context_.graph.value(id);
    if (value != nullptr && value->is_constant() && value->is_unused())
      context_.graph.remove_value(*value);
  }
}

Result<void> NodeReader::read_opaque(const onnx::NodeProto& node, Attributes attributes) {
  Graph& graph = context_.graph;
  Graph::NodeSpec spec;
  spec.op = &graph.opaque_op(normal_domain(node.domain()), node.op_type());
  for (const auto& name : node.input())
    spec.operands.push_back(name.empty() ? nullptr : find(name));
  while (!spec.operands.empty() && spec.operands.back() == nullptr) spec.operands.pop_back();
  Strings captures;
  for (const auto& [name, value] : attributes) {
    const auto* raw = std::get_if<RawAttribute>(&value);
    if (raw == nullptr) continue;
    for (const std::string& captured : captured_names(*raw))
      if (std::ranges::find(captures, captured) == captures.end()) captures.push_back(captured);
  }
  for (const std::string& name : captures) spec.operands.push_back(find(name));
  if (!captures.empty() && !attributes.emplace(kCaptures, std::move(captures)).second)
    return fail(ErrorKind::input, fmt::format("the attribute name `{}` is reserved", kCaptures));
  if (!node.overload().empty() && !attributes.emplace(kOverload, node.overload()).second)
    return fail(ErrorKind::input, fmt::format("the attribute name `{}` is reserved", kOverload));
  for (auto& [name, value] : attributes)
    spec.attributes.push_back({graph.intern(name), std::move(value)});
  Node& added = add(node, std::move(spec), static_cast<std::size_t>(node.output_size()));
  return settle_types(node, added);
}

// A name that neither the file nor the graph has.
Value* NodeReader::constant_operand(const Tensor& tensor, std::string_view result,
                                    std::string_view operand) {
  std::string name = fmt::format("{}_{}", result, operand);
  for (int number = 1; reserved_.contains(name) || context_.graph.find_value(name); ++number)
    name = fmt::format("{}_{}_{}", result, operand, number);
  return &context_.graph.add_constant(name, tensor);
}

Node& NodeReader::add(const onnx::NodeProto& node, Graph::NodeSpec spec, std::size_t results) {
  for (std::size_t index = 0; index < results; ++index) {
    const std::string& name = node.output(static_cast<int>(index));
    spec.results.push_back({.name = name, .type = {}, .is_absent = name.empty()});
  }
  if (!node.name().empty()) spec.provenance.sources.push_back(context_.graph.intern(node.name()));
  Node& added = context_.graph.add_node(std::move(spec));
  for (std::size_t index = 0; index < results; ++index)
    if (added.result(index)) define(node.output(static_cast<int>(index)), *added.result(index));
  return added;
}

// Infers, then fills in from value_info what is still open.
Result<void> NodeReader::settle_types(const onnx::NodeProto& node, Node& added) {
  if (reads_suspect(added)) {
    mark_suspect(node);
    return {};
  }
  RCC_TRY(infer_types(context_.graph, added));
  for (std::size_t index = 0; index < added.result_count(); ++index) {
    Value* result = added.result(index);
    if (result == nullptr) continue;
    const auto stated = stated_.find(result->name());
    if (stated == stated_.end()) continue;
    const Type type = RCC_TRY(read_type(stated->second->type(), context_.graph.symbols()));
    if (auto merged = merge_types(result->type(), type)) {
      context_.graph.set_type(*result, std::move(*merged));
      continue;
    }
    const auto text = [&](const Type& shown) { return to_text(shown, context_.graph.symbols()); };
    context_.problems.warn(node_place(node),
                           fmt::format("value_info states {} for `{}`, which is {}; it is ignored",
                                       text(type), result->name(), text(result->type())));
  }
  return {};
}

bool NodeReader::reads_suspect(const Node& node) const {
  if (suspects_.empty()) return false;
  for (std::size_t index = 0; index < node.operand_count(); ++index)
    if (suspects_.contains(node.operand(index))) return true;
  return false;
}

// Stands in for the results, so that the nodes after it can be read as well.
void NodeReader::mark_suspect(const onnx::NodeProto& node) {
  for (const auto& name : node.output()) {
    if (name.empty()) continue;
    if (find(name) == nullptr) define(name, context_.graph.add_input(name, Type()));
    suspects_.insert(find(name));
  }
}

}  // namespace rcc
