#include "tools/rcc/session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "frontends/onnx/export.h"
#include "ir/support/check_output.h"
#include "ir/support/number_text.h"
#include "ir/text.h"
#include "ir/version.h"
#include "passes/module_loader.h"
#include "passes/rules/why_not_run.h"
#include "tools/rcc/model_file.h"
#include "tools/rcc/report.h"

namespace rcc {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// The same for every way to spell a file, whether it exists or not.
std::filesystem::path normal_path(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::weakly_canonical(std::filesystem::absolute(path, ignored), ignored);
}

std::string summary_line(std::size_t number, std::size_t count, const StepRecord& step) {
  const StepResult& result = step.result;
  std::string text = fmt::format("{:>2}/{} {:<20}  {}", number, count, step.name,
                                 result.report.summary.empty()
                                     ? (result.changed ? "done" : "nothing to do")
                                     : result.report.summary);
  if (result.report.checked_difference >= 0)
    text += fmt::format("  max|d| {:.1e} ok", result.report.checked_difference);
  text += step.is_cached ? "  from the cache" : fmt::format("  {:.1f} s", result.seconds);
  return text;
}

// What a pass of the user was, for those who want to run it again.
Result<std::string> file_digest(const std::filesystem::path& path) {
  constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 32;
  const auto file = RCC_TRY(MappedFile::open(path, kMaxBytes));
  return "xxh128:" + hash_bytes(file->bytes()).hex();
}

}  // namespace

Session::Session(RunOptions options, Console& console)
    : options_(std::move(options)),
      console_(console),
      sink_(console),
      instrumentation_(options_.instrumentation,
                       [&console](const std::string& text) { console.dump(text); }),
      rule_limit_(options_.rule_limit) {}

Result<int> Session::run() {
  const auto start = Clock::now();
  catalog_ = RCC_TRY(load_pass_modules(options_.modules));
  RecipeScope scope{catalog_, options_.may_load_modules};
  recipe_ = RCC_TRY(read_recipe(options_.recipe, options_.overrides, std::move(scope)));
  for (const Diagnostic& warning : recipe_.warnings) console_.report(warning);
  if (!options_.why_not.empty()) return explain_rules();
  if (options_.output.empty()) {
    options_.output = options_.model.parent_path() /
                      fmt::format("{}.{}.onnx", options_.model.stem().string(), recipe_.name);
    if (std::error_code ignored;
        !options_.may_overwrite && std::filesystem::exists(options_.output, ignored))
      return fail(ErrorKind::usage,
                  fmt::format("the output `{}` is there already", options_.output.string()),
                  "name another with -o, or overwrite it with --force");
  }
  RCC_TRY(check_paths());
  RCC_TRY(check_recipe());
  RCC_TRY(load());
  RCC_TRY(measure_original());
  RCC_TRY(run_passes());
  after_.cost = cost_with_zeros(*graph_);
  if (before_.accuracy) after_.accuracy = RCC_TRY(accuracy(*graph_));
  RCC_TRY(write_unchecked());
  seconds_ = seconds_since(start);
  return finish();
}

Result<void> Session::check_paths() {
  RCC_TRY(check_model_output(options_.output));
  if (options_.report.empty()) return {};
  RCC_TRY(check_output(options_.report));
  if (normal_path(options_.report) == normal_path(options_.output))
    return fail(ErrorKind::usage,
                fmt::format("`{}` would be the output and the report", options_.report.string()),
                "name another file for one of them");
  return {};
}

Result<void> Session::check_recipe() {
  RCC_TRY(Pipeline(recipe_.passes, {}, sink_).check_order());
  return instrumentation_.check(recipe_.passes);
}

Result<void> Session::load() {
  original_ = RCC_TRY(read_model(options_.model, console_));
  graph_ = original_->clone();
  before_.cost = cost_with_zeros(*original_);
  before_.bytes = model_bytes(options_.model, before_.cost.weight_bytes);
  console_.line(fmt::format("rcc {}  recipe {} ({} {})  model {}  {}  {} params  {} MACs",
                            version(), recipe_.name, recipe_.passes.size(),
                            recipe_.passes.size() == 1 ? "pass" : "passes",
                            options_.model.filename().string(), size_text(before_.bytes),
                            count_text(before_.cost.params), count_text(before_.cost.macs)));
  ServiceConfig config;
  config.data = recipe_.data;
  config.device = options_.device;
  config.threads = options_.threads;
  config.seed = recipe_.seed;
  config.on_progress = [this](const Progress& progress) { console_.progress(progress); };
  config.on_line = [this](const std::string& line) { console_.line("    " + line); };
  services_.emplace(std::move(config));
  if (!options_.cache_folder.empty() && !options_.rule_limit) cache_.emplace(options_.cache_folder);
  keys_.emplace(recipe_, *original_, options_.verify,
                StepKeys::Machine{options_.device, options_.threads}, *services_);
  return {};
}

