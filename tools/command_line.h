#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "ir/support/result.h"

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

// Of an option that is a std::uint64_t: the parser would wrap what is negative or too large.
std::string check_whole_number(const std::string& text);

}  // namespace rcc
