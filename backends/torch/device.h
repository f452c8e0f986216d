#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <string_view>

#include "ir/support/result.h"

namespace rcc {

// "cpu" or "cuda:N" (also "cuda"). Loads LibTorch's CUDA part when a GPU is asked for; an error of
// kind environment when there is none.
Result<at::Device> open_device(std::string_view text);

bool device_has_bf16(at::Device device);

// Threads, and switches without which equal runs may differ.
void set_up_torch(std::int64_t threads);

// "LibTorch 2.11.0, cpu, 2 threads, AVX512".
std::string describe_torch(at::Device device);

// The most memory this process has held (VmHWM).
std::uint64_t peak_memory_bytes();

}  // namespace rcc
