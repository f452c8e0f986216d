#include "tools/rcc/graph_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "ir/interpreter.h"
#include "ir/print_value.h"
#include "tools/rcc/graph_match.h"

namespace rcc {

namespace {

std::string type_of(const Value& value) { return to_text(value.type(), value.graph().symbols()); }

// The payload that a constant or a dequantized constant stands for.
std::optional<Tensor> stored_tensor(const Value* value) {
  if (value == nullptr) return std::nullopt;
  if (value->is_constant()) return value->tensor();
  const Node* node = value->producer();
  if (node == nullptr || !node->is(OpKind::dequantize)) return std::nullopt;
  std::vector<const Tensor*> operands;
  for (std::size_t i = 0; i < node->operand_count(); ++i) {
    const Value* operand = node->operand(i);
    if (operand != nullptr && !operand->is_constant()) return std::nullopt;
    operands.push_back(operand == nullptr ? nullptr : &operand->tensor());
  }
  auto results = interpret(*node, operands);
  if (!results || results->empty()) return std::nullopt;
  return results->front();
}

std::string stored_type(const Value& value) {
  const Node* node = value.producer();
  return node == nullptr ? type_of(value)
                         : fmt::format("{} from {}", type_of(value),
                                       type_of(*node->operand(std::size_t{0})));
}

std::string operand_name(const Node& node, std::size_t index) {
  const std::vector<OperandInfo>& rows = node.op().operands;
  if (index < rows.size() && rows[index].arity != Arity::variadic)
    return std::string(rows[index].name);
  return std::to_string(index);
}

std::string result_name(const Node& node, std::size_t index) {
  const std::vector<ResultInfo>& rows = node.op().results;
  if (index < rows.size() && rows[index].arity != Arity::variadic)
    return std::string(rows[index].name);
  return fmt::format("result {}", index);
}

// With the operator that computes it: a name may stay when that changes.
std::string value_name(const Value* value) {
  if (value == nullptr) return {};
  if (value->producer() != nullptr)
    return fmt::format("%{} of {}", value->name(), value->producer()->op().name);
  return fmt::format("{}{}", value->is_constant() ? '@' : '%', value->name());
}

std::string attribute_text(const Node& node, std::string_view name) {
  for (const NamedAttribute& attribute : node.attributes()) {
    if (attribute.name != name) continue;
    std::string text;
    PrintOptions options;
    ValuePrinter(text, options, node.graph().symbols(), nullptr)
        .print(attribute.value, node.op().find_attribute(name));
    return text;
  }
  return {};
}

class Differ {
 public:
  Differ(const Graph& a, const Graph& b) : a_(a), b_(b), match_(a, b) {}

  GraphDiff run() {
    compare_inputs();
    compare_outputs();
    for (const auto& [before, after] : match_.pairs()) {
      if (after == nullptr)
        out_.nodes.push_back({NodeChange::Kind::removed, std::string(before->label()),
                              std::string(before->op().name), {}});
      else
        compare_nodes(*before, *after);
    }
    for (const Node* node : match_.added())
      out_.nodes.push_back(
          {NodeChange::Kind::added, std::string(node->label()), std::string(node->op().name), {}});
    return std::move(out_);
  }

  const GraphMatch& match() const { return match_; }

 private:
  void note(std::vector<PartChange>& parts, std::string what, std::string before,
            std::string after) {
    if (before != after) parts.push_back({std::move(what), std::move(before), std::move(after)});
  }

  void compare_inputs() {
    std::set<const Value*> seen;
    for (const Value* input : a_.inputs()) {
      const Value* there = match_.image(*input);
      seen.insert(there);
      const auto text = [](const Value* value) {
        return value ? fmt::format("%{}: {}", value->name(), type_of(*value)) : std::string();
      };
      note(out_.interface, "input", text(input), text(there));
    }
    for (const Value* input : b_.inputs())
      if (!seen.contains(input))
        note(out_.interface, "input", "", fmt::format("%{}: {}", input->name(), type_of(*input)));
  }

  void compare_outputs() {
    const auto text = [](const Graph& graph, std::size_t i) {
      if (i >= graph.outputs().size()) return std::string();
      const GraphOutput& output = graph.outputs()[i];
      return fmt::format("{}: {}", output.name, type_of(*output.value));
    };
    for (std::size_t i = 0; i < std::max(a_.outputs().size(), b_.outputs().size()); ++i) {
      note(out_.interface, fmt::format("output {}", i), text(a_, i), text(b_, i));
      if (i >= a_.outputs().size() || i >= b_.outputs().size()) continue;
      const Value* source = match_.image(*a_.outputs()[i].value);
      if (source != nullptr && source != b_.outputs()[i].value)
        note(out_.interface, fmt::format("source of output {}", i), value_name(source),
             value_name(b_.outputs()[i].value));
    }
  }

