#pragma once

#include <optional>

#include "frontends/recipe/recipe.h"
#include "ir/support/hash.h"
#include "passes/pipeline.h"

namespace rcc {

// Digests of everything that the result of a step or of an evaluation depends on.
class StepKeys {
 public:
  struct Machine {
    std::string device;
    std::int64_t threads = 0;
  };
  // All arguments outlive this.
  StepKeys(const Recipe& recipe, const Graph& original, Verify verify, Machine machine,
           ServiceProvider& provider)
      : recipe_(recipe),
        original_(original),
        verify_(verify),
        machine_(std::move(machine)),
        provider_(provider) {}

  // None for a pass whose code is not in this program: a rule file.
  Result<std::optional<Digest>> step(const Graph& graph, const PassInstance& pass);
  Result<Digest> accuracy(const Graph& graph);

  // Name and fingerprint of each split of the recipe's data.
  Result<std::vector<std::pair<std::string, Digest>>> data_fingerprints();

 private:
  Result<void> add_services(Hasher& hasher);
  Result<Digest> program(bool with_module);

  const Recipe& recipe_;
  const Graph& original_;
  Verify verify_;
  Machine machine_;
  ServiceProvider& provider_;
  std::optional<Digest> original_digest_;
  std::optional<Digest> programs_[2];
  std::optional<std::vector<std::pair<std::string, Digest>>> fingerprints_;
};

}  // namespace rcc