Result<void> Session::measure_original() {
  const bool is_about_accuracy = needs_accuracy(recipe_.require);
  const bool is_required =
      is_about_accuracy || std::any_of(recipe_.passes.begin(), recipe_.passes.end(),
                                       [](const PassInstance& pass) {
                                         return pass.def->needs_services;
                                       });
  if (recipe_.data.eval.empty()) {
    if (!is_about_accuracy) return {};
    return fail(ErrorKind::usage, "[require] is about accuracy, but [data] has no `eval`",
                "say which images to measure on: eval = \"images:FOLDER\"");
  }
  if (auto services = services_->services(); !services) {
    if (is_required || services.error().kind != ErrorKind::environment)
      return fail(std::move(services).error());
    console_.report({.severity = Severity::warning,
                     .message = "accuracy is not measured: " + services.error().message(),
                     .help = services.error().diagnostics.front().help});
    return {};
  }
  before_.accuracy = RCC_TRY(accuracy(*original_));
  console_.line(fmt::format("     original              top-1 {} on {} images",
                            percent_text(before_.accuracy->top1()), before_.accuracy->total));
  return {};
}

Result<Accuracy> Session::accuracy(const Graph& graph) {
  Services* services = RCC_TRY(services_->services());
  if (!cache_) return services->evaluator().accuracy(graph, DataSplit::eval);
  const Digest key = RCC_TRY(keys_->accuracy(graph));
  if (const auto found = cache_->find_accuracy(key)) return *found;
  const Accuracy accuracy = RCC_TRY(services->evaluator().accuracy(graph, DataSplit::eval));
  if (const auto stored = cache_->store_accuracy(key, "accuracy", accuracy); !stored)
    warn_about_cache(stored.error());
  return accuracy;
}

PipelineOptions Session::pipeline_options() {
  PipelineOptions options;
  options.rule_limit = options_.rule_limit ? &rule_limit_ : nullptr;
  options.reproducer_folder = options_.reproducer_folder;
  // The graph before each pass is at hand for numeric checks, or else costs a copy of every weight
  // that changes, which is little beside training.
  const bool is_kept = options_.verify == Verify::numeric || options_.instrumentation.bisect_limit ||
                       std::any_of(recipe_.passes.begin(), recipe_.passes.end(),
                                   [](const PassInstance& pass) {
                                     return pass.def->needs_services;
                                   });
  options.reproducer_scope = is_kept ? PipelineOptions::ReproducerScope::pass
                                     : PipelineOptions::ReproducerScope::pipeline;
  options.before_pass = [this](const Graph& graph, const PassInstance& pass) {
    return instrumentation_.before_pass(graph, pass);
  };
  options.verify = options_.verify;
  options.seed = recipe_.seed;
  options.target = recipe_.target;
  options.lookup = [this](const Graph& graph, std::size_t, const PassInstance& pass) {
    return lookup(graph, pass);
  };
  options.after_pass = [this](const Graph& graph, const PipelineOptions::Step& step) {
    return after_pass(graph, step);
  };
  return options;
}

Result<void> Session::run_passes() {
  Pipeline pipeline(recipe_.passes, pipeline_options(), sink_, &*services_);
  RCC_TRY(pipeline.run(*graph_, &*original_));
  if (options_.shows_timing) print_timing();
  return {};
}

Result<int> Session::explain_rules() {
  RCC_TRY(check_recipe());
  const WhyNotQuestion question = parse_why_not(options_.why_not);
  const WhyNotSubject subject = RCC_TRY(find_subject(question, recipe_.passes, catalog_));
  RCC_TRY(load());
  const WhyNotRun run{recipe_.passes, pipeline_options(), sink_, &*services_, &*original_};
  RCC_TRY(run_passes_before(*graph_, subject, run));
  WhyNot why_not(*subject.pass.def->rules, subject.rules);
  if (!question.node.empty()) RCC_TRY(why_not.look_at(*graph_, question.node));
  std::string answer = RCC_TRY(follow_pass(*graph_, subject, run, why_not));
  while (answer.ends_with('\n')) answer.pop_back();
  console_.print(answer);
  return 0;
}

Result<std::optional<Graph>> Session::lookup(const Graph& graph, const PassInstance& pass) {
  sink_.messages.clear();
  key_.reset();
  found_.reset();
  if (!cache_) return std::nullopt;
  // Without services there is no key, and the pass itself will say so.
  const auto key = keys_->step(graph, pass);
  if (!key || !*key) return std::nullopt;
  key_ = **key;
  std::optional<CachedStep> cached = cache_->find_step(*key_);
  if (!cached) return std::nullopt;
  for (const Diagnostic& message : cached->result.messages) console_.report(message);
  found_ = std::move(cached->result);
  return std::move(cached->graph);
}

