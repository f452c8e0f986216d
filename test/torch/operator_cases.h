#pragma once

#include <string_view>
#include <vector>

#include "test/torch/graph_builder.h"

namespace rcc {

// A graph that exercises one operator; `build` returns its output, or null when it added outputs.
struct OperatorCase {
  std::string_view name;
  Value* (*build)(GraphBuilder& b);
};

// Truth values, and elements chosen, repeated or written by index.
std::vector<OperatorCase> index_cases();
// Trigonometric functions, the rarer activations, normalisations and reductions.
std::vector<OperatorCase> rare_cases();

const std::vector<OperatorCase>& operator_cases();

}  // namespace rcc
