#include "ir/version.h"

#include "tools/rcc/commands.h"

namespace rcc {

int version_command(const Arguments& arguments) {
  Console console;
  CLI::App app("Print the version.", "rcc version");
  if (const auto code = parse_arguments(app, arguments, console)) return *code;
  console.print(fmt::format("rcc {}", version()));
  return 0;
}

}  // namespace rcc
