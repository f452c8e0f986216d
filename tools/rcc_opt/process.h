#pragma once

#include "ir/support/result.h"
#include "tools/rcc_opt/settings.h"

namespace rcc {

// Reads, transforms, writes; prints every error. The exit code.
int process(const Settings& settings);
// To the standard output, whole. The exit code.
int print_out(const std::string& text);

}  // namespace rcc
