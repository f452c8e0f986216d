#include <fmt/core.h>

#include "ir/version.h"

int main() { fmt::print("rcc-opt {}\n", rcc::version()); }
