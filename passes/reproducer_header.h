#pragma once

#include <string>
#include <string_view>

#include "passes/reproducer.h"

namespace rcc {

// The comments that open a reproducer: lines `//! key = value,` and after them, for each rule file
// of the user, `//! rules "path"` and its text in lines `//| ...`.
std::string reproducer_header(const Reproducer& reproducer, std::string_view failure);

}  // namespace rcc
