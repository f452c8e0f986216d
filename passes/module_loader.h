#pragma once

#include <filesystem>
#include <vector>

#include "ir/support/result.h"
#include "passes/pass_catalog.h"

namespace rcc {

// Loads a pass module (passes/pass_module.h) and adds its passes to `catalog`. Loading runs its
// code, so only files that the user trusts may get here. A file that is no module, a module of
// another rcc (told from its stamp, before any of its code runs), a missing symbol or a name that
// is taken: an error, and the catalog stays as it was. A module is never unloaded.
Result<void> load_pass_module(const std::filesystem::path& path, PassCatalog& catalog);

// The built-in passes and those of the modules.
Result<PassCatalog> load_pass_modules(const std::vector<std::filesystem::path>& paths);

}  // namespace rcc
