#pragma once

#include <string>
#include <string_view>

#include "ir/support/result.h"
#include "passes/pass_catalog.h"

// What there is to say about a pass, from its file's opening comment and its options. One source
// for `rcc explain`, `rcc passes`, `rcc-opt --list-passes` and docs/passes.md.

namespace rcc {

// The first sentence of its comment.
std::string_view summary(const PassEntry& entry);

// For a terminal: comment, promise, order, options with defaults, the lines of a recipe.
Result<std::string> explain_pass(std::string_view name, const PassCatalog& catalog);

// One line a pass, grouped by family.
Result<std::string> list_passes(const PassCatalog& catalog);

// docs/passes.md: the built-in passes.
Result<std::string> passes_page();

}  // namespace rcc
