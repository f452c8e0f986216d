#include "backends/torch/optimizer.h"

#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include <utility>

namespace rcc {

void Optimizer::add(const at::Tensor& parameter, const at::Tensor& mask, bool has_decay) {
  Group& group = has_decay ? with_decay_ : without_decay_;
  group.parameters.push_back(parameter);
  group.momenta.push_back(at::zeros_like(parameter));
  group.masks.push_back(mask);
}

void Optimizer::step(double rate) {
  const c10::NoGradGuard no_gradients;
  step(with_decay_, rate, options_.weight_decay);
  step(without_decay_, rate, 0);
}

void Optimizer::step(Group& group, double rate, double weight_decay) {
  std::vector<at::Tensor> parameters;
  std::vector<at::Tensor> gradients;
  std::vector<at::Tensor> momenta;
  for (std::size_t i = 0; i < group.parameters.size(); ++i) {
    at::Tensor& gradient = group.parameters[i].mutable_grad();
    if (!gradient.defined()) continue;
    if (group.masks[i].defined()) gradient.mul_(group.masks[i]);
    parameters.push_back(group.parameters[i]);
    gradients.push_back(std::exchange(gradient, at::Tensor()));
    if (options_.momentum > 0) momenta.push_back(group.momenta[i]);
  }
  if (parameters.empty()) return;
  // Momenta start at zero, so the first step is none of its own.
  at::_fused_sgd_(parameters, gradients, momenta, weight_decay, options_.momentum, rate,
                  /*dampening=*/0, options_.nesterov, /*maximize=*/false, /*is_first_step=*/false);
  for (std::size_t i = 0; i < group.parameters.size(); ++i)
    if (group.masks[i].defined()) group.parameters[i].mul_(group.masks[i]);
}

}  // namespace rcc
