#include "ir/ops/einsum.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "ir/ops/functions.h"
#include "ir/ops/links.h"
#include "ir/ops/shape_rules.h"

namespace rcc {

namespace {

constexpr std::string_view kEllipsis = "...";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string without_spaces(std::string_view text) {
  std::string result(text);
  std::erase(result, ' ');
  return result;
}

auto malformed(std::string_view equation, std::string_view what) {
  return fail(ErrorKind::input, fmt::format("equation \"{}\": {}", equation, what));
}

// The labels of one term; `ellipsis` axes stand where it says "...".
Result<std::vector<int>> labels_of(std::string_view term, std::size_t ellipsis,
                                   std::string_view equation) {
  std::vector<int> labels;
  bool has_ellipsis = false;
  while (!term.empty()) {
    if (is_letter(term.front())) {
      labels.push_back(term.front());
      term.remove_prefix(1);
    } else if (term.starts_with(kEllipsis) && !has_ellipsis) {
      has_ellipsis = true;
      for (std::size_t i = ellipsis; i > 0; --i) {
        labels.push_back(EinsumLabels::kFirstEllipsisLabel + static_cast<int>(i) - 1);
      }
      term.remove_prefix(kEllipsis.size());
    } else {
      return malformed(equation, fmt::format("`{}` is no label of an axis", term.front()));
    }
  }
  return labels;
}

// Without "->": the axes of the ellipsis, then the letters that appear once, in their order.
std::vector<int> implied_result(const std::vector<std::vector<int>>& operands) {
  std::map<int, int> counts;
  for (const auto& labels : operands) {
    for (const int label : labels) ++counts[label];
  }
  std::vector<int> result;
  for (auto it = counts.rbegin(); it != counts.rend(); ++it) {
    if (it->first >= EinsumLabels::kFirstEllipsisLabel) result.push_back(it->first);
  }
  for (const auto& [label, count] : counts) {
    if (label < EinsumLabels::kFirstEllipsisLabel && count == 1) result.push_back(label);
  }
  return result;
}

std::vector<std::string_view> split_terms(std::string_view text) {
  std::vector<std::string_view> terms;
  while (true) {
    const std::size_t comma = text.find(',');
    terms.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return terms;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

Result<EinsumLabels> einsum_labels(const Node& node) {
  const std::string equation = without_spaces(node.attribute_string(attr::equation));
  const std::size_t arrow = equation.find("->");
  const auto terms = split_terms(std::string_view(equation).substr(0, arrow));
  if (terms.size() != node.operand_count()) {
    return malformed(equation, fmt::format("it has {} terms for {} operands", terms.size(),
                                           node.operand_count()));
  }
  EinsumLabels labels;
  std::size_t widest = 0;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const std::size_t rank = operand_type(node, i).rank();
    const bool is_open = terms[i].find(kEllipsis) != std::string_view::npos;
    const std::size_t letters = terms[i].size() - (is_open ? kEllipsis.size() : 0);
    if (rank < letters || (!is_open && rank != letters)) {
      return malformed(equation,
                       fmt::format("term `{}` does not fit an operand of rank {}", terms[i], rank));
    }
    widest = std::max(widest, rank - letters);
    labels.operands.push_back(RCC_TRY(labels_of(terms[i], rank - letters, equation)));
  }
  if (arrow == std::string::npos) {
    labels.result = implied_result(labels.operands);
    return labels;
  }
  labels.result =
      RCC_TRY(labels_of(std::string_view(equation).substr(arrow + 2), widest, equation));
  std::vector<int> sorted = labels.result;
  std::ranges::sort(sorted);
  if (std::ranges::adjacent_find(sorted) != sorted.end()) {
    return malformed(equation, "the result names an axis twice");
  }
  return labels;
}

Result<Types> infer_einsum(const Node& node, const Graph& graph) {
  const DType dtype = RCC_TRY(common_dtype(node, graph));
  for (std::size_t i = 0; i < node.operand_count(); ++i) {
    if (!operand_type(node, i).is_ranked) return Types{Type::unranked(dtype)};
  }
  const EinsumLabels labels = RCC_TRY(einsum_labels(node));
  std::map<int, Dim> sizes;
  for (std::size_t i = 0; i < labels.operands.size(); ++i) {
    for (std::size_t axis = 0; axis < labels.operands[i].size(); ++axis) {
      const Dim dim = operand_type(node, i).dims[axis];
      const auto [found, is_new] = sizes.emplace(labels.operands[i][axis], dim);
      const std::optional<Dim> both = broadcast(found->second, dim);
      if (!both) {
        return fail(ErrorKind::input,
                    fmt::format("{} does not agree with the other operands along axis {}",
                                operand_text(node, i, graph), axis));
      }
      if (!is_new) found->second = *both;
    }
  }
  Shape shape;
  for (const int label : labels.result) {
    const auto found = sizes.find(label);
    if (found == sizes.end()) {
      return malformed(node.attribute_string(attr::equation),
                       "the result names an axis that no operand has");
    }
    shape.push_back(found->second);
  }
  return Types{Type(dtype, std::move(shape))};
}

// Axes of one label belong together; those of size 1 are repeated.
void link_einsum(const Node& node, std::vector<AxisLink>& links) {
  if (!ranked_types(node)) return;
  for (std::size_t i = 0; i < node.operand_count(); ++i) {
    if (!node.operand(i)->type().is_ranked) return;
  }
  const Result<EinsumLabels> labels = einsum_labels(node);
  if (!labels) return;
  std::map<int, AxisRef> hubs;
  for (std::size_t axis = 0; axis < labels->result.size(); ++axis) {
    hubs.emplace(labels->result[axis], result_axis(0, axis));
  }
  for (std::size_t i = 0; i < labels->operands.size(); ++i) {
    for (std::size_t axis = 0; axis < labels->operands[i].size(); ++axis) {
      if (node.operand(i)->type().dims[axis] == Dim(1)) continue;
      const AxisRef ref = operand_axis(i, axis);
      const auto [hub, is_new] = hubs.emplace(labels->operands[i][axis], ref);
      if (!is_new) links.push_back({ref, hub->second});
    }
  }
}

}  // namespace rcc
