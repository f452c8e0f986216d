#pragma once

#include <span>
#include <string_view>

namespace rcc {

struct PassDef;

// One built-in pass, as tools/gen/pass_registry.py found it in passes/<family>/.
struct PassEntry {
  std::string_view name;
  std::string_view family;
  std::string_view doc;         // the comment that opens its file; the first line is a sentence
  PassDef (*make)();            // null for a pass of rules
  std::string_view rules;       // the text of its .rules file; empty for a pass in C++
  std::string_view rules_path;  // where that text came from, for diagnostics
};

// Sorted by family, then by name.
std::span<const PassEntry> builtin_passes();

}  // namespace rcc
