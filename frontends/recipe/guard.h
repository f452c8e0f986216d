#pragma once

#include <cstdint>
#include <string_view>

#include "ir/support/result.h"

namespace rcc {

// Bounds on a recipe's text. The TOML library recurses over brackets and over the parts of a key, and
// overflows its stack on 60 KB of either, so they are counted before it sees a byte.
inline constexpr std::uint64_t kMaxRecipeBytes = 1U << 20;
inline constexpr int kMaxRecipeDepth = 32;
inline constexpr int kMaxRecipeKeyDots = 32;

// Valid UTF-8, within the bounds; one scan, strings and comments skipped. `file`: for messages.
Result<void> guard_recipe_text(std::string_view text, std::string_view file);

}  // namespace rcc
