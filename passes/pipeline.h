#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "passes/pass.h"

namespace rcc {

struct Reproducer;

// A pass with its options, ready to run.
struct PassInstance {
  std::string name;
  std::shared_ptr<const PassDef> def;
  std::shared_ptr<OptionSet> options;
  // Where it was asked for.
  SourceSpan place = {};
  // From a rule file or a module of the user: what it does wrong is not a defect of rcc.
  bool is_from_file = false;
  // That file; the other is empty.
  std::filesystem::path rules_file = {};
  std::filesystem::path module_file = {};
  // What the rule file said.
  std::string rules_text = {};
  // The options as they were asked for; mistakes found later name their place.
  OptionTable written = {};
};

// Sets the options of a pass. Every mistake found is in the error.
Result<PassInstance> pass_instance(std::string_view name, PassDef def, const OptionTable& options,
                                   SourceSpan place = {});
// A built-in pass by name with options; unknown name: error with the nearest name. Covers C++ passes
// and rule files alike. A name that ends in ".rules" is the path of a rule file. PassCatalog::make
// knows passes of modules too.
Result<PassInstance> make_pass(std::string_view name, const OptionTable& options,
                               SourceSpan place = {});
// A rule file loaded at run time, as a pass named by its stem. The same for a text that is at hand;
// `path` says where it would lie.
Result<PassInstance> load_rules_pass(const std::filesystem::path& path, const OptionTable& options,
                                     SourceSpan place = {});
Result<PassInstance> parse_rules_pass(std::string_view text, const std::filesystem::path& path,
                                      const OptionTable& options, SourceSpan place = {});

using PassFactory = std::function<Result<PassInstance>(std::string_view name, const OptionTable&,
                                                       SourceSpan place)>;
// "a,b{k=v,k2=[x,y]},folder/c.rules,\"d e.rules\"". Reports the mistakes of all passes at once.
Result<std::vector<PassInstance>> parse_pipeline(std::string_view text,
                                                 std::string_view place = "--passes",
                                                 const PassFactory& make = make_pass);
// The inverse, with resolved options.
std::string to_text(const PassInstance& pass);
std::string to_text(const std::vector<PassInstance>& passes);

struct PipelineOptions {
  Verify verify = Verify::structural;
  std::uint64_t seed = 0;
  TargetOptions target = {};
  // Runs every pass that calls itself idempotent a second time; a further change is an error.
  bool check_idempotent = false;
  // Where a broken promise or an internal error leaves a file that repeats it; empty: nowhere.
  std::filesystem::path reproducer_folder = {};
  // What the file holds: the graph before the pass and that pass, which costs a clone of the graph
  // after each change; or the original graph and the passes up to that one.
  enum class ReproducerScope : std::uint8_t { pass, pipeline };
  ReproducerScope reproducer_scope = ReproducerScope::pass;
  // Asked before each rewrite of a rule; null: no limit.
  StepLimit* rule_limit = nullptr;

  // Follows, and may stop, the rules of all passes; null: nobody does.
  RuleWatch* rule_watch = nullptr;

  // Asked before each pass: false, and it is left out.
  std::function<Result<bool>(const Graph&, const PassInstance&)> before_pass = {};
  // Called after each pass: timing, dumps, metrics, caching are the caller's.
  struct Step {
    std::size_t index;
    const PassInstance& pass;
    const PassReport& report;
    // Of the pass, and of holding it to its promises.
    double seconds;
    double check_seconds;
    bool changed;
    // The graph came from `lookup`; the pass did not run.
    bool is_from_cache;
  };
  std::function<Result<void>(const Graph&, const Step&)> after_pass = {};
  // Asked before each pass; a graph (from a cache) is used in place of running it.
  std::function<Result<std::optional<Graph>>(const Graph&, std::size_t index, const PassInstance&)>
      lookup = {};
};

// Runs passes in order over a graph and holds each to its promises: the verifier after each pass,
// the numeric check as its effect class says (Verify::numeric), order constraints before the first.
// A built-in pass that breaks a promise is an Error of kind internal.
class Pipeline {
 public:
  Pipeline(std::vector<PassInstance> passes, PipelineOptions options, DiagnosticSink& sink,
           ServiceProvider* provider = nullptr);

  // Order constraints between the passes; called by run, and by recipe checks on their own.
  Result<void> check_order() const;
  // `original`: what ratios refer to; null: a clone of `graph` taken now.
  Result<void> run(Graph& graph, const Graph* original = nullptr);

 private:
  Result<void> run_pass(Graph& graph, std::size_t index, const Graph& original);
  PassContext context(std::size_t index, const Graph& original, DiagnosticSink& sink) const;
  // What repeats the pass at `index`; refers to `before` and `original`.
  Reproducer reproducer(const Graph* before, std::size_t index, const Graph& original) const;
  // The graph as it is now, kept until it changes.
  const Graph& snapshot(const Graph& graph);
  // Holds the pass at `index` to its promises.
  Result<void> check(const Graph& before, const Graph& after, bool changed, std::size_t index,
                     const Graph& original, PassReport& report);
  Result<void> check_promise(const Graph& before, const Graph& after, const PassInstance& pass,
                             PassReport& report);
  Result<void> check_second_run(const Graph& once, std::size_t index, const Graph& original);

  std::vector<PassInstance> passes_;
  PipelineOptions options_;
  DiagnosticSink& sink_;
  ServiceProvider* provider_;
  // Of snapshot(): null outside of run.
  std::optional<Graph> kept_;
  const Graph* latest_ = nullptr;
  std::uint64_t latest_epoch_ = 0;
};

}  // namespace rcc
