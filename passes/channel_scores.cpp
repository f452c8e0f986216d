#include "passes/channel_scores.h"

#include <cmath>
#include <map>
#include <numeric>

namespace rcc {
namespace {

// Norms of the slices of one constant along one axis.
std::vector<double> slice_norms(const Tensor& tensor, std::uint32_t axis) {
  const std::vector<std::int64_t>& shape = tensor.shape();
  std::vector<double> norms(static_cast<std::size_t>(shape[axis]), 0.0);
  std::size_t outer = 1;
  std::size_t inner = 1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i < axis) outer *= static_cast<std::size_t>(shape[i]);
    if (i > axis) inner *= static_cast<std::size_t>(shape[i]);
  }
  const ElementView<float> values = tensor.elements<float>();
  std::size_t at = 0;
  for (std::size_t o = 0; o < outer; ++o)
    for (double& norm : norms)
      for (std::size_t i = 0; i < inner; ++i) norm += std::abs(static_cast<double>(values[at++]));
  return norms;
}

bool is_weight(const Value& constant) {
  for (const Use& use : constant.uses()) {
    const OpInfo& op = use.user().op();
    if (op.is_contraction && static_cast<int>(use.operand()) == op.operand_with_role(Role::weight))
      return true;
  }
  return false;
}

}  // namespace

std::vector<double> channel_scores(const Graph& graph, const ChannelGroups& groups,
                                   const ChannelGroup& group) {
  std::map<std::uint32_t, std::vector<double>> norms;
  for (const std::uint32_t index : group.axes) {
    const ChannelAxis& axis = groups.axes()[index];
    const Value* value = graph.value(axis.value);
    if (!value->is_constant() || value->tensor().is_elided()) continue;
    if (value->type().dtype != DType::f32 || !is_weight(*value)) continue;
    std::vector<double> list = slice_norms(value->tensor(), axis.axis);
    const double mean =
        std::accumulate(list.begin(), list.end(), 0.0) / static_cast<double>(list.size());
    if (mean > 0)
      for (double& norm : list) norm /= mean;
    norms.emplace(index, std::move(list));
  }
  std::vector<double> result;
  for (const ChannelUnit& unit : group.units) {
    double score = 0;
    for (const ChannelElement& element : unit.elements)
      if (const auto list = norms.find(element.axis); list != norms.end())
        score += list->second[static_cast<std::size_t>(element.index)];
    result.push_back(score);
  }
  return result;
}

}  // namespace rcc
