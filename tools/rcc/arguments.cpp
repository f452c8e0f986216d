#include "tools/rcc/arguments.h"

namespace rcc {

std::optional<int> parse_arguments(CLI::App& app, const Arguments& arguments, Console& console) {
  const Result<Parsed> parsed = parse_command_line(app, arguments);
  if (!parsed) return console.fail(parsed.error());
  if (*parsed == Parsed::answer) return 0;
  return std::nullopt;
}

void add_device_option(CLI::App& app, std::string& device) {
  app.add_option("--device", device, "cpu, cuda:0, ...")
      ->check([](const std::string& text) {
        std::string_view number = text;
        const bool is_numbered = number.starts_with("cuda:") && number.size() > 5;
        if (is_numbered) number.remove_prefix(5);
        const bool is_number = number.find_first_not_of("0123456789") == std::string_view::npos;
        if (text == "cpu" || text == "cuda" || (is_numbered && is_number)) return std::string();
        return fmt::format("`{}` is not known; write cpu, cuda:0, cuda:1, ...", text);
      })
      ->capture_default_str();
}

void add_module_option(CLI::App& app, std::vector<std::filesystem::path>& modules) {
  app.add_option("--load-pass", modules, "load the passes of a module, a .so file: runs its code")
      ->allow_extra_args(false);
}

}  // namespace rcc
