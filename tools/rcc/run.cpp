#include "frontends/recipe/recipe_text.h"
#include "passes/module_loader.h"
#include "tools/rcc/commands.h"
#include "tools/rcc/processor.h"
#include "tools/rcc/session.h"

namespace rcc {

namespace {

// What the arguments are written to.
struct Words {
  std::string recipe, model, output, report, device = "cpu", cache_dir;
  std::vector<std::string> overrides;
  std::vector<std::filesystem::path> modules;
  std::optional<std::uint64_t> seed;
  std::string why_not;
  Verify verify = Verify::structural;
  WatchArguments watch;
  std::int64_t threads = 0;
  bool prints_ir = false, shows_remarks = false, shows_timing = false, is_quiet = false;
  bool no_cache = false, force = false, keep = false, may_load_modules = false;
};

void add_arguments(CLI::App& app, Words& words) {
  app.add_option("model", words.model, "the model, an .onnx file");
  app.add_option("-r,--recipe", words.recipe, "the recipe, a .toml file")->required();
  app.add_option("-o,--output", words.output, "where the result goes; MODEL.RECIPE.onnx otherwise");
  app.add_option("--set", words.overrides, "override a value of the recipe: key=value, repeatable")
      ->allow_extra_args(false);
  add_module_option(app, words.modules);
  app.add_flag("--allow-load-pass", words.may_load_modules,
               "let the recipe load pass modules, too");
  app.add_option("--seed", words.seed, "override the seed of the recipe")
      ->check(check_whole_number);
  add_device_option(app, words.device);
  app.add_option("--threads", words.threads, "threads of the backends; 0: as many as processors")
      ->check(CLI::Range(0, 1024));
  app.add_option("--report", words.report, "write a report as JSON");
  add_verify_option(app, words.verify);
  app.add_flag("--remarks", words.shows_remarks, "say what passes left alone, and why");
  app.add_flag("--timing", words.shows_timing, "say how long each pass took");
  add_watch_options(app, words.watch);
  app.add_flag("--print-ir-after-all", words.prints_ir, "print the graph after every pass");
  app.add_option("--why-not", words.why_not,
                 "RULE or PASS, also with @LAYER: why rules do not apply, and where nearly");
  app.add_flag("--no-cache", words.no_cache, "run every pass, and keep nothing");
  app.add_option("--cache-dir", words.cache_dir, "where results of steps are kept");
  app.add_flag("--force", words.force, "overwrite an output that was not named with -o");
  app.add_flag("--keep", words.keep, "give the output its name even if a requirement is not met");
  app.add_flag("-q,--quiet", words.is_quiet, "no progress");
}

RunOptions run_options(const Words& words) {
  RunOptions options;
  options.recipe = words.recipe;
  options.model = words.model;
  options.output = words.output;
  options.modules = words.modules;
  options.may_load_modules = words.may_load_modules;
  options.overrides = words.overrides;
  if (words.seed) options.overrides.push_back(fmt::format("seed={}", *words.seed));
  options.device = words.device;
  options.threads = words.threads > 0 ? words.threads : usable_processors();
  options.report = words.report;
  options.verify = words.verify;
  options.why_not = words.why_not;
  options.instrumentation = instrumentation_options(words.watch);
  if (words.prints_ir) options.instrumentation.print_after.emplace_back("all");
  options.rule_limit = words.watch.rule_limit;
  options.reproducer_folder = words.watch.reproducer_folder;
  if (!words.no_cache)
    options.cache_folder =
        words.cache_dir.empty() ? StepCache::default_folder().string() : words.cache_dir;
  options.shows_timing = words.shows_timing;
  options.may_overwrite = words.force;
  options.keeps_failed = words.keep;
  return options;
}

Result<std::string> pipeline_of(const RunOptions& options, const std::string& format) {
  RecipeScope scope{RCC_TRY(load_pass_modules(options.modules)), options.may_load_modules};
  const Recipe recipe =
      RCC_TRY(read_recipe(options.recipe, options.overrides, std::move(scope)));
  return pipeline_text(recipe, format);
}

int print_pipeline(const RunOptions& options, const std::string& format, Console& errors) {
  const auto text = pipeline_of(options, format);
  if (!text) return errors.fail(text.error());
  std::fwrite(text->data(), 1, text->size(), stdout);
  return 0;
}

}  // namespace

int run_command(const Arguments& arguments) {
  CLI::App app("Apply a recipe to a model.", "rcc");
  Words words;
  add_arguments(app, words);
  Console errors;
  if (const auto code = parse_arguments(app, arguments, errors)) return *code;
  if (!words.watch.print_pipeline.empty())
    return print_pipeline(run_options(words), words.watch.print_pipeline, errors);
  if (words.model.empty())
    return errors.fail({ErrorKind::usage,
                        {{.message = "model is required",
                          .help = "`rcc --help` lists the arguments"}}});
  Console console({words.is_quiet, words.shows_remarks});
  auto done = Session(run_options(words), console).run();
  return done ? *done : console.fail(done.error());
}

}  // namespace rcc
