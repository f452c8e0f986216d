#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "test/torch/graph_builder.h"

namespace rcc {

// A graph that exercises one operator; `build` returns its output, or null when it added outputs.
struct OperatorCase {
  std::string_view name;
  Value* (*build)(GraphBuilder& b);
};

// Functions of single elements.
std::vector<OperatorCase> element_cases();
// Along axes: reductions, running sums, normalisation.
std::vector<OperatorCase> reduction_cases();
// Elements chosen, repeated or written by index.
std::vector<OperatorCase> index_cases();

std::vector<OperatorCase> joined(std::initializer_list<std::vector<OperatorCase>> parts);
const std::vector<OperatorCase>& operator_cases();

}  // namespace rcc
