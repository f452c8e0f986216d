#pragma once

#include <cstdint>
#include <vector>

#include "ir/graph.h"
#include "ir/support/result.h"

namespace rcc {

// What training changes in a graph.
struct Trainable {
  // Float constants that operators read as weight, bias, gamma, beta or slope, directly or through
  // quantizers; each once, however many operators share it. In order of first use.
  std::vector<Value*> parameters;
  // Running mean and variance of BatchNorm nodes.
  std::vector<Value*> statistics;
  // Weights that are integers already and stay as they are.
  std::vector<const Value*> frozen;
};

// Weight decay pulls on weights (two axes and more), not on biases, gamma and beta.
inline bool decays(const Value& parameter) { return parameter.tensor().rank() >= 2; }

// An error when nothing can be trained.
Result<Trainable> find_trainable(Graph& graph);

// Gives each BatchNorm running statistics of its own where several share a constant: equal before
// training does not mean equal after it.
void separate_statistics(Graph& graph);

}  // namespace rcc