  void compare_nodes(const Node& before, const Node& after) {
    NodeChange change{NodeChange::Kind::changed, std::string(before.label()),
                      std::string(before.op().name), {}};
    note(change.parts, "operator", std::string(before.op().name), std::string(after.op().name));
    std::set<std::string_view> names;
    for (const Node* node : {&before, &after})
      for (const NamedAttribute& attribute : node->attributes()) names.insert(attribute.name);
    for (const std::string_view name : names)
      note(change.parts, fmt::format("attribute {}", name), attribute_text(before, name),
           attribute_text(after, name));
    for (std::size_t i = 0; i < std::max(before.operand_count(), after.operand_count()); ++i)
      compare_operands(before, after, i, change.parts);
    for (std::size_t i = 0; i < std::max(before.result_count(), after.result_count()); ++i) {
      const auto type = [i](const Node& node) {
        return node.result(i) == nullptr ? std::string() : type_of(*node.result(i));
      };
      note(change.parts, fmt::format("type of {}", result_name(before, i)), type(before),
           type(after));
    }
    if (change.parts.empty())
      ++out_.equal_nodes;
    else
      out_.nodes.push_back(std::move(change));
  }

  void compare_operands(const Node& before, const Node& after, std::size_t index,
                        std::vector<PartChange>& parts) {
    const Value* mine = before.operand(index);
    const Value* theirs = after.operand(index);
    if (mine == nullptr && theirs == nullptr) return;
    const std::string name = operand_name(before, index);
    const std::optional<Tensor> stored_before = stored_tensor(mine);
    const std::optional<Tensor> stored_after = stored_tensor(theirs);
    if (stored_before && stored_after) {
      TensorChange change{std::string(before.label()), name, stored_type(*mine),
                          stored_type(*theirs), tensor_delta(*stored_before, *stored_after)};
      const bool is_equal =
          change.type_before == change.type_after &&
          (change.delta ? change.delta->is_equal()
                        : stored_before->is_elided() == stored_after->is_elided() &&
                              (stored_before->is_elided() ||
                               stored_before->same_contents(*stored_after)));
      if (is_equal)
        ++out_.equal_tensors;
      else
        out_.tensors.push_back(std::move(change));
      return;
    }
    const Value* image = mine == nullptr ? nullptr : match_.image(*mine);
    if (image != nullptr && image == theirs) return;
    parts.push_back({fmt::format("operand {}", name), value_name(mine), value_name(theirs)});
  }

  const Graph& a_;
  const Graph& b_;
  GraphMatch match_;
  GraphDiff out_;
};

// Results that both graphs compute, in the order of graph a.
struct ResultPairs {
  std::vector<const Value*> before;
  std::vector<const Value*> after;
  std::vector<std::pair<std::string, std::string>> names;
};

ResultPairs result_pairs(const GraphMatch& match) {
  ResultPairs pairs;
  for (const auto& [node, there] : match.pairs()) {
    if (there == nullptr) continue;
    for (std::size_t i = 0; i < node->result_count(); ++i) {
      if (node->result(i) == nullptr || there->result(i) == nullptr) continue;
      pairs.before.push_back(node->result(i));
      pairs.after.push_back(there->result(i));
      pairs.names.emplace_back(node->label(), result_name(*node, i));
    }
  }
  return pairs;
}

// What graph b is to be given when graph a is given `inputs`: inputs are paired by name, and may
// stand in another order.
Result<std::vector<Tensor>> inputs_there(const Graph& a, const Graph& b, const GraphMatch& match,
                                         const std::vector<Tensor>& inputs) {
  std::vector<Tensor> there;
  for (const Value* wanted : b.inputs()) {
    const auto mine = std::find_if(a.inputs().begin(), a.inputs().end(),
                                   [&](Value* input) { return match.image(*input) == wanted; });
    if (mine == a.inputs().end())
      return fail(ErrorKind::input,
                  fmt::format("only the second model has an input %{}, so the two cannot be run on "
                              "the same numbers",
                              wanted->name()),
                  "leave out --run");
    there.push_back(inputs[static_cast<std::size_t>(mine - a.inputs().begin())]);
  }
  return there;
}

}  // namespace

GraphDiff diff(const Graph& a, const Graph& b) { return Differ(a, b).run(); }

Result<GraphDiff> diff_with_results(const Graph& a, const Graph& b, std::uint64_t seed) {
  Differ differ(a, b);
  GraphDiff out = differ.run();
  const ResultPairs pairs = result_pairs(differ.match());
  const std::vector<Tensor> inputs = RCC_TRY(sample_inputs(a, seed));
  const std::vector<Tensor> before = RCC_TRY(interpret_values(a, inputs, pairs.before));
  const std::vector<Tensor> inputs_of_b = RCC_TRY(inputs_there(a, b, differ.match(), inputs));
  const std::vector<Tensor> after = RCC_TRY(interpret_values(b, inputs_of_b, pairs.after));
  for (std::size_t i = 0; i < before.size(); ++i) {
    TensorChange change{pairs.names[i].first, pairs.names[i].second,
                        to_text(before[i].type(), SymbolTable()),
                        to_text(after[i].type(), SymbolTable()), tensor_delta(before[i], after[i])};
    if (change.delta && change.delta->is_equal())
      ++out.equal_results;
    else
      out.results.push_back(std::move(change));
  }
  return out;
}

}  // namespace rcc
