#include "ir/interpreter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ir/ops/compute.h"
#include "ir/shape_inference.h"
#include "ir/support/random.h"

namespace rcc {

namespace {

std::string place_of(const Node& node) {
  return fmt::format("{} `{}`", node.op().name, escape_for_display(node.label()));
}

Result<void> check_can_run(const Node& node, std::span<const Tensor* const> operands) {
  if (node.op().is_opaque() || !node.op().interpret) {
    return fail(ErrorKind::input,
                fmt::format("the interpreter does not know the operator {}", node.op().name));
  }
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (!operands[i]) continue;
    // What only moves elements sees to itself.
    if (!node.op().keeps_scale) RCC_TRY(require_numbers(*operands[i]));
    if (!operands[i]->is_elided()) continue;
    return fail(ErrorKind::input, fmt::format("operand {} has no contents", i),
                "fill elided constants, for example with rcc-opt --fill-seed=1");
  }
  return {};
}

// The node alone in a graph where the operands are constants, so that its shape function sees exact
// types and contents, and checks them.
Node& isolate(Graph& graph, const Node& node, std::span<const Tensor* const> operands) {
  Graph::NodeSpec spec{.op = &node.op(),
                       .operands = {},
                       .attributes = node.attributes(),
                       .results = {},
                       .provenance = node.provenance()};
  for (const Tensor* operand : operands) {
    spec.operands.push_back(operand ? &graph.add_constant("", *operand) : nullptr);
  }
  for (std::size_t i = 0; i < node.result_count(); ++i) {
    const Value* result = node.result(i);
    spec.results.push_back({.name = result ? std::string(result->name()) : std::string(),
                            .type = {},
                            .is_absent = result == nullptr});
  }
  return graph.add_node(std::move(spec));
}

// The results when none of them has elements: nothing to compute, whatever the sizes of the rest.
std::optional<std::vector<Tensor>> empty_results(const Node& node) {
  std::vector<Tensor> results(node.result_count());
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!node.result(i)) continue;
    const Type& type = node.result(i)->type();
    if (type.element_count() != 0 || !is_numeric(type.dtype)) return std::nullopt;
    results[i] = Tensor::allocate(type.dtype, sizes_of(type));
  }
  return results;
}

Result<std::vector<Tensor>> run_isolated(const Node& node,
                                         std::span<const Tensor* const> operands) {
  RCC_TRY(check_can_run(node, operands));
  Graph graph("node", node.graph().op_table());
  Node& copy = isolate(graph, node, operands);
  const std::vector<Type> types = RCC_TRY(infer_result_types(graph, copy));
  for (std::size_t i = 0; i < copy.result_count(); ++i) {
    RCC_TRY(check_result_size(types[i]));
    if (copy.result(i)) graph.set_type(*copy.result(i), types[i]);
  }
  if (auto empty = empty_results(copy)) return std::move(*empty);
  std::vector<Tensor> results = RCC_TRY(node.op().interpret(copy, operands));
  for (std::size_t i = 0; i < copy.result_count(); ++i) {
    if (!copy.result(i)) continue;
    RCC_CHECK(i < results.size() && results[i].type() == types[i], "{}: result {}", place_of(node),
              i);
  }
  return results;
}

}  // namespace

Result<std::vector<Tensor>> interpret(const Node& node, std::span<const Tensor* const> operands) {
  auto results = run_isolated(node, operands);
  if (!results) return fail(std::move(results).error().with_place(place_of(node)));
  return results;
}

