#include "passes/documentation.h"
#include "passes/module_loader.h"
#include "tools/rcc/commands.h"

namespace rcc {

namespace {

Result<std::string> listing(const std::vector<std::filesystem::path>& modules) {
  const PassCatalog catalog = RCC_TRY(load_pass_modules(modules));
  return list_passes(catalog);
}

Result<std::string> explanation(std::string_view name,
                                const std::vector<std::filesystem::path>& modules) {
  const PassCatalog catalog = RCC_TRY(load_pass_modules(modules));
  return explain_pass(name, catalog);
}

int print_text(const Result<std::string>& text, Console& console) {
  if (!text) return console.fail(text.error());
  std::string_view shown = *text;
  while (shown.ends_with('\n')) shown.remove_suffix(1);
  console.print(shown);
  return 0;
}

}  // namespace

int passes_command(const Arguments& arguments) {
  Console console;
  CLI::App app("List the passes.", "rcc passes");
  std::vector<std::filesystem::path> modules;
  add_module_option(app, modules);
  if (const auto code = parse_arguments(app, arguments, console)) return *code;
  return print_text(listing(modules), console);
}

int explain_command(const Arguments& arguments) {
  Console console;
  CLI::App app("Explain a pass and list its options.", "rcc explain");
  std::string name;
  app.add_option("pass", name, "its name")->required();
  std::vector<std::filesystem::path> modules;
  add_module_option(app, modules);
  if (const auto code = parse_arguments(app, arguments, console)) return *code;
  return print_text(explanation(name, modules), console);
}

}  // namespace rcc
