#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rcc {

// Axes of each operand as the letters of OpInfo::axes: "n c . ; o c ." -> {{n, c, .}, {o, c, .}}.
// Empty when the row states none, or "broadcast".
std::vector<std::vector<std::string>> operand_axes(std::string_view axes);
// Whether a letter stands for any number of axes.
bool is_open(const std::vector<std::string>& letters);

}  // namespace rcc
