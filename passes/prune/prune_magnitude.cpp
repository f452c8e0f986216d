// Set the weights of smallest magnitude to zero.
//
// One threshold over all chosen weights ("global") or one per tensor ("layer"):
// exactly k = round(amount * N) of N weights become zero, the smallest by |w|; among
// equal magnitudes the earlier one goes first, so that the count is exact.
//
// The weights are marked `sparse`: their exact zeros stay zero through fine_tune.
// Zeros are stored like any other number, so the file does not get smaller by this
// pass; runtimes without sparse kernels do not get faster by it either. Use
// remove_channels for both.
//
// Biases and BatchNorm parameters are not touched. Run it before fine_tune.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "passes/finite_weights.h"
#include "passes/pass.h"

namespace rcc {
namespace {

struct PruneMagnitudeOptions {
  Fraction amount{0.4};
  std::string scope = "global";
  bool sparse = true;
  std::vector<std::string> layers;
  std::vector<std::string> exclude;

  void describe(OptionVisitor& v) {
    v.field("amount", amount, "share of the weights that become zero",
            {.minimum = 0, .maximum = 1});
    v.field("scope", scope, "over what weights compete with each other",
            {.choices = {"global", "layer"}});
    v.field("sparse", sparse, "keep the zeros through later training");
    v.field("layers", layers, "names or globs of layers to prune; empty: all with weights");
    v.field("exclude", exclude, "names or globs of layers to leave alone");
  }
};

// The order of non-negative floats is the order of their bits.
std::uint32_t magnitude_bits(float value) { return std::bit_cast<std::uint32_t>(std::abs(value)); }

// How many magnitudes there are below a threshold, found digit by digit: two passes over the
// weights with 2^16 counters each, whatever their number.
class MagnitudeSelect {
 public:
  explicit MagnitudeSelect(std::span<Value* const> weights) : weights_(weights) {}

  struct Threshold {
    // Bits of the k-th smallest magnitude.
    std::uint32_t bits = 0;
    // How many weights of exactly that magnitude become zero, in order.
    std::uint64_t ties = 0;
  };
  // Precondition: 0 < k <= number of weights.
  Threshold find(std::uint64_t k) const {
    std::uint64_t below = 0;
    const std::uint32_t high =
        digit(k, below, [](std::uint32_t bits) -> std::int64_t { return bits >> 16; });
    const std::uint32_t low = digit(k, below, [high](std::uint32_t bits) -> std::int64_t {
      return bits >> 16 == high ? static_cast<std::int64_t>(bits & 0xFFFF) : -1;
    });
    return {high << 16 | low, k - below};
  }

 private:
  // The digit in which the k-th smallest falls; `below` grows by the counts of smaller digits.
  template <typename DigitOf>
  std::uint32_t digit(std::uint64_t k, std::uint64_t& below, DigitOf digit_of) const {
    std::vector<std::uint64_t> counts(1 << 16, 0);
    for (const Value* weight : weights_) {
      const ElementView<float> values = weight->tensor().elements<float>();
      for (std::size_t i = 0; i < values.size(); ++i) {
        const std::int64_t index = digit_of(magnitude_bits(values[i]));
        if (index >= 0) ++counts[static_cast<std::size_t>(index)];
      }
    }
    std::uint32_t result = 0;
    while (below + counts[result] < k) below += counts[result++];
    return result;
  }

  std::span<Value* const> weights_;
};

std::uint64_t count_of(std::span<Value* const> weights) {
  std::uint64_t count = 0;
  for (const Value* weight : weights)
    count += static_cast<std::uint64_t>(weight->tensor().element_count());
  return count;
}

// Returns how many weights were set to zero.
std::uint64_t prune(Graph& graph, std::span<Value* const> weights, double amount) {
  const auto k =
      static_cast<std::uint64_t>(std::nearbyint(amount * static_cast<double>(count_of(weights))));
  if (k == 0) return 0;
  MagnitudeSelect::Threshold threshold = MagnitudeSelect(weights).find(k);
  for (Value* weight : weights) {
    Tensor tensor = graph.take_tensor(*weight);
    for (float& value : tensor.mutable_elements<float>()) {
      const std::uint32_t bits = magnitude_bits(value);
      if (bits > threshold.bits) continue;
      if (bits == threshold.bits) {
        if (threshold.ties == 0) continue;
        --threshold.ties;
      }
      value = 0.0F;
    }
    graph.set_tensor(*weight, std::move(tensor));
  }
  return k;
}

Result<std::vector<Value*>> chosen_weights(Graph& graph, const PruneMagnitudeOptions& options,
                                           PassContext& context) {
  IdMap<NodeId, bool> is_excluded;
  if (!options.exclude.empty())
    for (const Node* node : RCC_TRY(context.select(graph, options.exclude)))
      is_excluded[node->id()] = true;
  IdMap<ValueId, bool> is_chosen;
  std::vector<Value*> weights;
  for (const Node* node : RCC_TRY(context.select(graph, options.layers))) {
    if (!node->op().is_contraction || is_excluded[node->id()]) continue;
    Value* weight =
        node->operand(static_cast<std::size_t>(node->op().operand_with_role(Role::weight)));
    if (weight == nullptr || !weight->is_constant() || weight->type().dtype != DType::f32) {
      context.declined(*node, "its weight is not a constant of f32");
      continue;
    }
    if (weight->tensor().is_elided()) {
      context.declined(*node, "its weight has no payload");
      continue;
    }
    if (!is_chosen[weight->id()]) weights.push_back(weight);
    is_chosen[weight->id()] = true;
  }
  return weights;
}

Result<void> run(Graph& graph, const PruneMagnitudeOptions& options, PassContext& context) {
  RCC_TRY(require_finite_weights(graph));
  const std::vector<Value*> weights = RCC_TRY(chosen_weights(graph, options, context));
  std::uint64_t zeros = 0;
  if (options.scope == "global") {
    zeros = prune(graph, weights, options.amount.value);
  } else {
    for (Value* weight : weights) zeros += prune(graph, {&weight, 1}, options.amount.value);
  }
  if (options.sparse)
    for (Value* weight : weights) graph.set_sparse(*weight, true);
  context.report().summary =
      fmt::format("{} of {} weights in {} tensors are zero; the file does not get smaller by zeros",
                  zeros, count_of(weights), weights.size());
  context.report().facts = {{"zeros", static_cast<std::int64_t>(zeros)},
                            {"weights", static_cast<std::int64_t>(count_of(weights))}};
  return {};
}

}  // namespace

PassDef prune_magnitude() {
  return graph_pass<PruneMagnitudeOptions>({.effect = Effect::lossy}, run);
}

}  // namespace rcc
