#include "tools/rcc_opt/plan.h"

#include <fmt/format.h>

#include "ir/support/file.h"
#include "passes/reproducer.h"

namespace rcc {

namespace {

constexpr std::uint64_t kMaxTextBytes = std::uint64_t{1} << 30;

// --rules in order.
Result<std::vector<PassInstance>> passes_of_rules(const Settings& settings) {
  std::vector<PassInstance> passes;
  for (const std::filesystem::path& path : settings.rules)
    passes.push_back(RCC_TRY(load_rules_pass(path, {})));
  return passes;
}

// --passes, where the files of --rules come before passes of the same name.
Result<std::vector<PassInstance>> passes_of(const Settings& settings) {
  if (settings.passes.empty()) return passes_of_rules(settings);
  std::vector<bool> is_used(settings.rules.size());
  const auto make = [&](std::string_view name, const OptionTable& options,
                        SourceSpan place) -> Result<PassInstance> {
    for (std::size_t i = 0; i < settings.rules.size(); ++i) {
      if (settings.rules[i].stem() != name) continue;
      is_used[i] = true;
      return load_rules_pass(settings.rules[i], options, std::move(place));
    }
    return settings.catalog.make(name, options, std::move(place));
  };
  std::vector<PassInstance> passes =
      RCC_TRY(parse_pipeline(settings.passes, "--passes", make));
  for (std::size_t i = 0; i < settings.rules.size(); ++i)
    if (!is_used[i])
      return fail(ErrorKind::usage,
                  fmt::format("--passes does not run the rules of `{}`",
                              settings.rules[i].string()),
                  fmt::format("name `{}` in --passes", settings.rules[i].stem().string()));
  return passes;
}

Result<Plan> plan_of_reproducer(const Settings& settings) {
  const std::string text = RCC_TRY(read_text_file(settings.reproducer, kMaxTextBytes));
  Reproduction reproduction =
      RCC_TRY(parse_reproducer(text, settings.reproducer.string(), settings.catalog));
  Plan plan;
  plan.recipe.passes = std::move(reproduction.passes);
  plan.recipe.seed = reproduction.seed;
  plan.recipe.target = reproduction.target;
  plan.verify = reproduction.verify;
  plan.check_idempotent = reproduction.check_idempotent;
  return plan;
}

Result<void> check_sources(const Settings& settings) {
  const int given = (settings.recipe.empty() ? 0 : 1) + (settings.reproducer.empty() ? 0 : 1) +
                    (settings.passes.empty() && settings.rules.empty() ? 0 : 1);
  if (given <= 1) return {};
  return fail(ErrorKind::usage,
              "the passes come from one of --run-reproducer, --recipe, or --passes with --rules",
              "keep one of them");
}

}  // namespace

Result<Plan> make_plan(const Settings& settings) {
  RCC_TRY(check_sources(settings));
  if (!settings.reproducer.empty()) return plan_of_reproducer(settings);
  Plan plan;
  if (settings.recipe.empty())
    plan.recipe.passes = RCC_TRY(passes_of(settings));
  else
    plan.recipe = RCC_TRY(read_recipe(settings.recipe, {}, {settings.catalog}));
  if (settings.recipe.empty() || settings.has_seed) plan.recipe.seed = settings.seed;
  plan.verify = settings.verify;
  plan.check_idempotent = settings.check_idempotent;
  return plan;
}

}  // namespace rcc
