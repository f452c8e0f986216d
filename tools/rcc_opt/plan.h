#pragma once

#include <string>

#include "frontends/recipe/recipe.h"
#include "ir/support/result.h"
#include "tools/rcc_opt/settings.h"

namespace rcc {

// What is run: passes, seed and target as a recipe has them, and how each pass is checked.
struct Plan {
  Recipe recipe;
  Verify verify = Verify::structural;
  bool check_idempotent = false;
};

// From --run-reproducer, --recipe, --passes or --rules; two of the first three are an error.
Result<Plan> make_plan(const Settings& settings);

}  // namespace rcc
