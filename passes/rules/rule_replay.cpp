#include "passes/rules/rule_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ir/interpreter.h"
#include "ir/shape_inference.h"
#include "passes/rules/matcher.h"

namespace rcc {

namespace {

tl::unexpected<std::string> cannot(std::string reason) {
  return tl::unexpected<std::string>(std::move(reason));
}

// Nodes of a graph on their own. What they read from outside is an input, or a constant where it
// is.
struct CutOut {
  Graph graph{"cut_out"};
  // Of the source graph, in the order of graph.inputs().
  std::vector<const Value*> inputs;
};

// Size of the free axes of a cut-out's inputs.
struct InputSize {
  std::int64_t batch = 0;
  // 0: as recorded.
  std::int64_t spatial = 0;
};

constexpr std::int64_t kDefaultSpatial = 8;

Type input_type(const Type& type, InputSize size) {
  Type result = type;
  for (std::size_t axis = 0; axis < result.rank(); ++axis) {
    Dim& dim = result.dims[axis];
    if (axis == 0 && size.batch > 0 && (!dim.is_fixed() || dim.size() > size.batch))
      dim = Dim(size.batch);
    else if (axis >= 2 && size.spatial > 0 && (!dim.is_fixed() || dim.size() > size.spatial))
      dim = Dim(size.spatial);
    else if (!dim.is_fixed())
      dim = Dim(axis == 0 ? 1 : kDefaultSpatial);
  }
  return result;
}

std::vector<Node*> in_order(const Graph& graph, std::vector<Node*> nodes) {
  std::sort(nodes.begin(), nodes.end(),
            [&](const Node* a, const Node* b) { return graph.is_before(*a, *b); });
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  return nodes;
}

class CutOutBuilder {
 public:
  // Types of inputs: those of `known` where given, else recorded ones at `size`.
  CutOutBuilder(const Graph& source, const std::map<ValueId, Tensor>& known, InputSize size)
      : source_(source), known_(known), size_(size) {
    result_.graph = Graph("cut_out", source.op_table());
  }

  tl::expected<CutOut, std::string> build(const std::vector<Node*>& nodes,
                                          const std::vector<const Value*>& outputs) {
    for (const Node* node : in_order(source_, nodes))
      if (auto copied = copy(*node); !copied) return cannot(std::move(copied).error());
    for (const Value* output : outputs) {
      auto value = find(*output);
      if (!value) return cannot(std::move(value).error());
      result_.graph.add_output(**value);
    }
    return std::move(result_);
  }

 private:
  tl::expected<Value*, std::string> find(const Value& value) {
    if (const auto known = copies_.find(value.id()); known != copies_.end()) return known->second;
    Value* copy = nullptr;
    if (value.is_constant()) {
      if (value.tensor().is_elided())
        return cannot(fmt::format("the contents of @{} are not known", value.name()));
      copy = &result_.graph.add_constant(value.name(), value.tensor());
    } else {
      const auto known = known_.find(value.id());
      if (known == known_.end() && !known_.empty())
        return cannot(fmt::format("%{} was not part of the site", value.name()));
      if (!value.type().is_ranked || value.type().dtype == DType::unknown)
        return cannot(fmt::format("the type of %{} is not known", value.name()));
      copy = &result_.graph.add_input(value.name(), known != known_.end()
                                                        ? known->second.type()
                                                        : input_type(value.type(), size_));
      result_.inputs.push_back(&value);
    }
    copies_.emplace(value.id(), copy);
    return copy;
  }

  tl::expected<void, std::string> copy(const Node& node) {
    if (node.op().is_opaque()) return cannot(fmt::format("{} cannot be run", node.op().name));
    Graph::NodeSpec spec;
    spec.op = &node.op();
    spec.attributes = node.attributes();
    for (std::size_t i = 0; i < node.operand_count(); ++i) {
      if (node.operand(i) == nullptr) {
        spec.operands.push_back(nullptr);
        continue;
      }
      auto operand = find(*node.operand(i));
      if (!operand) return cannot(std::move(operand).error());
      spec.operands.push_back(*operand);
    }
    for (std::size_t i = 0; i < node.result_count(); ++i) {
      const Value* result = node.result(i);
      spec.results.push_back({result == nullptr ? std::string() : std::string(result->name()),
                              Type(), result == nullptr});
    }
    Node& copied = result_.graph.add_node(std::move(spec));
    for (std::size_t i = 0; i < node.result_count(); ++i)
      if (node.result(i) != nullptr) copies_.emplace(node.result(i)->id(), copied.result(i));
    if (auto inferred = infer_types(result_.graph, copied); !inferred)
      return cannot(inferred.error().message());
    return {};
  }

