// Insert quantize and dequantize nodes for static INT8 from given ranges.
//
// Every value that an integer kernel reads or writes gets  dequantize(quantize(x))
// with scale and zero point from its range; one quantize per value, one dequantize
// per reader. Weights become i8 constants with one scale per output channel,
// symmetric; biases i32 with scale s_x * s_w. The ReLU after a convolution stays
// between it and the quantizer, where runtimes fuse it.
//
//     s_w[c] = max(|w1| / 127, (|w1| + |w2|) / 128)      w1, w2: the largest two of c
//
// keeps the sum of two products u8 * i8 below 2^15, which processors without VNNI
// need; target.cpu = "vnni" uses |w1| / 127.
//
// A layer without constant weights or without a range is left alone, with the reason.
// Operators that only move values pass scales through. Graph outputs stay float. Run
// calibrate first, and fold_batch_norm before that.

#include <algorithm>
#include <cmath>
#include <map>

#include "passes/finite_weights.h"
#include "passes/moved_ranges.h"
#include "passes/pass.h"
#include "passes/quantization.h"

namespace rcc {
namespace {

struct InsertQuantizeOptions {
  bool per_channel = true;
  std::vector<std::string> layers;
  std::vector<std::string> exclude;

  void describe(OptionVisitor& v) {
    v.field("per_channel", per_channel, "one weight scale per output channel, not per tensor");
    v.field("layers", layers, "names or globs of layers to quantize; empty: all that can be");
    v.field("exclude", exclude, "names or globs of layers to leave in float");
  }
};

// What a runtime accepts.
struct Scheme {
  DType activation = DType::u8;
  bool quantizes_bias = true;
  WeightRange weights = WeightRange::pair_safe;
};

Scheme scheme_for(const TargetOptions& target) {
  // TensorRT: signed symmetric activations, float bias.
  if (target.runtime == "tensorrt") return {DType::i8, false, WeightRange::full};
  return {DType::u8, true, target.cpu == "vnni" ? WeightRange::full : WeightRange::pair_safe};
}

// Operators besides contractions for which integer kernels exist and which do arithmetic.
constexpr std::array kArithmeticKinds = {OpKind::add, OpKind::global_average_pool,
                                         OpKind::average_pool};
// Activations that a preceding kernel absorbs when the quantizer follows.
constexpr std::array kAbsorbedKinds = {OpKind::relu, OpKind::clip};

bool is_one_of(const Node& node, std::span<const OpKind> kinds) {
  return std::ranges::find(kinds, node.kind()) != kinds.end();
}

Value* operand_of(const Node& node, Role role) {
  const int index = node.op().operand_with_role(role);
  return index < 0 ? nullptr : node.operand(static_cast<std::size_t>(index));
}
Value* weight_of(const Node& node) { return operand_of(node, Role::weight); }
Value* bias_of(const Node& node) { return operand_of(node, Role::bias); }

class Inserter {
 public:
  Inserter(Graph& graph, const InsertQuantizeOptions& options, PassContext& context)
      : graph_(graph),
        options_(options),
        context_(context),
        scheme_(scheme_for(context.target())) {}

  Result<void> run() {
    RCC_TRY(choose_nodes());
    range_ = ranges_shared_by_movers(graph_);
    choose_values();
    for (const auto& [id, parameters] : parameters_) insert_pair(*graph_.value(id), parameters);
    for (Node* node : chosen_)
      if (node->op().is_contraction) quantize_constants(*node);
    if (chosen_.empty()) {
      return fail(ErrorKind::usage,
                  Diagnostic{.message = "insert_quantize found nothing to quantize",
                             .span = context_.place,
                             .notes = {"no convolution or matrix product has a range on its input"},
                             .help = "run `calibrate` before it"});
    }
    context_.report().summary =
        fmt::format("{} layers in INT8, {} activations and {} weights quantized", chosen_.size(),
                    parameters_.size(), weights_);
    context_.report().facts = {{"weights", weights_}};
    return {};
  }

