#pragma once

#include <filesystem>

#include "ir/support/result.h"
#include "ir/tensor.h"

namespace rcc {

// NumPy's array files, version 1.0: one tensor, little endian, C order. Not for bf16 and types of
// less than a byte, which NumPy does not have.
Result<Tensor> read_npy(const std::filesystem::path& path);
Result<void> write_npy(const std::filesystem::path& path, const Tensor& tensor);

}  // namespace rcc
