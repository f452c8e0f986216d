#pragma once

#include "tools/rcc/arguments.h"

namespace rcc {

// The commands of rcc. Each returns an exit code: 0, or the kind of the error.
int run_command(const Arguments& arguments);
int inspect_command(const Arguments& arguments);
int passes_command(const Arguments& arguments);
int explain_command(const Arguments& arguments);
int diff_command(const Arguments& arguments);
int bench_command(const Arguments& arguments);
int cache_command(const Arguments& arguments);
int doctor_command(const Arguments& arguments);
int zoo_command(const Arguments& arguments);
int version_command(const Arguments& arguments);

}  // namespace rcc
