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

const std::vector<OperatorCase>& operator_cases();

}  // namespace rcc
