#pragma once

#include <ATen/core/Tensor.h>

#include <utility>
#include <vector>

#include "passes/services.h"

namespace rcc {

// Mean cross entropy of scores [N, classes] against labels, with label smoothing.
at::Tensor classification_loss(const at::Tensor& scores, const at::Tensor& labels,
                               double label_smoothing);

// T^2 * KL(softmax(teacher / T) || softmax(student / T)), summed over classes, mean over images.
at::Tensor distillation_loss(const at::Tensor& student, const at::Tensor& teacher,
                             double temperature);

// Mean over pairs (student, teacher) of |s - t|^2 / |t|^2.
at::Tensor feature_loss(const std::vector<std::pair<at::Tensor, at::Tensor>>& pairs);

}  // namespace rcc
