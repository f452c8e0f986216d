#include "ir/verifier.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/op_check.h"
#include "ir/parse_value.h"
#include "ir/shape_inference.h"

namespace rcc {

namespace {

constexpr std::size_t kMostProblems = 20;

// An operator with its label and the types of what it reads and makes.
std::string describe(const Node& node) {
  const SymbolTable& symbols = node.graph().symbols();
  std::string text = fmt::format("{} `{}` (", node.op().name, node.label());
  for (std::size_t i = 0; i < node.operand_count(); ++i) {
    if (i > 0) text += ", ";
    text += node.operand(i) == nullptr ? "none" : to_text(node.operand(i)->type(), symbols);
  }
  text += ") ->";
  for (std::size_t i = 0; i < node.result_count(); ++i) {
    text += i > 0 ? ", " : " ";
    text += node.result(i) == nullptr ? "none" : to_text(node.result(i)->type(), symbols);
  }
  return text;
}

class Verifier {
 public:
  explicit Verifier(const Graph& graph) : graph_(graph) {}
  Result<void> run();

 private:
  bool is_full() const { return error_.diagnostics.size() >= kMostProblems; }
  void report(std::string place, std::string message, std::string help = {});
  void report(const Node& node, std::string message) { report(describe(node), std::move(message)); }
  void report(const Value& value, std::string message) {
    report(fmt::format("{}{}", value.is_constant() ? '@' : '%', value.name()), std::move(message));
  }
  void check_list();
  void check_node(const Node& node);
  void check_operands(const Node& node);
  void check_attributes(const Node& node);
  void check_types(const Node& node);
  void check_value(const Value& value);
  void check_uses(const Value& value);
  void check_outputs();

