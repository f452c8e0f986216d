// Quantize matrix products with scales that are computed at run time.
//
// For layers whose weights dominate the file and whose inputs have no calibrated range:
//
//     q, s_x, z_x = dynamic_quantize(x)
//     y = cast(matmul_integer(q, Wq, z_x)) * (s_x * s_w) + b
//
// Weights are i8 constants with one scale per output column, symmetric, chosen so that
// sums of two products fit in 16 bits unless target.cpu = "vnni" (see insert_quantize).
//
// A product of two computed values, a weight of rank other than 2, transA, or alpha and
// beta other than 1 are left alone. Run it after fold_batch_norm.

#include "ir/shape_inference.h"
#include "passes/finite_weights.h"
#include "passes/pass.h"
#include "passes/quantization.h"

namespace rcc {
namespace {

struct QuantizeDynamicOptions {
  bool per_channel = true;
  std::vector<std::string> layers;
  std::vector<std::string> exclude;

  void describe(OptionVisitor& v) {
    v.field("per_channel", per_channel, "one weight scale per output column, not per tensor");
    v.field("layers", layers, "names or globs of layers to quantize; empty: all that can be");
    v.field("exclude", exclude, "names or globs of layers to leave in float");
  }
};

std::string refusal(const Node& node) {
  const Value* weight = node.operand(1);
  if (!weight->is_constant() || weight->type().dtype != DType::f32) return "its weight is not a constant of f32";
  if (weight->type().rank() != 2) return "its weight is not a matrix";
  if (weight->tensor().is_elided()) return "its weight has no payload";
  if (!node.is(OpKind::gemm)) return {};
  if (node.attribute_int(attr::trans_a) != 0) return "its input is transposed";
  if (node.attribute_float(attr::alpha) != 1.0F || node.attribute_float(attr::beta) != 1.0F)
    return "alpha and beta must be 1";
  return {};
}

// q, s_x, z_x of the operand of `node`, before it.
Node& add_quantizer(Graph& graph, Node& node) {
  Graph::NodeSpec spec;
  spec.op = &graph.ops()[OpKind::dynamic_quantize];
  spec.operands = {node.operand(0)};
  spec.results.resize(3);
  spec.provenance = node.provenance();
  spec.before = &node;
  Node& quantizer = graph.add_node(std::move(spec));
  graph.add_rule(quantizer, "quantize_dynamic");
  const Result<void> inferred = infer_types(graph, quantizer);
  RCC_CHECK(inferred, "{}", inferred.error().message());
  return quantizer;
}

// The matrix as matmul_integer wants it: inputs along rows.
Tensor with_inputs_first(const Node& node) {
  const Tensor& weight = node.operand(1)->tensor();
  if (!node.is(OpKind::gemm) || node.attribute_int(attr::trans_b) == 0) return weight;
  const std::int64_t rows = weight.shape()[0];
  const std::int64_t columns = weight.shape()[1];
  Tensor result = Tensor::allocate(DType::f32, {columns, rows});
  const ElementView<float> source = weight.elements<float>();
  const std::span<float> target = result.mutable_elements<float>();
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t column = 0; column < columns; ++column)
      target[static_cast<std::size_t>(column * rows + row)] = source[static_cast<std::size_t>(row * columns + column)];
  return result;
}

void quantize(Graph& graph, Node& node, const QuantizeDynamicOptions& options, WeightRange range) {
  Value& old_weight = *node.operand(1);
  Value* bias = node.operand(2);
  Value& old_result = *node.result();
  const std::string layer(node.label());
  const QuantizedWeight quantized = quantize_weight(with_inputs_first(node), options.per_channel ? 1 : -1, range);
  std::vector<std::int64_t> scale_shape;
  if (quantized.scales.size() > 1) scale_shape.push_back(static_cast<std::int64_t>(quantized.scales.size()));

  Value& weight = graph.add_constant(fmt::format("{}_quantized", old_weight.name()), quantized.values);
  Value& weight_scale = graph.add_constant(fmt::format("{}_scale", old_weight.name()), Tensor::of(scale_shape, quantized.scales));
  const auto add = [&](OpKind kind, std::vector<Value*> operands, std::vector<NamedAttribute> attributes) -> Value& {
    Value& value = graph.add(kind, std::move(operands), std::move(attributes), {}, &node);
    graph.merge_provenance(*value.producer(), node);
    graph.add_rule(*value.producer(), "quantize_dynamic");
    return value;
  };
  const Node& quantizer = add_quantizer(graph, node);
  Value& product =
      add(OpKind::matmul_integer, {quantizer.result(0), &weight, quantizer.result(2)}, {});
  Value& sums = add(OpKind::cast, {&product}, {{attr::to, std::string("f32")}});
  Value& scale = add(OpKind::mul, {quantizer.result(1), &weight_scale}, {});
  Value* result = &add(OpKind::mul, {&sums, &scale}, {});
  if (bias != nullptr) result = &add(OpKind::add, {result, bias}, {});

  graph.replace_all_uses(old_result, *result);
  graph.take_name(*result, old_result);
  graph.erase(node);
  if (old_weight.is_unused()) graph.remove_value(old_weight);
}

Result<void> run(Graph& graph, const QuantizeDynamicOptions& options, PassContext& context) {
  RCC_TRY(require_finite_weights(graph));
  IdMap<NodeId, bool> is_excluded;
  if (!options.exclude.empty())
    for (const Node* node : RCC_TRY(context.select(graph, options.exclude))) is_excluded[node->id()] = true;
  const WeightRange range = context.target().cpu == "vnni" ? WeightRange::full : WeightRange::pair_safe;
  std::int64_t count = 0;
  for (Node* node : RCC_TRY(context.select(graph, options.layers))) {
    if ((!node->is(OpKind::gemm) && !node->is(OpKind::matmul)) || is_excluded[node->id()]) continue;
    if (const std::string reason = refusal(*node); !reason.empty()) {
      context.declined(*node, reason);
      continue;
    }
    quantize(graph, *node, options, range);
    ++count;
  }
  context.report().summary = fmt::format("{} matrix products in INT8 with scales computed at run time", count);
  context.report().facts = {{"layers", count}};
  return {};
}

}  // namespace

PassDef quantize_dynamic() {
  return graph_pass<QuantizeDynamicOptions>({.effect = Effect::lossy}, run);
}

}  // namespace rcc
