#include "tools/command_line.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdio>

namespace rcc {

namespace {

// The subcommand that was chosen, or the program itself.
const CLI::App& chosen(const CLI::App& app) {
  const auto commands = app.get_subcommands();
  return commands.empty() ? app : *commands.back();
}

std::string help_for(const CLI::App& app) {
  const CLI::App& command = chosen(app);
  const std::string name =
      &command == &app ? app.get_name() : app.get_name() + " " + command.get_name();
  return fmt::format("`{} --help` lists the arguments", name);
}

// Long and short spellings of every option, with their dashes.
std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

bool has_no_command(const CLI::App& app) {
  return app.get_require_subcommand_min() > 0 && app.get_subcommands().empty();
}

Diagnostic unexpected(const CLI::App& app, std::string_view word) {
  if (!word.starts_with('-') && has_no_command(app)) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
      names.push_back(command->get_name());
    const std::string_view nearest = nearest_name(word, {names.begin(), names.end()});
    return {.message = fmt::format("unknown command `{}`", word),
            .help = nearest.empty() ? help_for(app) : fmt::format("did you mean `{}`?", nearest)};
  }
  if (!word.starts_with('-'))
    return {.message = fmt::format("unexpected argument `{}`", word), .help = help_for(app)};
  word = word.substr(0, word.find('='));
  const std::vector<std::string> names = option_names(chosen(app));
  const std::string_view nearest = nearest_name(word, {names.begin(), names.end()});
  return {.message = fmt::format("unknown option `{}`", word),
          .help = nearest.empty() ? help_for(app) : fmt::format("did you mean `{}`?", nearest)};
}

std::string lower_first(std::string text) {
  if (text.size() > 1 && (text[1] == ' ' || std::islower(static_cast<unsigned char>(text[1]))))
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

void keep_extras(CLI::App& app) {
  app.allow_extras();
  for (CLI::App* command : app.get_subcommands({})) command->allow_extras();
}

// `--option=` becomes the option and an empty word, which the parser takes for its value; else it
// would take the next word.
std::vector<std::string> with_empty_values(const std::vector<std::string>& words) {
  std::vector<std::string> out;
  bool are_options = true;
  for (const std::string& word : words) {
    are_options = are_options && word != "--";
    const bool is_empty = are_options && word.starts_with("--") && word.find('=') + 1 == word.size();
    out.push_back(is_empty ? word.substr(0, word.size() - 1) : word);
    if (is_empty) out.emplace_back();
  }
  return out;
}

}  // namespace

Result<Parsed> parse_command_line(CLI::App& app, const std::vector<std::string>& given) {
  keep_extras(app);
  const std::vector<std::string> words = with_empty_values(given);
  Error error{ErrorKind::usage, {}};
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}\n", app.help());
    return Parsed::answer;
  } catch (const CLI::CallForVersion& version) {
    fmt::print("{}\n", version.what());
    return Parsed::answer;
  } catch (const CLI::ParseError& problem) {
    error.diagnostics.push_back({.message = lower_first(problem.what()), .help = help_for(app)});
  }
  // A misspelt option, or command, is the cause of what else is missing.
  const std::vector<std::string> extras = app.remaining(true);
  const auto unknown = std::find_if(extras.begin(), extras.end(), [](const std::string& word) {
    return word.starts_with('-') && word.size() > 1;
  });
  if (unknown != extras.end())
    error.diagnostics = {unexpected(app, *unknown)};
  else if (!extras.empty() && (error.diagnostics.empty() || has_no_command(app)))
    error.diagnostics.push_back(unexpected(app, extras.front()));
  if (error.diagnostics.empty()) return Parsed::command;
  return fail(std::move(error));
}

Result<Parsed> parse_command_line(CLI::App& app, int argc, char** argv) {
  return parse_command_line(app, std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
}

std::string check_whole_number(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code == std::errc() && end == text.data() + text.size()) return {};
  return fmt::format("`{}` is no whole number from 0 to {}", text, UINT64_MAX);
}

void add_verify_option(CLI::App& app, Verify& verify) {
  std::vector<std::string> names;
  std::string given;
  for (const VerifyName& row : kVerifyNames) {
    names.emplace_back(row.name);
    if (row.verify == verify) given = row.name;
  }
  const auto take = [&verify](const std::string& name) {
    for (const VerifyName& row : kVerifyNames)
      if (row.name == name) verify = row.verify;
  };
  app.add_option_function<std::string>("--verify", take, "what is checked after each pass")
      ->check(CLI::IsMember(names))
      ->default_str(given);
}

void add_watch_options(CLI::App& app, WatchArguments& watch) {
  InstrumentationOptions& shown = watch.shown;
  const auto add_passes = [&](const std::string& name, std::vector<std::string>& passes,
                              std::string_view when) {
    app.add_option(name, passes,
                   fmt::format("print the graph {} these passes; `all`: each", when))
        ->delimiter(',')
        ->allow_extra_args(false)
        ->type_name("PASS");
  };
  add_passes("--print-ir-before", shown.print_before, "before");
  add_passes("--print-ir-after", shown.print_after, "after");
  app.add_flag("--print-ir-changed{-}", watch.print_changed,
               "print the graph after each pass that changed it; =DIR: into numbered files");
  app.add_flag("--print-pipeline{text}", watch.print_pipeline,
               "print the passes with all options and end; =toml: as a recipe");
  app.add_flag("--stats", shown.shows_statistics, "what each pass reports, and sizes around it");
  app.add_option("--bisect-limit", shown.bisect_limit,
                 "run the first N passes, counted over all graphs; -1: number all of them");
  app.add_option("--rule-limit", watch.rule_limit, "do the first N rewrites of rules; -1: all");
  app.add_option("--reproducer-dir", watch.reproducer_folder,
                 "where an internal error leaves a file that repeats it; empty: nowhere")
      ->capture_default_str();
}

InstrumentationOptions instrumentation_options(const WatchArguments& watch) {
  InstrumentationOptions options = watch.shown;
  options.prints_changed = !watch.print_changed.empty();
  if (watch.print_changed != "-") options.changed_folder = watch.print_changed;
  return options;
}

}  // namespace rcc
