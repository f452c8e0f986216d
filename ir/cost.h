#pragma once

#include <cstdint>

#include "ir/graph.h"

namespace rcc {

// Static cost. One multiply-accumulate is one MAC (not two operations); only contractions count
// (Conv, Gemm, MatMul). Symbolic batch counts as 1.
struct Cost {
  // Elements of constants that are read as weights: float constants of rank 1 or more, float scalars
  // with a weight or bias role, and integers that a dequantize or an integer contraction reads as its
  // weight. Running statistics of a BatchNorm, scales and zero points are not parameters.
  std::uint64_t params = 0;
  std::uint64_t macs = 0;
  // Bytes of all constants as stored.
  std::uint64_t weight_bytes = 0;
  // Exact non-zeros among `params` (elided constants count in full); filled only by cost_with_zeros, which reads every weight.
  std::uint64_t nonzero_params = 0;
};

Cost cost(const Graph& graph);
// One node; a constant shared by several nodes counts for each.
Cost cost(const Node& node);
Cost cost_with_zeros(const Graph& graph);
std::uint64_t count_nonzeros(const Tensor& tensor);

}  // namespace rcc