Result<void> Session::after_pass(const Graph& graph, const PipelineOptions::Step& step) {
  StepRecord record{step.pass.name, to_text(*step.pass.options), {}, found_.has_value()};
  record.result = found_ ? *found_
                         : StepResult{step.report, step.seconds, step.changed, sink_.messages};
  if (!found_) store(graph, step.pass, record.result);
  record.file = step.pass.module_file.empty() ? step.pass.rules_file : step.pass.module_file;
  if (!record.file.empty()) record.file_digest = RCC_TRY(file_digest(record.file));
  steps_.push_back(std::move(record));
  console_.line(summary_line(steps_.size(), recipe_.passes.size(), steps_.back()));
  return instrumentation_.after_pass(graph, step);
}

void Session::store(const Graph& graph, const PassInstance& pass, const StepResult& result) {
  constexpr double kWorthIt = 1;
  if (!key_ || (!pass.def->needs_services && result.seconds < kWorthIt)) return;
  const auto stored = cache_->store_step(*key_, pass.name, graph, result);
  if (!stored) warn_about_cache(stored.error());
}

void Session::warn_about_cache(const Error& error) {
  if (std::exchange(has_warned_about_cache_, true)) return;
  console_.report({.severity = Severity::warning,
                   .message = "results are not cached: " + error.message(),
                   .help = "name another folder with --cache-dir, or use --no-cache"});
}

std::vector<std::pair<std::string, std::string>> Session::provenance() const {
  std::vector<std::pair<std::string, std::string>> rows{
      {"rcc.version", std::string(version())},
      {"rcc.recipe", recipe_.name},
      {"rcc.recipe_sha", "xxh128:" + hash_text(recipe_.text).hex()},
      {"rcc.seed", std::to_string(recipe_.seed)}};
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const StepRecord& step = steps_[i];
    rows.emplace_back(fmt::format("rcc.pass.{:02}", i + 1),
                      fmt::format("{}{{{}}}: {}", step.name, step.options, step.result.report.summary));
    if (!step.file.empty())
      rows.emplace_back(fmt::format("rcc.pass.{:02}.file", i + 1), step.file_digest);
  }
  return rows;
}

Result<void> Session::write_unchecked() {
  unchecked_ = options_.output;
  unchecked_ += ".unchecked";
  RCC_TRY(export_onnx(*graph_, unchecked_, {.metadata = provenance(), .sink = &console_}));
  std::error_code error;
  after_.bytes = std::filesystem::file_size(unchecked_, error);
  return {};
}

Result<std::filesystem::path> Session::publish(bool is_met) {
  std::filesystem::path path = options_.output;
  if (!is_met && !options_.keeps_failed) path += ".failed";
  std::error_code error;
  Result<void> done = check_output(path);
  if (done) {
    std::filesystem::rename(unchecked_, path, error);
    if (!error) return path;
    done = fail(ErrorKind::environment,
                fmt::format("cannot write `{}`: {}", path.string(), error.message()));
  }
  std::filesystem::remove(unchecked_, error);
  return fail(std::move(done).error());
}

Result<void> Session::write_report(const std::filesystem::path& output,
                                   const std::vector<std::string>& unmet) {
  if (options_.report.empty()) return {};
  RunRecord run{.recipe = recipe_,
                .options = options_,
                .before = before_,
                .after = after_,
                .steps = steps_,
                .unmet = unmet,
                .output = output,
                .seconds = seconds_,
                .services = {},
                .data = {}};
  if (services_->is_loaded()) {
    run.services = RCC_TRY(services_->services())->description();
    run.data = RCC_TRY(keys_->data_fingerprints());
  }
  return write_atomic(options_.report, report_text(run));
}

Result<int> Session::finish() {
  const std::vector<std::string> unmet = unmet_requirements(recipe_.require, before_, after_);
  const std::filesystem::path path = RCC_TRY(publish(unmet.empty()));
  console_.print(comparison_table(before_, after_));
  console_.line(fmt::format("wrote {}  {:.1f} s in all", path.string(), seconds_));
  RCC_TRY(write_report(path, unmet));
  if (unmet.empty()) return 0;
  Error problems{ErrorKind::constraint, {}};
  for (const std::string& what : unmet)
    problems.diagnostics.push_back({.message = "a requirement is not met: " + what});
  problems.diagnostics.back().notes.push_back(fmt::format("the model is in `{}`", path.string()));
  return console_.fail(problems);
}

void Session::print_timing() const {
  double total = 0;
  for (const StepRecord& step : steps_) total += step.result.seconds;
  for (const StepRecord& step : steps_)
    console_.line(fmt::format("  {:8.3f} s  {:5.1f} %  {}{}", step.result.seconds,
                              total > 0 ? 100 * step.result.seconds / total : 0, step.name,
                              step.is_cached ? " (from the cache)" : ""));
  console_.line(fmt::format("  {:8.3f} s  in all passes", total));
}

}  // namespace rcc
