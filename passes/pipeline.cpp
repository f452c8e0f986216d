#include "passes/pipeline.h"

#include <fmt/format.h>

#include <chrono>

#include "ir/text.h"
#include "ir/verifier.h"
#include "passes/numeric_check.h"
#include "passes/reproducer.h"

namespace rcc {

namespace {

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Takes what a pass says when it runs only to be checked.
class SilentSink final : public DiagnosticSink {
 public:
  void report(Diagnostic) override {}
};

// A pass did not do what it promises. In-tree passes are ours; a rule file is its author's.
Error broken_promise(const PassInstance& pass, std::string what) {
  Error error{pass.is_from_file ? ErrorKind::usage : ErrorKind::internal, {}};
  error.diagnostics.push_back(
      {.message = fmt::format("pass `{}` {}", pass.name, std::move(what)), .span = pass.place});
  if (!pass.is_from_file)
    error.diagnostics.front().notes.push_back("this is a defect of rcc, not of your input");
  return error;
}

tl::unexpected<Error> with_reproducer(Error error, const Reproducer& reproducer) {
  if (!reproducer.folder.empty() && reproducer.graph != nullptr) {
    const Result<std::string> command =
        write_reproducer(reproducer, error.diagnostics.front().message);
    error.diagnostics.front().notes.push_back(
        command ? "to repeat it: " + *command : "no reproducer: " + command.error().message());
  }
  return fail(std::move(error));
}

// The problems of a verifier, below the sentence that says whose they are.
Error broken_graph(const PassInstance& pass, const Error& problems) {
  Error error = broken_promise(pass, "left a broken graph");
  for (const Diagnostic& problem : problems.diagnostics) {
    const std::string at = problem.place.empty() ? "" : problem.place + ": ";
    error.diagnostics.front().notes.push_back(at + problem.message);
  }
  return error;
}

std::string promise(const PassDef& def) {
  if (def.effect != Effect::approx) return std::string(effect_name(def.effect));
  return fmt::format("{} {:g}", effect_name(def.effect), def.tolerance);
}

// The pass itself reports an error.
tl::unexpected<Error> failed(Error error, const PassInstance& pass, const Reproducer& reproducer) {
  for (Diagnostic& diagnostic : error.diagnostics)
    if (!diagnostic.span.is_set() && diagnostic.place.empty()) diagnostic.span = pass.place;
  error.diagnostics.back().notes.push_back(fmt::format("in pass `{}`", pass.name));
  if (error.kind != ErrorKind::internal) return fail(std::move(error));
  if (pass.is_from_file) error.kind = ErrorKind::usage;
  return with_reproducer(std::move(error), reproducer);
}

}  // namespace

Pipeline::Pipeline(std::vector<PassInstance> passes, PipelineOptions options, DiagnosticSink& sink,
                   ServiceProvider* provider)
    : passes_(std::move(passes)), options_(std::move(options)), sink_(sink), provider_(provider) {}

Result<void> Pipeline::check_order() const {
  Error error{ErrorKind::usage, {}};
  const auto require = [&](std::size_t at, const PassOrder& order, std::string_view side) {
    const bool is_after = side == "after";
    bool is_there = false;
    for (std::size_t i = 0; i < passes_.size(); ++i) {
      if (i == at || passes_[i].name != order.pass) continue;
      is_there = true;
      if ((i < at) == is_after) return;
    }
    if (!is_there) return;
    error.diagnostics.push_back(
        {.message = fmt::format("`{}` must come {} `{}`: {}", passes_[at].name, side, order.pass,
                                order.reason),
         .span = passes_[at].place});
  };
  for (std::size_t i = 0; i < passes_.size(); ++i) {
    for (const PassOrder& order : passes_[i].def->after) require(i, order, "after");
    for (const PassOrder& order : passes_[i].def->before) require(i, order, "before");
  }
  if (!error.diagnostics.empty()) return fail(std::move(error));
  return {};
}

PassContext Pipeline::context(std::size_t index, const Graph& original,
                              DiagnosticSink& sink) const {
  PassContext context;
  context.original_ = &original;
  context.target_ = options_.target;
  context.seed_ = options_.seed;
  context.verify_ = options_.verify;
  context.provider_ = provider_;
  context.rule_watch_ = options_.rule_watch;
  context.sink_ = &sink;
  context.rule_limit_ = options_.rule_limit;
  context.written_ = &passes_[index].written;
  context.pass_name_ = passes_[index].name;
  context.place = passes_[index].place;
  return context;
}

Result<void> Pipeline::run(Graph& graph, const Graph* original) {
  RCC_TRY(check_order());
  if (options_.verify != Verify::off) RCC_TRY(verify(graph));
  std::optional<Graph> own;
  latest_ = nullptr;
  if (original == nullptr) {
    original = latest_ = &own.emplace(graph.clone());
    latest_epoch_ = graph.epoch();
  }
  for (std::size_t i = 0; i < passes_.size(); ++i) RCC_TRY(run_pass(graph, i, *original));
  kept_.reset();
  return {};
}

const Graph& Pipeline::snapshot(const Graph& graph) {
  if (latest_ == nullptr || latest_epoch_ != graph.epoch()) {
    latest_ = &kept_.emplace(graph.clone());
    latest_epoch_ = graph.epoch();
  }
  return *latest_;
}

Reproducer Pipeline::reproducer(const Graph* before, std::size_t index,
                                const Graph& original) const {
  const bool is_whole =
      options_.reproducer_scope == PipelineOptions::ReproducerScope::pipeline;
  const auto passes = std::span(passes_).subspan(is_whole ? 0 : index);
  return {.graph = is_whole ? &original : before,
          .passes = passes.first(is_whole ? index + 1 : 1),
          .seed = options_.seed,
          .target = options_.target,
          .verify = options_.verify,
          .check_idempotent = options_.check_idempotent,
          .folder = options_.reproducer_folder};
}

Result<void> Pipeline::run_pass(Graph& graph, std::size_t index, const Graph& original) {
  const PassInstance& pass = passes_[index];
  if (options_.before_pass && !RCC_TRY(options_.before_pass(graph, pass))) return {};
  PassReport report;
  PipelineOptions::Step step{index, pass, report, 0, 0, true, false};
  const auto finish = [&]() -> Result<void> {
    return options_.after_pass ? options_.after_pass(graph, step) : Result<void>();
  };
  if (options_.lookup) {
    if (std::optional<Graph> found = RCC_TRY(options_.lookup(graph, index, pass))) {
      graph = std::move(*found);
      latest_ = nullptr;
      step.is_from_cache = true;
      return finish();
    }
  }
  const bool needs_before =
      options_.verify == Verify::numeric ||
      (!options_.reproducer_folder.empty() &&
       options_.reproducer_scope == PipelineOptions::ReproducerScope::pass);
  const Graph* before = needs_before ? &snapshot(graph) : nullptr;
  const Reproducer reproducer = this->reproducer(before, index, original);
  const ReproducerGuard guard(reproducer);

  const std::uint64_t epoch = graph.epoch();
  PassContext pass_context = context(index, original, sink_);
  const Stopwatch run_time;
  Result<void> result = pass.def->run(graph, *pass.options, pass_context);
  step.seconds = run_time.seconds();
  if (!result) return failed(std::move(result).error(), pass, reproducer);
  report = std::move(pass_context.report());
  step.changed = graph.epoch() != epoch;

  const Stopwatch check_time;
  Result<void> kept = check(before ? *before : graph, graph, step.changed, index, original, report);
  if (!kept) return with_reproducer(std::move(kept).error(), reproducer);
  step.check_seconds = check_time.seconds();
  return finish();
}

Result<void> Pipeline::check(const Graph& before, const Graph& after, bool changed,
                             std::size_t index, const Graph& original, PassReport& report) {
  const PassInstance& pass = passes_[index];
  if (options_.verify == Verify::off) return {};
  if (changed)
    if (const Result<void> sound = verify(after); !sound)
      return fail(broken_graph(pass, sound.error()));
  if (options_.verify == Verify::numeric) {
    if (changed)
      RCC_TRY(check_promise(before, after, pass, report));
    else if (std::string difference = first_difference(before, after); !difference.empty())
      return fail(broken_promise(pass, "changed the graph without telling it: " + difference));
  }
  if (options_.check_idempotent && pass.def->is_idempotent)
    RCC_TRY(check_second_run(after, index, original));
  return {};
}

Result<void> Pipeline::check_promise(const Graph& before, const Graph& after,
                                     const PassInstance& pass, PassReport& report) {
  const PassDef& def = *pass.def;
  if (def.effect == Effect::lossy) return {};
  const NumericVerdict verdict =
      check_numerics(before, after, def.effect, def.tolerance, options_.seed);
  if (!verdict.broken.empty())
    return fail(broken_promise(
        pass, fmt::format("promises `{}` and breaks it: {}", promise(def), verdict.broken)));
  report.checked_difference = verdict.difference;
  if (verdict.difference < 0)
    sink_.report(
        {.severity = Severity::warning,
         .message = fmt::format("{}: its numbers were not checked: {}", pass.name, verdict.reason),
         .span = pass.place});
  return {};
}

Result<void> Pipeline::check_second_run(const Graph& once, std::size_t index,
                                        const Graph& original) {
  const PassInstance& pass = passes_[index];
  Graph twice = once.clone();
  SilentSink silent;
  PassContext pass_context = context(index, original, silent);
  RCC_TRY(pass.def->run(twice, *pass.options, pass_context));
  const std::string difference = first_difference(once, twice);
  if (difference.empty()) return {};
  return fail(broken_promise(pass, "is not idempotent, a second run changed: " + difference));
}

}  // namespace rcc