 private:
  // Why a node stays in float; empty when it can be quantized.
  std::string refusal(const Node& node) const {
    if (node.op().is_contraction) {
      const Value* weight = weight_of(node);
      if (weight == nullptr || !weight->is_constant()) return "its weight is not a constant";
      if (weight->type().dtype != DType::f32) return "its weight is not f32";
      if (weight->tensor().is_elided()) return "its weight has no payload";
      if (const Value* bias = bias_of(node); bias != nullptr && !bias->is_constant())
        return "its bias is not a constant";
      if (node.is(OpKind::gemm) &&
          (node.attribute_float(attr::alpha) != 1.0F || node.attribute_float(attr::beta) != 1.0F))
        return "alpha and beta must be 1";
    }
    for (std::size_t i = 0; i < node.operand_count(); ++i) {
      const Value* operand = node.operand(i);
      if (operand == nullptr || operand == weight_of(node) || operand == bias_of(node)) continue;
      if (operand->is_constant()) return "an operand is a constant";
      if (!operand->range()) return fmt::format("its input {} has no range", operand->name());
      if (!std::isfinite(operand->range()->low) || !std::isfinite(operand->range()->high))
        return fmt::format("the range of its input {} is not finite", operand->name());
    }
    return {};
  }

  Result<void> choose_nodes() {
    IdMap<NodeId, bool> is_wanted;
    for (const Node* node : RCC_TRY(context_.select(graph_, options_.layers)))
      is_wanted[node->id()] = true;
    if (!options_.exclude.empty())
      for (const Node* node : RCC_TRY(context_.select(graph_, options_.exclude)))
        is_wanted[node->id()] = false;
    for (Node& node : graph_.nodes()) {
      if (!node.op().is_contraction && !is_one_of(node, kArithmeticKinds)) continue;
      if (!is_wanted[node.id()]) continue;
      if (node.result() == nullptr || node.result()->type().dtype != DType::f32) continue;
      if (const std::string reason = refusal(node); !reason.empty()) {
        context_.declined(node, reason);
        continue;
      }
      chosen_.push_back(&node);
      is_chosen_[node.id()] = true;
    }
    return {};
  }

  // The value that leaves the kernel of `node`: its result, or that of the activation it absorbs.
  Value& output_of(const Node& node) const {
    Value& result = *node.result();
    if (!result.has_one_use()) return result;
    const Node& user = result.first_use()->user();
    return is_one_of(user, kAbsorbedKinds) && user.operand(0) == &result ? *user.result() : result;
  }

  void assign(const Value& value) {
    if (!range_[value.id()] || value.type().dtype != DType::f32) return;
    parameters_.try_emplace(value.id(),
                            activation_parameters(*range_[value.id()], scheme_.activation));
  }

  // Values read or written by chosen nodes get parameters, and what is moved from them.
  void choose_values() {
    for (Node& node : graph_.nodes()) {
      if (is_chosen_[node.id()]) {
        for (std::size_t i = 0; i < node.operand_count(); ++i) {
          const Value* operand = node.operand(i);
          if (operand != nullptr && operand != weight_of(node) && operand != bias_of(node))
            assign(*operand);
        }
        // A matrix product may leave its sums in float; whoever reads them in INT8 asks for more.
        if (node.is(OpKind::gemm) || node.is(OpKind::matmul)) continue;
        const Value& output = output_of(node);
        if (!output.is_output() && scheme_.activation == DType::u8) assign(output);
      } else if (node.op().keeps_scale && node.result() != nullptr && !node.result()->is_output()) {
        bool is_quantized = false;
        for (std::size_t i = 0; i < node.operand_count(); ++i)
          is_quantized = is_quantized ||
                         (is_moved_operand(node, i) && parameters_.contains(node.operand(i)->id()));
        if (is_quantized) assign(*node.result());
      }
    }
  }

  Value& scale_constant(std::string_view stem, const std::vector<float>& scales) {
    const bool is_scalar = scales.size() == 1;
    std::vector<std::int64_t> shape;
    if (!is_scalar) shape.push_back(static_cast<std::int64_t>(scales.size()));
    return graph_.add_constant(fmt::format("{}_scale", stem), Tensor::of(std::move(shape), scales));
  }

  Value& zero_point_constant(std::string_view stem, std::int32_t zero_point) {
    const double value = zero_point;
    return graph_.add_constant(fmt::format("{}_zero_point", stem),
                               Tensor::from_doubles(scheme_.activation, {}, {&value, 1}));
  }

