#pragma once

#include "ir/support/result.h"
#include "tools/rcc_opt/settings.h"

namespace rcc {

// Diagnostics go to stderr as they come.
void print_error(const Error& error);
// Reads, transforms, writes; prints every error. The exit code.
int process(const Settings& settings);
// To the standard output, whole. The exit code.
int print_out(const std::string& text);

}  // namespace rcc
