#include "passes/finite_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace rcc {

namespace {

struct NonFinite {
  std::uint64_t count = 0;
  std::uint64_t first = 0;
  double value = 0;
};

// All bits of the exponent are set in NaN and infinity only.
bool is_finite_bits(float value) {
  constexpr std::uint32_t kExponent = 0x7F800000U;
  return (std::bit_cast<std::uint32_t>(value) & kExponent) != kExponent;
}

template <typename Elements, typename IsFinite>
NonFinite search(const Elements& elements, IsFinite is_finite) {
  NonFinite found;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (is_finite(elements[i])) continue;
    if (found.count++ == 0) found = {1, i, static_cast<double>(elements[i])};
  }
  return found;
}

NonFinite search(const Tensor& tensor) {
  if (tensor.is_elided() || !is_float(tensor.dtype())) return {};
  if (tensor.dtype() == DType::f32) {
    const ElementView<float> elements = tensor.elements<float>();
    std::uint64_t bad = 0;
    // The usual answer without a branch for each element.
    for (std::size_t i = 0; i < elements.size(); ++i) bad += is_finite_bits(elements[i]) ? 0 : 1;
    return bad == 0 ? NonFinite{} : search(elements, is_finite_bits);
  }
  return search(tensor.to_doubles(), [](double value) { return std::isfinite(value); });
}

bool is_weight_role(Role role) {
  return role == Role::weight || role == Role::bias || role == Role::statistic;
}

}  // namespace

Result<void> require_finite_weights(const Graph& graph) {
  IdMap<ValueId, bool> is_known;
  for (const Node& node : graph.nodes()) {
    const auto& rows = node.op().operands;
    for (std::size_t i = 0; i < node.operand_count() && !rows.empty(); ++i) {
      const Value* operand = node.operand(i);
      if (operand == nullptr || !operand->is_constant() || is_known[operand->id()]) continue;
      if (!is_weight_role(rows[std::min(i, rows.size() - 1)].role)) continue;
      is_known[operand->id()] = true;
      const NonFinite found = search(operand->tensor());
      if (found.count == 0) continue;
      Diagnostic diagnostic;
      diagnostic.message = fmt::format("`{}` holds {} at element {}; {} of its {} elements are not finite",
                                       operand->name(), found.value, found.first, found.count,
                                       operand->tensor().element_count());
      diagnostic.place = fmt::format("layer `{}`", node.label());
      diagnostic.help = "the training that made it diverged or the file is damaged; compress an earlier model";
      return fail(ErrorKind::input, std::move(diagnostic));
    }
  }
  return {};
}

}  // namespace rcc
