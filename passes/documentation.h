#pragma once

#include <string>
#include <string_view>

#include "ir/support/result.h"
#include "passes/registry.h"

// What there is to say about a pass, from its file's opening comment and its options. One source
// for `rcc explain`, `rcc passes`, `rcc-opt --list-passes` and docs/passes.md.

namespace rcc {

// The entry of a built-in pass; unknown: error with the nearest name.
Result<const PassEntry*> find_pass(std::string_view name);

// The first sentence of its comment.
std::string_view summary(const PassEntry& entry);

// For a terminal: comment, promise, order, options with defaults, the lines of a recipe.
Result<std::string> explain_pass(const PassEntry& entry);

// One line a pass, grouped by family.
Result<std::string> list_passes();

// docs/passes.md.
Result<std::string> passes_page();

}  // namespace rcc