namespace {

Result<void> check_inputs(const Graph& graph, std::span<const Tensor> inputs) {
  if (inputs.size() != graph.inputs().size()) {
    return fail(ErrorKind::input, fmt::format("{} inputs given, the graph has {}", inputs.size(),
                                              graph.inputs().size()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Type& expected = graph.inputs()[i]->type();
    bool fits = expected.dtype == DType::unknown || expected.dtype == inputs[i].dtype();
    if (expected.is_ranked) {
      fits = fits && expected.rank() == inputs[i].rank();
      for (std::size_t j = 0; fits && j < expected.rank(); ++j) {
        const Dim dim = expected.dims[j];
        fits = !dim.is_fixed() || dim.size() == inputs[i].shape()[j];
      }
    }
    if (fits) continue;
    return fail(ErrorKind::input, fmt::format("input `{}` has type {}, expected {}",
                                              escape_for_display(graph.inputs()[i]->name()),
                                              to_text(inputs[i].type(), graph.symbols()),
                                              to_text(expected, graph.symbols())));
  }
  return {};
}

// Runs what the wanted values need, each node once, and drops every result after its last use.
class GraphRun {
 public:
  GraphRun(const Graph& graph, std::span<const Tensor> inputs, std::span<const Value* const> wanted)
      : graph_(graph), wanted_(wanted) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      tensors_[graph.inputs()[i]->id()] = inputs[i];
    }
    for (const Value* value : wanted) ++pending_uses_[value->id()];
    for (const Node& node : graph.nodes_reversed()) {
      if (!is_needed(node)) continue;
      for (std::size_t i = 0; i < node.operand_count(); ++i) {
        if (node.operand(i)) ++pending_uses_[node.operand(i)->id()];
      }
    }
  }

  Result<std::vector<Tensor>> run() {
    for (const Node& node : graph_.nodes()) {
      if (is_needed(node)) RCC_TRY(run_node(node));
    }
    std::vector<Tensor> results;
    for (const Value* value : wanted_) results.push_back(tensor_of(*value));
    return results;
  }

 private:
  bool is_needed(const Node& node) const {
    for (std::size_t i = 0; i < node.result_count(); ++i) {
      if (node.result(i) && pending_uses_[node.result(i)->id()] > 0) return true;
    }
    return false;
  }

  const Tensor& tensor_of(const Value& value) const {
    return value.is_constant() ? value.tensor() : tensors_[value.id()];
  }

  Result<void> run_node(const Node& node) {
    std::vector<const Tensor*> operands;
    for (std::size_t i = 0; i < node.operand_count(); ++i) {
      operands.push_back(node.operand(i) ? &tensor_of(*node.operand(i)) : nullptr);
    }
    std::vector<Tensor> results = RCC_TRY(interpret(node, operands));
    for (std::size_t i = 0; i < node.operand_count(); ++i) {
      const Value* operand = node.operand(i);
      if (operand && --pending_uses_[operand->id()] == 0) tensors_[operand->id()] = Tensor();
    }
    for (std::size_t i = 0; i < node.result_count(); ++i) {
      const Value* result = node.result(i);
      if (result && pending_uses_[result->id()] > 0) tensors_[result->id()] = std::move(results[i]);
    }
    return {};
  }

  const Graph& graph_;
  std::span<const Value* const> wanted_;
  IdMap<ValueId, Tensor> tensors_;
  IdMap<ValueId, std::uint32_t> pending_uses_;
};

}  // namespace

Result<std::vector<Tensor>> interpret_values(const Graph& graph, std::span<const Tensor> inputs,
                                             std::span<const Value* const> wanted) {
  RCC_TRY(check_inputs(graph, inputs));
  return GraphRun(graph, inputs, wanted).run();
}

Result<std::vector<Tensor>> interpret(const Graph& graph, std::span<const Tensor> inputs) {
  std::vector<const Value*> outputs;
  for (const GraphOutput& output : graph.outputs()) outputs.push_back(output.value);
  return interpret_values(graph, inputs, outputs);
}

namespace {

// One size for each symbol, and for unknown sizes what their place suggests.
class SampleSizes {
 public:
  SampleSizes(std::int64_t batch, std::int64_t spatial) : batch_(batch), spatial_(spatial) {}

  std::int64_t size(Dim dim, std::size_t axis) {
    if (dim.is_fixed()) return dim.size();
    const std::int64_t otherwise = axis == 0 ? batch_ : spatial_;
    return dim.is_symbol() ? symbols_.emplace(dim.symbol(), otherwise).first->second : otherwise;
  }

 private:
  std::int64_t batch_, spatial_;
  std::map<std::uint32_t, std::int64_t> symbols_;
};

}  // namespace

Result<std::vector<Tensor>> sample_inputs(const Graph& graph, std::uint64_t seed,
                                          std::int64_t batch, std::int64_t spatial) {
  SampleSizes sizes(batch, spatial);
  std::vector<Tensor> inputs;
  for (std::size_t i = 0; i < graph.inputs().size(); ++i) {
    const Value& input = *graph.inputs()[i];
    const Type& type = input.type();
    if (!type.is_ranked || !is_numeric(type.dtype)) {
      return fail(ErrorKind::input,
                  fmt::format("no sample for input `{}` of type {}",
                              escape_for_display(input.name()), to_text(type, graph.symbols())));
    }
    std::vector<std::int64_t> shape;
    for (std::size_t axis = 0; axis < type.rank(); ++axis) {
      shape.push_back(sizes.size(type.dims[axis], axis));
    }
    RCC_TRY(check_result_size(Type(type.dtype, Shape(shape.begin(), shape.end()))));
    const RandomStream random(seed, "sample", i);
    std::vector<double> values(static_cast<std::size_t>(element_count(shape)));
    for (std::size_t j = 0; j < values.size(); ++j) {
      const std::uint64_t bound = type.dtype == DType::boolean ? 2 : 4;
      values[j] =
          is_float(type.dtype) ? random.normal(j) : static_cast<double>(random.below(j, bound));
    }
    inputs.push_back(Tensor::from_doubles(type.dtype, std::move(shape), values));
  }
  return inputs;
}

double relative_difference(const Tensor& a, const Tensor& b) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (a.shape() != b.shape() || !is_numeric(a.dtype()) || !is_numeric(b.dtype())) return kInfinity;
  const std::vector<double> left = a.to_doubles();
  const std::vector<double> right = b.to_doubles();
  double difference = 0;
  double magnitude = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (std::isnan(left[i]) || std::isnan(right[i])) return kInfinity;
    // Infinities of one sign are equal.
    if (left[i] != right[i]) difference = std::max(difference, std::abs(left[i] - right[i]));
    if (std::isfinite(right[i])) magnitude = std::max(magnitude, std::abs(right[i]));
  }
  return difference == 0 ? 0 : difference / magnitude;
}

}  // namespace rcc
