#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tools/command_line.h"
#include "tools/rcc/console.h"

namespace rcc {

// Words after the name of the command.
using Arguments = std::vector<std::string>;

// Fills the variables bound to `app`. An exit code when the command ends here: help was asked for, or
// the arguments are wrong, which has then been said.
std::optional<int> parse_arguments(CLI::App& app, const Arguments& arguments, Console& console);

// --device of a command: its spelling is checked also where nothing asks for a device.
void add_device_option(CLI::App& app, std::string& device);

// --load-pass of a command, repeatable.
void add_module_option(CLI::App& app, std::vector<std::filesystem::path>& modules);

}  // namespace rcc
