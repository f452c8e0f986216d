#include "ir/version.h"

namespace rcc {

std::string_view version() { return RCC_VERSION; }

}  // namespace rcc