  const Graph& graph_;
  Error error_;
  // Operand slots and outputs that are each value, counted from their side.
  IdMap<ValueId, std::uint32_t> slots_;
  IdMap<ValueId, std::uint32_t> outputs_;
};

void Verifier::report(std::string place, std::string message, std::string help) {
  if (is_full()) return;
  Diagnostic diagnostic;
  diagnostic.message = std::move(message);
  diagnostic.place = fmt::format("graph @{}: {}", graph_.name(), place);
  diagnostic.help = std::move(help);
  error_.diagnostics.push_back(std::move(diagnostic));
  if (is_full()) error_.diagnostics.back().notes.emplace_back("more problems are not shown");
}

void Verifier::check_list() {
  const Node* previous = nullptr;
  std::size_t count = 0;
  for (const Node& node : graph_.nodes()) {
    if (node.previous() != previous || graph_.node(node.id()) != &node)
      return report(node, "the list of nodes is broken");
    if (previous != nullptr && !graph_.is_before(*previous, node))
      report(node, "has no greater number than the node before it");
    previous = &node;
    ++count;
  }
  if (count != graph_.node_count() || previous != graph_.last_node())
    report("list of nodes",
           fmt::format("{} nodes on the list, {} counted", count, graph_.node_count()));
}

void Verifier::check_operands(const Node& node) {
  for (std::size_t i = 0; i < node.operand_count(); ++i) {
    const Value* value = node.operand(i);
    if (value == nullptr) continue;
    if (graph_.value(value->id()) != value) {
      report(node, fmt::format("operand {} is not a value of this graph", i));
      return;
    }
    ++slots_[value->id()];
    const Node* producer = value->producer();
    if (producer != nullptr && !graph_.is_before(*producer, node))
      report(node, fmt::format("operand %{} is defined later", value->name()));
  }
  const std::string problem = operand_problem(node);
  if (!problem.empty()) report(node, problem);

  for (std::size_t i = 0; i < node.result_count(); ++i) {
    const Value* value = node.result(i);
    if (value != nullptr && (value->producer() != &node || value->result_index() != i))
      report(node, fmt::format("result {} belongs to another node", i));
  }
  const std::string result_trouble = result_problem(node);
  if (!result_trouble.empty()) report(node, result_trouble);
}

void Verifier::check_attributes(const Node& node) {
  const std::vector<NamedAttribute>& attributes = node.attributes();
  std::string_view previous;
  for (const NamedAttribute& attribute : attributes) {
    if (&attribute != attributes.data() && previous >= attribute.name)
      report(node, fmt::format("attribute {} is out of order", attribute.name));
    previous = attribute.name;
    if (node.op().is_opaque()) continue;
    const AttributeInfo* info = node.op().find_attribute(attribute.name);
    if (info == nullptr)
      report(node, fmt::format("has no attribute {}", attribute.name));
    else if (type_of(attribute.value) != info->type)
      report(node, fmt::format("attribute {} is {}, not {}", attribute.name,
                               attribute_type_name(type_of(attribute.value)),
                               attribute_type_name(info->type)));
  }
  if (const AttributeInfo* missing = missing_attribute(node.op(), attributes))
    report(node, fmt::format("needs the attribute {}", missing->name));
}

void Verifier::check_types(const Node& node) {
  if (node.op().infer == nullptr) return;
  Result<std::vector<Type>> inferred = infer_checked_node(graph_, node);
  if (!inferred) {
    Diagnostic& first = inferred.error().diagnostics.front();
    return report(describe(node), std::move(first.message), std::move(first.help));
  }
  const std::size_t count = std::min(node.result_count(), inferred->size());
  for (std::size_t i = 0; i < count; ++i) {
    const Value* result = node.result(i);
    if (result == nullptr || is_compatible(result->type(), (*inferred)[i])) continue;
    report(node, fmt::format("%{} is recorded as {}, but it is {}", result->name(),
                             to_text(result->type(), graph_.symbols()),
                             to_text((*inferred)[i], graph_.symbols())));
  }
}

void Verifier::check_node(const Node& node) {
  const std::size_t before = error_.diagnostics.size();
  check_operands(node);
  check_attributes(node);
  // What shape functions rely on holds.
  if (error_.diagnostics.size() == before) check_types(node);
}

void Verifier::check_uses(const Value& value) {
  const std::uint32_t wanted = slots_[value.id()];
  std::uint32_t count = 0;
  for (const Use& use : value.uses()) {
    if (++count > wanted) break;
    if (graph_.node(use.user().id()) != &use.user() || use.user().operand(use.operand()) != &value)
      return report(value, "its list of uses names a node that does not read it");
  }
  if (count != wanted || value.use_count() != wanted)
    report(value, fmt::format("{} operands read it, its list of uses has {} and counts {}", wanted,
                              count, value.use_count()));
  if (value.output_count() != outputs_[value.id()])
    report(value, fmt::format("{} outputs are it, it counts {}", outputs_[value.id()],
                              value.output_count()));
}

void Verifier::check_value(const Value& value) {
  if (graph_.find_value(value.name()) != &value) report(value, "its name is not its own");
  if (value.is_sparse() && !value.is_constant()) report(value, "is sparse, but no constant");
  if (value.is_constant() && value.type() != value.tensor().type())
    report(value, fmt::format("is recorded as {}, but its tensor is {}",
                              to_text(value.type(), graph_.symbols()),
                              to_text(value.tensor().type(), graph_.symbols())));
  check_uses(value);
}

void Verifier::check_outputs() {
  for (const GraphOutput& output : graph_.outputs()) {
    if (output.value == nullptr || graph_.value(output.value->id()) != output.value)
      return report("outputs", fmt::format("{} is not a value of this graph", output.name));
    ++outputs_[output.value->id()];
  }
}

Result<void> Verifier::run() {
  // Grown to its size at once.
  if (const std::uint32_t count = graph_.value_id_limit(); count > 0)
    slots_[ValueId{count - 1}] = outputs_[ValueId{count - 1}] = 0;
  check_list();
  check_outputs();
  // Broken lists make everything else unreliable.
  if (!error_.diagnostics.empty()) return fail(std::move(error_));
  for (const Node& node : graph_.nodes()) {
    check_node(node);
    if (is_full()) return fail(std::move(error_));
  }
  for (std::uint32_t i = 0; i < graph_.value_id_limit() && !is_full(); ++i)
    if (const Value* value = graph_.value(ValueId{i})) check_value(*value);
  if (!error_.diagnostics.empty()) return fail(std::move(error_));
  return {};
}

}  // namespace

Result<void> verify(const Graph& graph) {
  if (graph.is_known_good()) return {};
  RCC_TRY(Verifier(graph).run());
  graph.set_known_good();
  return {};
}

}  // namespace rcc
