#include "passes/documentation.h"
#include "tools/rcc/commands.h"

namespace rcc {

namespace {

Result<std::string> explanation(std::string_view name) {
  const PassEntry* entry = RCC_TRY(find_pass(name));
  return explain_pass(*entry);
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
  if (const auto code = parse_arguments(app, arguments, console)) return *code;
  return print_text(list_passes(), console);
}

int explain_command(const Arguments& arguments) {
  Console console;
  CLI::App app("Explain a pass and list its options.", "rcc explain");
  std::string name;
  app.add_option("pass", name, "its name")->required();
  if (const auto code = parse_arguments(app, arguments, console)) return *code;
  return print_text(explanation(name), console);
}

}  // namespace rcc
