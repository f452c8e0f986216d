#pragma once

#include <string_view>

namespace rcc {

// `*` stands for any characters, also none; `?` for one; everything else for itself.
// Time is at most the product of the lengths.
bool matches_glob(std::string_view pattern, std::string_view text);

}  // namespace rcc
