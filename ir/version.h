#pragma once

#include <string_view>

namespace rcc {

std::string_view version();

}  // namespace rcc
