#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace rcc {

// The equation of an einsum for operands of known ranks: a label for each axis. The axes that an
// ellipsis stands for have labels from kFirstEllipsisLabel on, counted from the last of them.
struct EinsumLabels {
  static constexpr int kFirstEllipsisLabel = 256;
  std::vector<std::vector<int>> operands;
  std::vector<int> result;
};

// Error when the equation is malformed or does not fit the operands. Precondition: all operands
// have known ranks.
Result<EinsumLabels> einsum_labels(const Node& node);

}  // namespace rcc
