#include <fmt/core.h>

#include "ir/version.h"

int main() { fmt::print("rcc {}\n", rcc::version()); }
