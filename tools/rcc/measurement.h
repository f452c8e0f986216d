#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "frontends/recipe/recipe.h"
#include "ir/cost.h"
#include "passes/services.h"

namespace rcc {

// What a model costs and how well it works.
struct Measurement {
  // Of its file, with external data.
  std::uint64_t bytes = 0;
  Cost cost;
  std::optional<Accuracy> accuracy;
};

// "83.46 %".
std::string percent_text(double share, int digits = 2);

// Before, after and the change, one line each.
std::string comparison_table(const Measurement& before, const Measurement& after);

// What [require] asks for and the result does not have, one sentence each.
std::vector<std::string> unmet_requirements(const Requirements& requirements,
                                            const Measurement& before, const Measurement& after);

// Whether a requirement is about accuracy, which only a backend can measure.
bool needs_accuracy(const Requirements& requirements);

}  // namespace rcc
