#pragma once

#include <filesystem>

#include "ir/support/result.h"

namespace rcc {

// Whether write_atomic could write `path`, for what takes hours before it writes: the folder is
// there and may be written, and there is no file of that name, or a regular one. Writes nothing.
Result<void> check_output(const std::filesystem::path& path);

}  // namespace rcc
