#pragma once

#include <string>
#include <vector>

#include "ir/support/result.h"
#include "passes/options.h"

namespace rcc {

// Writes "key=value" texts of --set into the table of a recipe, before its options are checked; what is
// written keeps the place of the command line. Unknown passes are errors with the nearest name.
Result<void> apply_overrides(OptionTable& recipe, const std::vector<std::string>& overrides);

// Spans of overrides name this as their file.
inline constexpr const char* kOverridePlace = "--set";

}  // namespace rcc
