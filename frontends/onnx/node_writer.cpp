#include "frontends/onnx/node_writer.h"

#include <algorithm>

#include "frontends/onnx/canonical.h"
#include "frontends/onnx/proto.h"
#include "frontends/onnx/subgraph.h"
#include "frontends/onnx/versions.h"

namespace rcc {

namespace {

constexpr std::uint32_t kGraphNode = 1;

// How many of a node's last operands are captures of its subgraphs.
const Strings* captures_of(const Node& node) {
  return node.has_attribute(kCaptures) ? std::get_if<Strings>(&node.attribute(kCaptures)) : nullptr;
}

}  // namespace

NodeForm form_of(const Node& node) {
  NodeForm form;
  form.op_type = node.op().onnx_name;
  for (std::size_t index = 0; index < node.operand_count(); ++index)
    form.operands.push_back({.value = node.operand(index), .literal = {}});
  for (const NamedAttribute& attribute : node.attributes()) form.set(attribute.name, attribute.value);
  for (std::size_t index = 0; index < node.result_count(); ++index)
    form.results.push_back(node.result(index) != nullptr);
  return form;
}

std::string place_of(const Node& node) {
  const std::string_view type = node.op().onnx_name.empty() ? node.op().name : node.op().onnx_name;
  return fmt::format("node `{}` ({})", node.label(), type);
}

const std::string& NodeWriter::name_of(const Value& value) {
  is_read_[value.id()] = true;
  return names_.value(value);
}

Result<void> NodeWriter::write(const Node& node) {
  onnx::NodeProto proto;
  Result<void> written =
      node.op().is_opaque() ? write_opaque(node, proto) : write_known(node, proto);
  if (!written) return fail(std::move(written).error().with_place(place_of(node)));
  proto.set_name(names_.node(node));
  if (!node.op().onnx_domain.empty()) proto.set_domain(std::string(node.op().onnx_domain));
  append(proto);
  return {};
}

void NodeWriter::write_copy(const Value& value, std::string_view result) {
  onnx::NodeProto proto;
  proto.add_input(name_of(value));
  proto.add_output(std::string(result));
  proto.set_op_type("Identity");
  append(proto);
}

Result<void> NodeWriter::write_known(const Node& node, onnx::NodeProto& proto) {
  if (node.op().onnx_name.empty())
    return fail(ErrorKind::input, fmt::format("`{}` has no place in an ONNX file", node.op().name),
                "run the pass that removes it before the model is written");
  NodeForm form = form_of(node);
  if (auto refusal = to_onnx_form(form, node.op())) return fail(ErrorKind::input, *refusal);
  if (node.op().onnx_domain.empty())
    if (auto obstacle = lower_to(form, opset_))
      return fail(ErrorKind::input,
                  fmt::format("it cannot be written at opset {}: {}", opset_, obstacle->reason));
  for (std::size_t index = 0; index < form.operands.size(); ++index) {
    const OperandForm& operand = form.operands[index];
    if (operand.literal) {
      const Value* result = node.result();
      std::string name = names_.fresh(
          fmt::format("{}_operand_{}", result ? result->name() : node.label(), index));
      proto.add_input(name);
      initializers_.push_back({std::move(name), *operand.literal});
    } else {
      proto.add_input(operand.value ? name_of(*operand.value) : std::string());
    }
  }
  proto.set_op_type(form.op_type);
  for (const auto& [name, value] : form.attributes)
    RCC_TRY(write_attribute(name, value, *proto.add_attribute()));
  write_results(node, proto);
  // Results that an older form has to name.
  for (std::size_t index = node.result_count(); index < form.results.size(); ++index)
    proto.add_output(names_.fresh(fmt::format("{}_result_{}", node.label(), index)));
  return {};
}

Result<void> NodeWriter::write_opaque(const Node& node, onnx::NodeProto& proto) {
  static const Strings kNone;
  const Strings* captures = captures_of(node);
  const std::size_t captured = captures ? captures->size() : 0;
  if (captured > node.operand_count())
    return fail(ErrorKind::input, "it has fewer operands than its subgraphs capture");
  for (std::size_t index = 0; index + captured < node.operand_count(); ++index) {
    const Value* operand = node.operand(index);
    proto.add_input(operand ? name_of(*operand) : std::string());
  }
  proto.set_op_type(std::string(node.op().onnx_name));
  write_results(node, proto);
  return write_captures(node, captures ? *captures : kNone, proto);
}

// Attributes, in whose subgraphs the captures get the names that the values have now.
Result<void> NodeWriter::write_captures(const Node& node, const Strings& captures,
                                        onnx::NodeProto& proto) {
  std::map<std::string, std::string, std::less<>> renamed;
  const std::size_t first = node.operand_count() - captures.size();
  for (std::size_t index = 0; index < captures.size(); ++index) {
    const Value* value = node.operand(first + index);
    if (value == nullptr)
      return fail(ErrorKind::input, fmt::format("the value `{}` of its subgraph is absent", captures[index]));
    std::string name = name_of(*value);
    if (name == captures[index]) continue;
    const auto clashes = [&](const NamedAttribute& attribute) {
      const auto* raw = std::get_if<RawAttribute>(&attribute.value);
      return raw && inner_names(*raw).contains(name);
    };
    if (std::ranges::any_of(node.attributes(), clashes)) {
      name = names_.fresh(captures[index]);
      write_copy(*value, name);
    }
    renamed.emplace(captures[index], std::move(name));
  }
  for (const NamedAttribute& attribute : node.attributes()) {
    if (attribute.name == kCaptures) continue;
    if (attribute.name == kOverload) {
      if (const auto* text = std::get_if<std::string>(&attribute.value)) proto.set_overload(*text);
      continue;
    }
    const auto* raw = std::get_if<RawAttribute>(&attribute.value);
    const AttributeValue value =
        raw && !renamed.empty() ? AttributeValue(rename_captures(*raw, renamed)) : attribute.value;
    RCC_TRY(write_attribute(attribute.name, value, *proto.add_attribute()));
  }
  return {};
}

void NodeWriter::write_results(const Node& node, onnx::NodeProto& proto) {
  for (std::size_t index = 0; index < node.result_count(); ++index) {
    const Value* result = node.result(index);
    proto.add_output(result ? names_.value(*result) : std::string());
  }
}

void NodeWriter::append(const onnx::NodeProto& proto) {
  append_field(nodes_, kGraphNode, proto.SerializeAsString());
}

}  // namespace rcc
