#include "tools/rcc/arguments.h"

namespace rcc {

std::optional<int> parse_arguments(CLI::App& app, const Arguments& arguments, Console& console) {
  const Result<Parsed> parsed = parse_command_line(app, arguments);
  if (!parsed) return console.fail(parsed.error());
  if (*parsed == Parsed::answer) return 0;
  return std::nullopt;
}

void add_module_option(CLI::App& app, std::vector<std::filesystem::path>& modules) {
  app.add_option("--load-pass", modules, "load the passes of a module, a .so file: runs its code")
      ->allow_extra_args(false);
}

}  // namespace rcc
