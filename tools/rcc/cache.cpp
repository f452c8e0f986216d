#include "ir/support/number_text.h"
#include "tools/rcc/commands.h"
#include "tools/rcc/step_cache.h"

namespace rcc {

int cache_command(const Arguments& arguments) {
  Console console;
  CLI::App app("List or clear the results of steps that are kept between runs.", "rcc cache");
  std::string action = "list";
  std::string folder = StepCache::default_folder().string();
  app.add_option("action", action, "list or clear")
      ->check(CLI::IsMember({"list", "clear"}))
      ->capture_default_str();
  app.add_option("--cache-dir", folder, "where they are kept")->capture_default_str();
  if (const auto code = parse_arguments(app, arguments, console)) return *code;
  const StepCache cache(folder);
  if (action == "clear") {
    console.print(fmt::format("{} results removed", cache.clear()));
    return 0;
  }
  std::uint64_t bytes = 0;
  const auto entries = cache.entries();
  for (const StepCache::Entry& entry : entries) {
    console.print(fmt::format("{}  {:>10}  {}", entry.key.substr(0, 12), size_text(entry.bytes),
                              escape_for_display(entry.title)));
    bytes += entry.bytes;
  }
  console.print(fmt::format("{} results, {}", entries.size(), size_text(bytes)));
  return 0;
}

}  // namespace rcc