  const Graph& source_;
  const std::map<ValueId, Tensor>& known_;
  const InputSize size_;
  CutOut result_;
  std::map<ValueId, Value*> copies_;
};

// Half the largest kernel and the middle: then every tap meets an element.
std::int64_t smallest_spatial(const std::vector<Node*>& nodes) {
  std::int64_t size = 2;
  for (const Node* node : nodes) {
    for (std::size_t i = 0; i < node->operand_count(); ++i) {
      const Value* operand = node->operand(i);
      if (operand == nullptr || !operand->is_constant()) continue;
      for (std::size_t axis = 2; axis < operand->tensor().rank(); ++axis)
        size = std::max(size, operand->tensor().shape()[axis] / 2 + 1);
    }
  }
  return size;
}

std::vector<InputSize> sizes_to_try(const std::vector<Node*>& nodes) {
  const std::int64_t least = std::min<std::int64_t>(smallest_spatial(nodes), 64);
  std::vector<InputSize> sizes;
  for (std::int64_t size = least; size <= 2 * least + 8; size += size < 8 ? 1 : 4)
    sizes.push_back({2, size});
  for (const std::int64_t size : {32, 64, 128, 224}) sizes.push_back({2, size});
  sizes.push_back({2, 0});
  sizes.push_back({0, 0});
  return sizes;
}

bool is_equal(const Datum& a, const Datum& b) {
  return a.shape == b.shape && a.data == b.data && a.text == b.text;
}

// Whether a replacement computes the same at both sites: what it computes from sizes need not.
bool agrees(const Expression& expression, const Bindings& a, const Bindings& b) {
  if (!expression.is_build) {
    if (expression.symbol.kind == Symbol::Kind::let)
      return is_equal(a.lets[expression.symbol.index], b.lets[expression.symbol.index]);
    if (expression.type.kind == ExpressionType::Kind::number ||
        expression.type.kind == ExpressionType::Kind::list) {
      const DatumResult left = evaluate(expression, a);
      const DatumResult right = evaluate(expression, b);
      return left && right && is_equal(*left, *right);
    }
  }
  const auto inner = [&](const Expression& part) { return agrees(part, a, b); };
  return std::ranges::all_of(expression.children, inner) &&
         std::ranges::all_of(expression.attributes, [&](const BuildAttribute& attribute) {
           return std::ranges::all_of(attribute.value, inner);
         });
}

// What the rule asks of sizes holds in the cut-out as it did at the site, and its replacement is
// the one of the site.
bool is_site(const CutOut& cut, const Rule& rule, const Bindings& bindings) {
  Node* root = cut.graph.outputs().front().value->producer();
  Matcher matcher(*bindings.options);
  if (root == nullptr || matcher.match(rule, *root) != Matcher::Outcome::yes) return false;
  const auto is_same = [&](const Expression& made) {
    return agrees(made, bindings, matcher.bindings());
  };
  return std::ranges::all_of(rule.definitions, is_same, &NodeDefinition::node) &&
         std::ranges::all_of(rule.replacements, is_same, &Replacement::with);
}

}  // namespace

tl::expected<RuleReplay, std::string> RuleReplay::record(const Graph& graph, const Rule& rule,
                                                         const Bindings& bindings,
                                                         std::uint64_t seed) {
  const std::vector<Value*> observed = observed_results(rule, bindings);
  const std::vector<const Value*> outputs(observed.begin(), observed.end());
  RuleReplay replay;
  tl::expected<CutOut, std::string> cut = cannot("it has no inputs");
  for (const InputSize size : sizes_to_try(bindings.nodes)) {
    cut = CutOutBuilder(graph, replay.inputs_, size).build(bindings.nodes, outputs);
    if (cut && is_site(*cut, rule, bindings)) break;
  }
  if (!cut) return cannot(std::move(cut).error());
  auto inputs = sample_inputs(cut->graph, seed);
  if (!inputs) return cannot(inputs.error().message());
  auto results = interpret(cut->graph, *inputs);
  if (!results) return cannot(results.error().message());
  for (std::size_t i = 0; i < cut->inputs.size(); ++i)
    replay.inputs_.emplace(cut->inputs[i]->id(), (*inputs)[i]);
  replay.expected_ = std::move(*results);
  for (const Node* node : bindings.nodes) replay.matched_.push_back(node->id());
  return replay;
}

tl::expected<RuleReplay::Difference, std::string> RuleReplay::compare(
    const Graph& graph, const Rewrite& rewrite) const {
  std::vector<Node*> nodes = rewrite.new_nodes;
  nodes.insert(nodes.end(), rewrite.reused_nodes.begin(), rewrite.reused_nodes.end());
  for (const NodeId id : matched_)
    if (Node* node = graph.node(id)) nodes.push_back(node);
  const std::vector<const Value*> outputs(rewrite.results.begin(), rewrite.results.end());
  auto cut = CutOutBuilder(graph, inputs_, {}).build(nodes, outputs);
  if (!cut) return cannot(std::move(cut).error());
  std::vector<Tensor> inputs;
  for (const Value* input : cut->inputs) inputs.push_back(inputs_.at(input->id()));
  auto results = interpret(cut->graph, inputs);
  if (!results) return cannot(results.error().message());
  Difference difference;
  for (std::size_t i = 0; i < expected_.size(); ++i) {
    difference.relative =
        std::max(difference.relative, relative_difference((*results)[i], expected_[i]));
    difference.is_bitwise_equal =
        difference.is_bitwise_equal && (*results)[i].same_contents(expected_[i]);
  }
  return difference;
}

}  // namespace rcc
