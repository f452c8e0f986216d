#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/support/result.h"
#include "passes/options.h"
#include "passes/pass_catalog.h"
#include "passes/pipeline.h"
#include "passes/services.h"

namespace rcc {

inline constexpr std::int64_t kRecipeSchema = 1;

// [require] of a recipe: what must hold of the result. Percentages are shares of the original, except
// those of top1 and top1_drop, which are points of accuracy.
struct Requirements {
  std::optional<Bound> top1;
  std::optional<Bound> top1_drop;
  std::optional<Bound> size;
  std::optional<Bound> size_ratio;
  std::optional<Bound> macs;
  std::optional<Bound> params;
  std::optional<Bound> nonzeros;
  void describe(OptionVisitor& v);
};

// A recipe with every option checked and every path resolved: what a run does, and nothing else.
struct Recipe {
  std::string name;
  std::uint64_t seed = 0;
  DataOptions data;
  bool has_data = false;
  TargetOptions target;
  Requirements require;
  std::vector<PassInstance> passes;

  // As read, for its digest.
  std::string text;
  std::vector<Diagnostic> warnings;
};

// What a recipe may refer to.
struct RecipeScope {
  PassCatalog passes = {};
  // Loading a pass module runs its code, so a recipe may name one (`load_pass`) only when the command
  // line says that it may.
  bool may_load_modules = false;
};

// Reads a recipe. `overrides` are texts "key=value" of --set: `seed`, `name`, `data.train`,
// `target.cpu`, `require.top1_drop`, or `fold_batch_norm.max_scale` for a pass by its name; of a pass
// that occurs several times, `fine_tune#2.epochs` is the second. Paths in the file are relative to its
// folder, those in overrides to the working folder. All errors of one reading are reported together.
Result<Recipe> read_recipe(const std::filesystem::path& path,
                           const std::vector<std::string>& overrides = {},
                           RecipeScope scope = {});
// The same for a text; `path` says where it would lie.
Result<Recipe> parse_recipe(std::string text, const std::filesystem::path& path,
                            const std::vector<std::string>& overrides = {},
                            RecipeScope scope = {});

}  // namespace rcc
