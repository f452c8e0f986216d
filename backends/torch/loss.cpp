#include "backends/torch/loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/Reduction.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/kl_div.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/mse_loss.h>

namespace rcc {

at::Tensor classification_loss(const at::Tensor& scores, const at::Tensor& labels,
                               double label_smoothing) {
  return at::cross_entropy_loss(scores, labels, {}, at::Reduction::Mean, /*ignore_index=*/-100,
                                label_smoothing);
}

at::Tensor distillation_loss(const at::Tensor& student, const at::Tensor& teacher,
                             double temperature) {
  const at::Tensor sum = at::kl_div(at::log_softmax(student / temperature, 1),
                                    at::log_softmax(teacher / temperature, 1), at::Reduction::Sum,
                                    /*log_target=*/true);
  return sum * (temperature * temperature / static_cast<double>(student.size(0)));
}

at::Tensor feature_loss(const at::Tensor& student, const at::Tensor& teacher) {
  TORCH_CHECK(student.sizes() == teacher.sizes(), "a tap has shape ", student.sizes(),
              ", the teacher's value ", teacher.sizes());
  return at::mse_loss(student.to(at::kFloat), teacher.to(at::kFloat));
}

}  // namespace rcc
