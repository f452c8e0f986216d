// Makes the graph of a failure as small as it can be.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <new>

#include "frontends/onnx/import.h"
#include "ir/support/check_output.h"
#include "ir/support/file.h"
#include "ir/text.h"
#include "ir/version.h"
#include "passes/module_loader.h"
#include "passes/reproducer_header.h"
#include "tools/command_line.h"
#include "tools/rcc_reduce/criterion.h"
#include "tools/rcc_reduce/reduction.h"
#include "tools/rcc_reduce/scratch_folder.h"

namespace rcc {
namespace {

constexpr std::uint64_t kMaxTextBytes = std::uint64_t{1} << 30;

struct Settings {
  std::filesystem::path input;
  std::filesystem::path output;
  std::string test;
  std::string passes;
  std::string keep_message;
  std::vector<std::filesystem::path> modules;
  Verify verify = Verify::numeric;
  std::uint64_t seed = 0;
  std::optional<std::uint64_t> fill_seed;
  double seconds = 60;
  std::uint64_t max_tests = 10000;
  bool is_quiet = false;
};

// What the input file says.
struct Input {
  std::vector<Graph> graphs;
  std::optional<Reproduction> reproduction;
  PassCatalog catalog;
};

class IgnoringSink final : public DiagnosticSink {
 public:
  void report(Diagnostic) override {}
};

void say(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

Result<Input> read_input(const Settings& settings, const PassCatalog& catalog) {
  Input input{{}, std::nullopt, catalog};
  if (settings.input.extension() == ".onnx") {
    IgnoringSink sink;
    input.graphs.push_back(RCC_TRY(import_onnx(settings.input, {.sink = &sink})));
    return input;
  }
  const std::string text = RCC_TRY(read_text_file(settings.input, kMaxTextBytes));
  ParseOptions options{.base = settings.input.parent_path(), .fill_seed = settings.fill_seed};
  input.graphs = RCC_TRY(parse(text, settings.input.string(), options));
  if (is_reproducer(text))
    input.reproduction = RCC_TRY(parse_reproducer(text, settings.input.string(), catalog));
  return input;
}

// The passes of the command line, or those that the input repeats.
Result<Reproduction> passes_of(const Settings& settings, Input& input) {
  const PassFactory make = [&](std::string_view name, const OptionTable& options,
                               SourceSpan place) {
    return input.catalog.make(name, options, std::move(place));
  };
  if (!settings.passes.empty()) {
    Reproduction run;
    run.passes = RCC_TRY(parse_pipeline(settings.passes, "--passes", make));
    run.verify = settings.verify;
    run.seed = settings.seed;
    return run;
  }
  if (input.reproduction) return std::move(*input.reproduction);
  return fail(ErrorKind::usage, "nothing says what to look for",
              "--test='command {}', or --passes='a,b', or an input that rcc left as a reproducer");
}

struct Question {
  Criterion criterion;
  // What opens the file of the result.
  std::function<Result<std::string>(const Graph&)> header;
};

// A reproducer of the passes that says how they end on the graph.
Result<std::string> header_of(const PassTest& test, const Graph& graph) {
  const Reproducer reproducer{.passes = test.run.passes,
                              .seed = test.run.seed,
                              .target = test.run.target,
                              .verify = test.run.verify,
                              .check_idempotent = test.run.check_idempotent};
  const ChildEnd end = RCC_TRY(run_passes(graph, test));
  return reproducer_header(reproducer, failure_line(end.output, test.message));
}

// Of passes: the message, or else how they fail on the first graph where they do.
Result<Question> ask_passes(const Settings& settings, Input& input) {
  PassTest test{.run = RCC_TRY(passes_of(settings, input)),
                .seconds = settings.seconds,
                .message = settings.keep_message};
  ChildEnd end;
  for (const Graph& graph : input.graphs) {
    end = RCC_TRY(run_passes(graph, test));
    if (end.status != 0 && !end.is_out_of_time) break;
  }
  if (settings.keep_message.empty() && (end.status == 0 || end.is_out_of_time))
    return fail(ErrorKind::usage, "the passes do not fail on the input",
                "say what they print with --keep-message=TEXT, or use --test");
  test.status = end.status;
  test.failure = failure_kind(failure_line(end.output, {}));
  return Question{pass_criterion(test),
                  [test](const Graph& graph) { return header_of(test, graph); }};
}

Result<Question> ask(const Settings& settings, Input& input, const ScratchFolder& scratch) {
  if (settings.test.empty()) return ask_passes(settings, input);
  if (!settings.passes.empty() || !settings.keep_message.empty())
    return fail(ErrorKind::usage,
                "either --test or --passes with --keep-message says what to look for",
                "keep one of them");
  return Question{command_criterion({settings.test, settings.seconds}, scratch.path()),
                  [](const Graph&) -> Result<std::string> { return std::string(); }};
}

Result<Reduction> reduce_input(const Settings& settings, const Input& input,
                               const Question& question) {
  const auto start = std::chrono::steady_clock::now();
  for (const Graph& graph : input.graphs) {
    if (!RCC_TRY(question.criterion(graph))) continue;
    ReductionOptions options{.max_tests = settings.max_tests};
    if (!settings.is_quiet)
      options.progress = [](const std::string& line) { say(line + "\n"); };
    Reduction reduction = RCC_TRY(reduce(graph, question.criterion, options));
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    say(fmt::format("before: {}\nafter:  {}\n{} tests, {:.1f} s\n", to_text(size_of(graph)),
                    to_text(size_of(reduction.graph)), reduction.tests, passed.count()));
    return reduction;
  }
  return fail(ErrorKind::usage, "the input does not show what is looked for",
              "the test must exit with 0, or the passes say the text, on the input itself");
}

Result<void> run(Settings settings) {
  if (settings.output.empty()) {
    settings.output = settings.input;
    settings.output.replace_extension(".reduced.rir");
  }
  RCC_TRY(check_output(settings.output));
  const PassCatalog catalog = RCC_TRY(load_pass_modules(settings.modules));
  Input input = RCC_TRY(read_input(settings, catalog));
  const ScratchFolder scratch = RCC_TRY(ScratchFolder::make());
  const Question question = RCC_TRY(ask(settings, input, scratch));
  const Reduction reduction = RCC_TRY(reduce_input(settings, input, question));
  const std::string header = RCC_TRY(question.header(reduction.graph));
  RCC_TRY(write_candidate(reduction.graph, settings.output, header));
  if (reduction.is_cut_short)
    say(fmt::format("warning: stopped after {} tests; --max-tests moves the limit\n",
                    reduction.tests));
  say(fmt::format("wrote {}\n", escape_for_display(settings.output.string())));
  return {};
}

void add_options(CLI::App& app, Settings& settings) {
  app.set_version_flag("--version", fmt::format("rcc-reduce {}", version()));
  app.add_option("input", settings.input,
                 "a .rir or .onnx file; one that an internal error left says itself what to run")
      ->required();
  app.add_option("--test", settings.test,
                 "a shell command with {} for the file: exits with 0 while the graph shows it");
  app.add_option("-p,--passes", settings.passes, "run these passes instead: \"a,b.rules\"");
  app.add_option("--load-pass", settings.modules, "a pass module, a .so file: runs its code")
      ->allow_extra_args(false);
  app.add_option("--keep-message", settings.keep_message,
                 "what the passes must say; otherwise they must fail as they do on the input");
  add_verify_option(app, settings.verify);
  app.add_option("--seed", settings.seed, "of inputs and random choices of --passes")
      ->check(check_whole_number);
  app.add_option("--fill-seed", settings.fill_seed, "fill weights that the text leaves out")
      ->check(check_whole_number);
  app.add_option("-o,--output", settings.output, "the result; INPUT.reduced.rir otherwise");
  app.add_option("--timeout", settings.seconds, "seconds for one test")
      ->check(CLI::Range(0.001, 1e6));
  app.add_option("--max-tests", settings.max_tests, "stop after so many")->check(check_whole_number);
  app.add_flag("-q,--quiet", settings.is_quiet, "no progress");
}

int fail_with(const Error& error) {
  for (const Diagnostic& diagnostic : error.diagnostics) say(render(diagnostic));
  return static_cast<int>(error.kind);
}

}  // namespace
}  // namespace rcc

int main(int argc, char** argv) {
  rcc::Settings settings;
  CLI::App app("Make the graph of a failure small.", "rcc-reduce");
  try {
    rcc::add_options(app, settings);
    const auto parsed = rcc::parse_command_line(app, argc, argv);
    if (!parsed) return rcc::fail_with(parsed.error());
    if (*parsed == rcc::Parsed::answer) return 0;
    const auto done = rcc::run(std::move(settings));
    return done ? 0 : rcc::fail_with(done.error());
  } catch (const std::bad_alloc&) {
    std::fputs("error: out of memory\n", stderr);
    return static_cast<int>(rcc::ErrorKind::limit);
  }
}
