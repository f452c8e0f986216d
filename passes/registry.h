#pragma once

#include <span>
#include <string_view>

namespace rcc {

struct PassDef;

// One pass: of rcc, as tools/gen/pass_registry.py found it in passes/<family>/, or of a module
// (passes/pass_module.h). The texts live as long as the program.
struct PassEntry {
  std::string_view name;
  std::string_view family;
  // The comment that opens its file; the first line is a sentence.
  std::string_view doc;
  // Null for a pass of rules.
  PassDef (*make)() = nullptr;
  // The text of its .rules file, and where that came from, for diagnostics; empty for a pass in
  // C++.
  std::string_view rules = {};
  std::string_view rules_path = {};
  // The file of the module it came from, filled in when that is loaded; empty: built in.
  std::string_view module = {};
};

// Sorted by family, then by name.
std::span<const PassEntry> builtin_passes();

}  // namespace rcc
