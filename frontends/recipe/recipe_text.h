#pragma once

#include <string>

#include "frontends/recipe/recipe.h"

namespace rcc {

// A recipe as TOML that reads back as the same recipe, with every option of every pass as resolved.
// The tables [data], [target] and [require] stand there when they differ from their defaults.
// Paths are written as they were resolved, so relative ones start at the working folder.
std::string to_toml(const Recipe& recipe);

// What --print-pipeline prints: "toml" is the recipe, "text" its passes as --passes takes them.
Result<std::string> pipeline_text(const Recipe& recipe, std::string_view format);

}  // namespace rcc
