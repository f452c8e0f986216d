#pragma once

#include <ATen/core/Tensor.h>

#include "ir/tensor.h"

// Between rcc's tensors and LibTorch's. Errors are c10::Error, for the executor to catch.

namespace rcc {

// A copy on `device`. Types that LibTorch computes with keep their type; u16, u32 become wider
// integers, 4-bit integers i8 or u8, 8-bit floats f32.
at::Tensor to_torch(const Tensor& tensor, at::Device device);

// A row-major copy of type `dtype`. Integers that the executor holds as floats become integers
// again.
Tensor from_torch(const at::Tensor& tensor, DType dtype);

// The type values of `dtype` have while the executor computes with them.
at::ScalarType scalar_type_of(DType dtype);

}  // namespace rcc
