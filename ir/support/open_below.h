#pragma once

#include <filesystem>
#include <string_view>

#include "ir/support/file_descriptor.h"
#include "ir/support/result.h"

namespace rcc {

// Opens a file named by a model for reading: `relative` may not leave `base` nor pass through a
// symbolic link, whatever happens to the folders meanwhile.
Result<FileDescriptor> open_below(const std::filesystem::path& base, std::string_view relative);

// The same folder by folder, for kernels and sandboxes without openat2.
Result<FileDescriptor> open_below_by_walk(const std::filesystem::path& base,
                                          std::string_view relative);

}  // namespace rcc
