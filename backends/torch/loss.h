#pragma once

#include <ATen/core/Tensor.h>

namespace rcc {

// Mean cross entropy of scores [N, classes] against labels, with label smoothing.
at::Tensor classification_loss(const at::Tensor& scores, const at::Tensor& labels,
                               double label_smoothing);

// T^2 * KL(softmax(teacher / T) || softmax(student / T)), summed over classes, mean over images.
at::Tensor distillation_loss(const at::Tensor& student, const at::Tensor& teacher,
                             double temperature);

// Mean squared difference of a tapped value and the teacher's.
at::Tensor feature_loss(const at::Tensor& student, const at::Tensor& teacher);

}  // namespace rcc
