#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "frontends/recipe/recipe.h"
#include "passes/instrumentation.h"
#include "passes/pipeline.h"
#include "tools/rcc/console.h"
#include "tools/rcc/measurement.h"
#include "tools/rcc/services_loader.h"
#include "tools/rcc/step_cache.h"
#include "tools/rcc/step_keys.h"

namespace rcc {

// `rcc run` as asked for on the command line.
struct RunOptions {
  std::filesystem::path recipe;
  std::filesystem::path model;
  // Empty: MODEL.RECIPE.onnx beside the model.
  std::filesystem::path output;
  // Pass modules to load, and whether the recipe may name more.
  std::vector<std::filesystem::path> modules;
  bool may_load_modules = false;
  std::vector<std::string> overrides;
  std::string device = "cpu";
  std::int64_t threads = 0;
  std::filesystem::path report;
  Verify verify = Verify::structural;
  // A question about rules, answered in place of writing anything; empty: none.
  std::string why_not;
  // What is shown of the passes besides progress.
  InstrumentationOptions instrumentation;
  // The first rewrites of rules that are done. With a limit nothing is cached.
  std::optional<std::int64_t> rule_limit;
  // Where an internal error leaves a file that repeats it; empty: nowhere.
  std::filesystem::path reproducer_folder;
  // Empty: nothing is cached.
  std::filesystem::path cache_folder;
  bool shows_timing = false;
  bool may_overwrite = false;
  bool keeps_failed = false;
};

// What one pass of the recipe did.
struct StepRecord {
  std::string name;
  std::string options;
  StepResult result;
  bool is_cached = false;
  // Of a pass that is not built in: its rule file or module, and "xxh128:" with the digest of that.
  std::filesystem::path file = {};
  std::string file_digest = {};
};

// Passes on what passes say, and keeps it for the cache.
class RecordingSink final : public DiagnosticSink {
 public:
  explicit RecordingSink(DiagnosticSink& next) : next_(next) {}
  void report(Diagnostic diagnostic) override {
    messages.push_back(diagnostic);
    next_.report(std::move(diagnostic));
  }
  std::vector<Diagnostic> messages;

 private:
  DiagnosticSink& next_;
};

// A recipe applied to a model: everything between the command line and the files.
class Session {
 public:
  Session(RunOptions options, Console& console);

  // The exit code: 0, or that of an unmet requirement.
  Result<int> run();

 private:
  Result<void> check_paths();
  Result<void> check_recipe();
  Result<void> load();
  Result<void> measure_original();
  Result<void> run_passes();
  // The answer to `why_not`, after the passes before the one it is about.
  Result<int> explain_rules();
  Result<std::optional<Graph>> lookup(const Graph& graph, const PassInstance& pass);
  Result<void> after_pass(const Graph& graph, const PipelineOptions::Step& step);
  void store(const Graph& graph, const PassInstance& pass, const StepResult& result);
  void warn_about_cache(const Error& error);
  PipelineOptions pipeline_options();
  Result<Accuracy> accuracy(const Graph& graph);
  // Writes the model under a name that is not the final one yet.
  Result<void> write_unchecked();
  // Gives the output its name, or that of a failed one.
  Result<std::filesystem::path> publish(bool is_met);
  Result<void> write_report(const std::filesystem::path& output,
                            const std::vector<std::string>& unmet);
  Result<int> finish();
  std::vector<std::pair<std::string, std::string>> provenance() const;
  void print_timing() const;

  RunOptions options_;
  Console& console_;
  RecordingSink sink_;
  Instrumentation instrumentation_;
  StepLimit rule_limit_;
  PassCatalog catalog_;
  Recipe recipe_;
  std::optional<Graph> original_;
  std::optional<Graph> graph_;
  std::optional<ServicesLoader> services_;
  Measurement before_;
  Measurement after_;
  std::vector<StepRecord> steps_;
  std::optional<StepCache> cache_;
  std::optional<StepKeys> keys_;
  // Of the pass that runs, when it may be cached, and its result when it was.
  std::optional<Digest> key_;
  std::optional<StepResult> found_;
  bool has_warned_about_cache_ = false;
  std::filesystem::path unchecked_;
  double seconds_ = 0;
};

}  // namespace rcc
