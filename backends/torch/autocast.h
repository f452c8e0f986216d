#pragma once

#include <ATen/core/Tensor.h>

namespace rcc {

// While it lives, convolutions and matrix products compute in bf16 and the rest in float32. Leaving
// the outermost scope forgets the weights' bf16 copies.
class AutocastScope {
 public:
  AutocastScope(at::DeviceType device, bool is_enabled);
  ~AutocastScope();
  AutocastScope(const AutocastScope&) = delete;
  AutocastScope& operator=(const AutocastScope&) = delete;

 private:
  at::DeviceType device_;
  bool was_enabled_;
  at::ScalarType old_type_;
};

}  // namespace rcc
