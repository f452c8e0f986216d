#pragma once

#include <string>
#include <vector>

#include "ir/op.h"
#include "ir/tensor.h"
#include "passes/validation/random_choices.h"

namespace rcc {

// A constant made up for an operand, and what is special about it, if anything: "= 0".
struct SampledConstant {
  Tensor tensor;
  std::string note;
};

// Usual numbers, or extreme ones: all zero, nearly zero, large, negative, one zero among others, or
// one of `numbers`. What is a variance or a scale is not negative.
SampledConstant sample_constant(const OperandInfo& operand, DType dtype,
                                const std::vector<std::int64_t>& shape,
                                const std::vector<double>& numbers, RandomChoices& random);

}  // namespace rcc
