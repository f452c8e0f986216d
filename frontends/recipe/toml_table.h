#pragma once

#include <string_view>

#include "ir/support/result.h"
#include "passes/options.h"

namespace rcc {

// A TOML text as an option table in the order of the text, each key and value with its place. Guards
// the text first. `file`: for messages.
Result<OptionTable> parse_toml(std::string_view text, std::string_view file);

}  // namespace rcc
