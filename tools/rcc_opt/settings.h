#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "passes/pass_catalog.h"
#include "tools/command_line.h"

namespace rcc {

// The command line of rcc-opt.
struct Settings {
  std::string input;
  // Where the passes come from: one of these, or `rules` alone.
  std::string passes;
  std::vector<std::filesystem::path> rules;
  // Pass modules, and the passes there are once these are loaded.
  std::vector<std::filesystem::path> modules;
  PassCatalog catalog;
  std::filesystem::path recipe;
  std::filesystem::path reproducer;
  std::filesystem::path output;
  // Big payloads of the text that is written.
  std::filesystem::path weights;
  Verify verify = Verify::structural;
  bool check_idempotent = false;
  bool split_input = false;
  bool verify_diagnostics = false;
  std::uint64_t seed = 0;
  // The seed was given and stands above that of a recipe.
  bool has_seed = false;
  std::optional<std::uint64_t> fill_seed;

  bool remarks = false;
  bool print_weight_stats = false;
  bool no_locations = false;
  WatchArguments watch;
  // Of the tries of rules: "json" to stderr, or a file.
  std::string rule_log;
  bool rule_stats = false;

  bool cost = false;
  bool run = false;
  std::filesystem::path run_inputs;
  std::filesystem::path run_outputs;
};

}  // namespace rcc
