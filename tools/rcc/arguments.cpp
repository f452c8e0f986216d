#include "tools/rcc/arguments.h"

#include <algorithm>

namespace rcc {

namespace {

// Long and short spellings of every option, with their dashes.
std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

Diagnostic unexpected(const CLI::App& app, std::string_view word) {
  const std::string help = fmt::format("`{} --help` lists the arguments", app.get_name());
  if (!word.starts_with('-'))
    return {.message = fmt::format("unexpected argument `{}`", word), .help = help};
  word = word.substr(0, word.find('='));
  const std::vector<std::string> names = option_names(app);
  const std::string_view nearest = nearest_name(word, {names.begin(), names.end()});
  return {.message = fmt::format("unknown option `{}`", word),
          .help = nearest.empty() ? help : fmt::format("did you mean `{}`?", nearest)};
}

std::string lower_first(std::string text) {
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])))
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

}  // namespace

std::optional<int> parse_arguments(CLI::App& app, const Arguments& arguments, Console& console) {
  app.allow_extras();
  Error error{ErrorKind::usage, {}};
  const std::string help = fmt::format("`{} --help` lists the arguments", app.get_name());
  try {
    app.parse(Arguments(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    console.print(app.help());
    return 0;
  } catch (const CLI::ParseError& problem) {
    error.diagnostics.push_back({.message = lower_first(problem.what()), .help = help});
  }
  // A misspelt option is the cause of what else is missing, so it is named alone.
  std::vector<std::string> extras = app.remaining();
  const auto unknown = std::find_if(extras.begin(), extras.end(), [](const std::string& word) {
    return word.starts_with('-') && word.size() > 1;
  });
  if (unknown != extras.end())
    error.diagnostics = {unexpected(app, *unknown)};
  else if (error.diagnostics.empty() && !extras.empty())
    error.diagnostics.push_back(unexpected(app, extras.front()));
  if (error.diagnostics.empty()) return std::nullopt;
  return console.fail(error);
}

void add_module_option(CLI::App& app, std::vector<std::filesystem::path>& modules) {
  app.add_option("--load-pass", modules, "load the passes of a module, a .so file: runs its code")
      ->allow_extra_args(false);
}

}  // namespace rcc
