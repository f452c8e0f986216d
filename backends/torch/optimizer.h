#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "passes/services.h"

namespace rcc {

// Stochastic gradient descent with momentum over one tensor per parameter.
//   g = gradient + weight_decay * w      v = momentum * v + g      w -= rate * v
// (Nesterov: w -= rate * (g + momentum * v)), as PyTorch's SGD.
class Optimizer {
 public:
  explicit Optimizer(const TrainOptions& options) : options_(options) {}

  // `mask`: zeros where the parameter stays exactly zero; undefined: dense.
  void add(const at::Tensor& parameter, const at::Tensor& mask, bool has_decay);
  // Consumes the gradients.
  void step(double rate);

 private:
  struct Group {
    std::vector<at::Tensor> parameters;
    std::vector<at::Tensor> momenta;
    std::vector<at::Tensor> masks;
  };
  void step(Group& group, double rate, double weight_decay);

  TrainOptions options_;
  Group with_decay_;
  Group without_decay_;
};

}  // namespace rcc
