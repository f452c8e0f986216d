#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "passes/pass_catalog.h"

namespace rcc {

// The command line of rcc-opt.
struct Settings {
  std::string input;
  std::string passes;
  std::vector<std::filesystem::path> rules;
  // Pass modules, and the passes there are once these are loaded.
  std::vector<std::filesystem::path> modules;
  PassCatalog catalog;
  std::filesystem::path output;
  // Big payloads of the text that is written.
  std::filesystem::path weights;
  Verify verify = Verify::structural;
  bool check_idempotent = false;
  bool split_input = false;
  std::uint64_t seed = 0;
  std::optional<std::uint64_t> fill_seed;

  bool remarks = false;
  bool timing = false;
  bool print_weight_stats = false;
  bool no_locations = false;
  // A pass or "all".
  std::string print_before;
  std::string print_after;
  std::filesystem::path reproducer_folder;

  bool cost = false;
  bool run = false;
  std::filesystem::path run_inputs;
  std::filesystem::path run_outputs;
};

}  // namespace rcc