  // quantize once, dequantize for each reader that is not an absorbed activation.
  void insert_pair(Value& value, const QuantizationParameters& parameters) {
    std::vector<Use*> readers;
    for (Use& use : value.uses()) readers.push_back(&use);
    if (readers.empty()) return;
    Value& scale = scale_constant(value.name(), {parameters.scale});
    Value& zero_point = zero_point_constant(value.name(), parameters.zero_point);
    Node* before = value.producer() != nullptr ? value.producer()->next() : graph_.first_node();
    Value& quantized = add_result(OpKind::quantize, {&value, &scale, &zero_point}, {},
                                  fmt::format("{}_quantized", value.name()), before);
    for (const Use* reader : readers) {
      Node& user = reader->user();
      const std::uint32_t operand = reader->operand();
      Value& restored = add_result(OpKind::dequantize, {&quantized, &scale, &zero_point}, {},
                                   fmt::format("{}_dequantized", value.name()), &user);
      restored.set_range(value.range());
      graph_.set_operand(user, operand, &restored);
    }
  }

  Value& add_result(OpKind kind, std::vector<Value*> operands,
                    std::vector<NamedAttribute> attributes, std::string_view name, Node* before) {
    Value& result = graph_.add(kind, std::move(operands), std::move(attributes), name, before);
    graph_.add_rule(*result.producer(), "insert_quantize");
    return result;
  }

  void quantize_constants(Node& node) {
    const int weight_index = node.op().operand_with_role(Role::weight);
    Value& weight = *weight_of(node);
    Value* bias = bias_of(node);
    const std::optional<WeightAxes> axes = weight_axes(node);
    const int axis = options_.per_channel && axes ? axes->output_axis : -1;
    const float input_scale = scale_of_input(node);
    const bool takes_bias = bias != nullptr && scheme_.quantizes_bias;
    std::vector<float> minimum;
    if (takes_bias) {
      minimum = minimum_weight_scales(bias->tensor(), input_scale);
      if (axis < 0) minimum = {*std::ranges::max_element(minimum)};
    }
    const QuantizedWeight quantized =
        quantize_weight(weight.tensor(), axis, scheme_.weights, minimum);
    replace_constant(node, static_cast<std::size_t>(weight_index), quantized.values,
                     quantized.scales, axis);
    ++weights_;
    if (!takes_bias) return;
    std::vector<float> scales = quantized.scales;
    for (float& scale : scales) scale *= input_scale;
    const int bias_index = node.op().operand_with_role(Role::bias);
    Tensor bias_values = quantize_bias(bias->tensor(), scales);
    replace_constant(node, static_cast<std::size_t>(bias_index), std::move(bias_values), scales,
                     scales.size() > 1 ? static_cast<int>(bias->tensor().rank()) - 1 : -1);
  }

  float scale_of_input(const Node& node) const {
    // The data operand now comes from a dequantize node.
    const Node& dequantize = *node.operand(0)->producer();
    return dequantize.operand(1)->tensor().elements<float>()[0];
  }

  // Other readers of a shared constant keep the float one.
  void replace_constant(Node& node, std::size_t operand, Tensor values,
                        const std::vector<float>& scales, int axis) {
    Value& old = *node.operand(operand);
    Value& stored = graph_.add_constant(fmt::format("{}_quantized", old.name()), std::move(values));
    std::vector<NamedAttribute> attributes;
    if (axis >= 0 && scales.size() > 1) attributes.push_back({attr::axis, std::int64_t{axis}});
    Value& restored =
        add_result(OpKind::dequantize, {&stored, &scale_constant(old.name(), scales)},
                   std::move(attributes), fmt::format("{}_dequantized", old.name()), &node);
    graph_.set_operand(node, operand, &restored);
    if (old.is_unused()) graph_.remove_value(old);
  }

  Graph& graph_;
  const InsertQuantizeOptions& options_;
  PassContext& context_;
  const Scheme scheme_;
  std::vector<Node*> chosen_;
  IdMap<NodeId, bool> is_chosen_;
  IdMap<ValueId, std::optional<Range>> range_;
  // In order of value ids, so that the output does not depend on addresses.
  std::map<ValueId, QuantizationParameters> parameters_;
  std::int64_t weights_ = 0;
};

Result<void> run(Graph& graph, const InsertQuantizeOptions& options, PassContext& context) {
  RCC_TRY(require_finite_weights(graph));
  return Inserter(graph, options, context).run();
}

}  // namespace

PassDef insert_quantize() {
  return graph_pass<InsertQuantizeOptions>(
      {.effect = Effect::lossy,
       .is_idempotent = false,
       .after = {{"fold_batch_norm", "scales must describe the folded weights"},
                 {"calibrate", "it reads the ranges that calibrate writes"}}},
      run);
}

}  // namespace rcc
