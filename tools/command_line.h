#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ir/support/result.h"
#include "passes/instrumentation.h"

namespace rcc {

enum class Parsed : std::uint8_t {
  command,
  // Help or the version was asked for, and is printed.
  answer,
};

// Fills the variables bound to `app` from the words after the program's name. What is wrong with
// them is an error of kind usage; a misspelt option is named alone, with the nearest one.
Result<Parsed> parse_command_line(CLI::App& app, const std::vector<std::string>& words);
Result<Parsed> parse_command_line(CLI::App& app, int argc, char** argv);

// --verify: what is checked after each pass.
void add_verify_option(CLI::App& app, Verify& verify);

// What to show of passes, and how far they go.
struct WatchArguments {
  // Without --print-ir-changed; see instrumentation_options.
  InstrumentationOptions shown = {};
  // "-": to stderr, else a folder.
  std::string print_changed = {};
  // "text" or "toml": print the passes and end.
  std::string print_pipeline = {};
  // The first rewrites of rules that are done; negative: all.
  std::optional<std::int64_t> rule_limit = std::nullopt;
  std::filesystem::path reproducer_folder = std::filesystem::temp_directory_path();
};
void add_watch_options(CLI::App& app, WatchArguments& watch);
InstrumentationOptions instrumentation_options(const WatchArguments& watch);

// Of an option that is a std::uint64_t: the parser would wrap what is negative or too large.
std::string check_whole_number(const std::string& text);

}  // namespace rcc
