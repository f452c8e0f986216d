// Merge nodes that compute the same from the same operands.
//
// Equal are two nodes of one operator with the same operands and attributes;
// operands of a commutative operator may stand in either order. The first node
// stays; where the other is an output of the graph it gives its name to the first.
//
// Equal constants are merged where they are integers, or parameters such as
// quantization scales. Equal weights, biases and statistics stay apart: layers
// that share one are pruned and trained together, which equal numbers do not ask
// for.
//
// Left alone: operators that the table does not know, dropouts, taps, and a pair
// of results that are both outputs of the graph.
//
// Run it after fold_constants, before passes that look for shared values.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "ir/hash_attribute.h"
#include "passes/pass.h"

namespace rcc {

namespace {

// Contents of larger constants are not looked at.
constexpr std::int64_t kMaxElements = 1024;

bool is_mergeable(const Node& node) {
  if (node.op().is_opaque() || node.is(OpKind::dropout) || node.is(OpKind::tap)) return false;
  return std::none_of(node.attributes().begin(), node.attributes().end(), [](const auto& a) {
    const auto* tensor = std::get_if<Tensor>(&a.value);
    return tensor != nullptr && (tensor->is_elided() || tensor->element_count() > kMaxElements);
  });
}

Digest digest_of(const Node& node) {
  std::vector<std::uint64_t> operands;
  for (std::size_t i = 0; i < node.operand_count(); ++i)
    operands.push_back(node.operand(i) == nullptr ? UINT64_MAX : node.operand(i)->id().index);
  if (node.op().is_commutative) std::sort(operands.begin(), operands.end());
  Hasher hasher;
  hasher.add(node.op().name);
  for (const std::uint64_t operand : operands) hasher.add(operand);
  for (std::size_t i = 0; i < node.result_count(); ++i)
    hasher.add(static_cast<std::uint64_t>(node.result(i) != nullptr));
  for (const NamedAttribute& attribute : node.attributes()) {
    hasher.add(attribute.name);
    hash_attribute(hasher, attribute.value);
  }
  return hasher.digest();
}

bool are_both_outputs(const Node& a, const Node& b) {
  for (std::size_t i = 0; i < a.result_count(); ++i)
    if (a.result(i) != nullptr && a.result(i)->is_output() && b.result(i)->is_output()) return true;
  return false;
}

void merge(Graph& graph, Node& first, Node& other) {
  for (std::size_t i = 0; i < first.result_count(); ++i) {
    if (first.result(i) == nullptr) continue;
    Value& stays = *first.result(i);
    Value& goes = *other.result(i);
    const bool gives_name = goes.is_output();
    if (!stays.range()) stays.set_range(goes.range());
    graph.replace_all_uses(goes, stays);
    if (gives_name) graph.take_name(stays, goes);
  }
  graph.merge_provenance(first, other);
  graph.erase(other);
}

bool is_parameter(const Value& constant) {
  for (const Use& use : constant.uses()) {
    const auto& operands = use.user().op().operands;
    if (use.user().op().is_opaque() || operands.empty()) return false;
    const Role role = operands[std::min<std::size_t>(use.operand(), operands.size() - 1)].role;
    if (role == Role::weight || role == Role::bias || role == Role::statistic) return false;
    if (role != Role::parameter && !is_integer(constant.type().dtype)) return false;
  }
  return true;
}

std::int64_t merge_constants(Graph& graph) {
  std::map<Digest, Value*> seen;
  std::int64_t merged = 0;
  const std::vector<Value*> constants = graph.constants();
  for (Value* constant : constants) {
    const Tensor& tensor = constant->tensor();
    if (tensor.is_elided() || tensor.element_count() > kMaxElements || constant->is_output() ||
        constant->is_sparse() || !is_parameter(*constant))
      continue;
    const auto [first, is_new] = seen.emplace(tensor.digest(), constant);
    if (is_new) continue;
    graph.replace_all_uses(*constant, *first->second);
    graph.remove_value(*constant);
    ++merged;
  }
  return merged;
}

Result<void> run(Graph& graph, const NoOptions&, PassContext& context) {
  const std::int64_t constants = merge_constants(graph);
  std::map<Digest, Node*> seen;
  std::int64_t nodes = 0;
  for (Node& node : graph.nodes()) {
    if (!is_mergeable(node)) continue;
    const auto [first, is_new] = seen.emplace(digest_of(node), &node);
    if (is_new) continue;
    if (are_both_outputs(*first->second, node)) {
      context.declined(node, fmt::format("it equals {}, but both are outputs of the graph",
                                         first->second->label()));
      continue;
    }
    merge(graph, *first->second, node);
    ++nodes;
  }
  context.report().summary = fmt::format("{} nodes and {} constants merged", nodes, constants);
  context.report().facts = {{"nodes", nodes}, {"constants", constants}};
  return {};
}

}  // namespace

PassDef merge_equal_nodes() { return graph_pass<NoOptions>({.effect = Effect::exact}, run); }

}  // namespace rcc
