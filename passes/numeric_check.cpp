#include "passes/numeric_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ir/cost.h"
#include "ir/interpreter.h"
#include "ir/shape_inference.h"
#include "ir/support/number_text.h"
#include "passes/wide_graph.h"

namespace rcc {

namespace {

// Beyond this the plain loops of the interpreter take minutes.
constexpr std::uint64_t kMostMacs = 20'000'000'000;
// Spatial sizes tried before the real one.
constexpr std::int64_t kSmallSizes[] = {32, 64, 128};
constexpr std::size_t kFirstSpatialAxis = 2;

// Makes fixed spatial sizes of image inputs smaller and infers all types anew. False: nothing to
// shrink, or the graph insists on its sizes.
bool shrink(Graph& graph, std::int64_t size) {
  bool has_shrunk = false;
  for (Value* input : graph.inputs()) {
    Type type = input->type();
    if (!is_float(type.dtype) || type.rank() <= kFirstSpatialAxis) continue;
    for (std::size_t axis = kFirstSpatialAxis; axis < type.rank(); ++axis) {
      if (!type.dims[axis].is_fixed() || type.dims[axis].size() <= size) continue;
      type.dims[axis] = Dim(size);
      has_shrunk = true;
    }
    graph.set_type(*input, std::move(type));
  }
  if (!has_shrunk) return false;
  for (Node& node : graph.nodes())
    for (std::size_t i = 0; i < node.result_count(); ++i)
      if (Value* result = node.result(i))
        graph.set_type(*result, Type::unranked(result->type().dtype));
  return infer_types(graph).has_value();
}

bool is_finite(const Tensor& tensor) {
  if (!is_float(tensor.dtype())) return true;
  const std::vector<double> values = tensor.to_doubles();
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

// Where two tensors of one type differ most, for people.
std::string worst_element(const Tensor& before, const Tensor& after) {
  const std::vector<double> a = before.to_doubles();
  const std::vector<double> b = after.to_doubles();
  std::size_t worst = 0;
  double largest = -1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::isnan(a[i] - b[i]) ? INFINITY : std::abs(a[i] - b[i]);
    if (difference <= largest) continue;
    largest = difference;
    worst = i;
  }
  return fmt::format("element {} was {} and is {}", worst, to_text(a[worst]), to_text(b[worst]));
}

// How far the outputs of a graph are from what they are without its own rounding, which a deep graph
// may make a thousand times larger.
class Rounding {
 public:
  Rounding(const Graph& graph, const std::vector<Tensor>& inputs) : graph_(graph), inputs_(inputs) {}

  // Of output `index`, relative to its largest magnitude; 0 when that cannot be said.
  double of(std::size_t index, const Tensor& rounded) {
    if (!exact_) exact_ = run().value_or(std::vector<Tensor>());
    if (index >= exact_->size()) return 0;
    const double difference = relative_difference(rounded, (*exact_)[index]);
    return std::isfinite(difference) ? difference : 0;
  }

 private:
  Result<std::vector<Tensor>> run() const {
    const std::optional<Graph> wide = widened(graph_);
    if (!wide) return std::vector<Tensor>();
    std::vector<Tensor> inputs;
    for (const Tensor& input : inputs_) inputs.push_back(widened(input));
    return interpret(*wide, inputs);
  }

  const Graph& graph_;
  const std::vector<Tensor>& inputs_;
  std::optional<std::vector<Tensor>> exact_;
};

// Compares output `index`; fills the verdict.
void compare(const GraphOutput& output, std::size_t index, const Tensor& before, const Tensor& after,
             Effect effect, double tolerance, Rounding& rounding, NumericVerdict& verdict) {
  const std::string_view name = output.name;
  if (before.dtype() != after.dtype() || before.shape() != after.shape()) {
    verdict.broken = fmt::format("output `{}` has another type", name);
    return;
  }
  if (before.same_contents(after)) {
    verdict.difference = std::max(verdict.difference, 0.0);
    return;
  }
  if (before.dtype() == DType::string) {
    verdict.broken = fmt::format("output `{}` has other text", name);
    return;
  }
  const double difference = relative_difference(after, before);
  if (effect == Effect::approx && !is_finite(before)) {
    verdict.reason = fmt::format("output `{}` is not finite on the test inputs", name);
    return;
  }
  verdict.difference = std::max(verdict.difference, difference);
  if (effect == Effect::approx &&
      (difference <= tolerance ||
       difference <= tolerance + kRoundingFactor * rounding.of(index, before)))
    return;
  verdict.broken = fmt::format("output `{}` differs by {} of its largest magnitude: {}", name,
                               to_text(difference), worst_element(before, after));
}

NumericVerdict could_not(std::string reason) { return {.reason = std::move(reason)}; }
NumericVerdict broken(std::string what) { return {.broken = std::move(what)}; }

// The interface of the graphs: what must agree before any number can.
std::string interface_difference(const Graph& before, const Graph& after) {
  if (before.inputs().size() != after.inputs().size()) return "the number of inputs changed";
  if (before.outputs().size() != after.outputs().size()) return "the number of outputs changed";
  for (std::size_t i = 0; i < before.inputs().size(); ++i)
    if (before.inputs()[i]->name() != after.inputs()[i]->name())
      return fmt::format("input `{}` became `{}`", before.inputs()[i]->name(),
                         after.inputs()[i]->name());
  for (std::size_t i = 0; i < before.outputs().size(); ++i)
    if (before.outputs()[i].name != after.outputs()[i].name)
      return fmt::format("output `{}` became `{}`", before.outputs()[i].name,
                         after.outputs()[i].name);
  return {};
}

NumericVerdict run_both(const Graph& before, const Graph& after, Effect effect, double tolerance,
                        std::uint64_t seed, std::int64_t spatial) {
  const auto inputs = sample_inputs(before, seed, 1, spatial);
  if (!inputs) return could_not(inputs.error().message());
  const auto expected = interpret(before, *inputs);
  if (!expected) return could_not(expected.error().message());
  const auto actual = interpret(after, *inputs);
  if (!actual) return broken("the graph cannot be run any more: " + actual.error().message());
  Rounding rounding(before, *inputs);
  NumericVerdict verdict;
  if (expected->empty()) verdict.difference = 0;
  for (std::size_t i = 0; i < expected->size() && verdict.broken.empty(); ++i)
    compare(before.outputs()[i], i, (*expected)[i], (*actual)[i], effect, tolerance, rounding,
            verdict);
  if (!verdict.reason.empty() && verdict.broken.empty()) verdict.difference = -1;
  return verdict;
}

}  // namespace

NumericVerdict check_numerics(const Graph& before, const Graph& after, Effect effect,
                              double tolerance, std::uint64_t seed) {
  if (std::string difference = interface_difference(before, after); !difference.empty())
    return broken(std::move(difference));
  for (const std::int64_t size : kSmallSizes) {
    Graph small_before = before.clone();
    Graph small_after = after.clone();
    if (!shrink(small_before, size) || !shrink(small_after, size)) continue;
    NumericVerdict verdict = run_both(small_before, small_after, effect, tolerance, seed, size);
    if (verdict.broken.empty() && verdict.difference >= 0) return verdict;
    // Not at another small size: what was computed from the real size may be wrong at all of them.
    if (!verdict.broken.empty()) break;
  }
  const std::uint64_t macs = cost(before).macs;
  if (macs > kMostMacs)
    return could_not(fmt::format("running it takes {} multiply-accumulates", count_text(macs)));
  return run_both(before, after, effect, tolerance, seed, kSmallSizes[0]);
}

}  // namespace rcc
