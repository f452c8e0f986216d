// One pipeline over graphs in text or ONNX form: for tests, for pass authors, for reproducers.

#include <fmt/format.h>

#include <algorithm>
#include <new>

#include "ir/version.h"
#include "passes/documentation.h"
#include "passes/module_loader.h"
#include "tools/command_line.h"
#include "tools/rcc_opt/graph_file.h"
#include "tools/rcc_opt/messages.h"
#include "tools/rcc_opt/process.h"
#include "tools/rcc_opt/rule_commands.h"
#include "tools/rcc_opt/settings.h"

namespace rcc {
namespace {

struct Command {
  Settings settings;
  bool list_passes = false;
  bool generate_docs = false;
  std::string explain;
  std::string why_not;
  bool verify_each = false;
};

void add_output_options(CLI::App& app, Settings& settings) {
  app.add_option("-o,--output", settings.output, "write here: .rir or .onnx");
  app.add_option("--weights", settings.weights, "put big weights of the text into this file");
  app.add_flag("--print-weight-stats", settings.print_weight_stats,
               "largest magnitude, zeros and digest of big weights");
  app.add_flag("--no-locations", settings.no_locations, "leave out where nodes came from");
  app.add_flag("--cost", settings.cost, "print parameters, MACs and bytes instead of the graph");
}

void add_run_options(CLI::App& app, Settings& settings) {
  app.add_flag("--run", settings.run, "run the result in the interpreter, print its outputs");
  app.add_option("--run-inputs", settings.run_inputs,
                 "folder of input_<i>.npy; else made from --seed");
  app.add_option("--run-outputs", settings.run_outputs,
                 "folder for output_<i>.npy and input_<i>.npy");
}

void add_debug_options(CLI::App& app, Command& command) {
  Settings& settings = command.settings;
  add_watch_options(app, settings.watch);
  app.add_flag("--remarks", settings.remarks, "what passes did and left alone, with reasons");
  app.add_flag("--timing", settings.watch.shown.shows_timing,
               "milliseconds of each pass and of its checks");
  app.add_option("--rule-log", settings.rule_log,
                 "each try of a rule as a line of JSON; `json`: to stderr, else a file");
  app.add_flag("--rule-stats", settings.rule_stats, "what became of each rule, as a table");
  app.add_flag("--verify-diagnostics", settings.verify_diagnostics,
               "hold messages against comments `expected-error {{text}}`; remarks only where "
               "expected, unless --remarks");
  app.add_option("--run-reproducer", settings.reproducer, "repeat what such a file holds");
}

void add_options(CLI::App& app, Command& command) {
  Settings& settings = command.settings;
  app.set_version_flag("--version", fmt::format("rcc-opt {}", version()));
  app.add_option("input", settings.input,
                 "a .rir or .onnx file; - is text from the standard input");
  app.add_option("-p,--passes", settings.passes, "\"a,b{option=value},c.rules\"");
  app.add_option("--rules", settings.rules, "a .rules file: a pass named by its stem")
      ->allow_extra_args(false);
  app.add_option("--load-pass", settings.modules, "a pass module, a .so file: runs its code")
      ->allow_extra_args(false);
  app.add_option("--recipe", settings.recipe, "passes, seed and target of a recipe");
  app.add_flag("--verify-each", command.verify_each,
               "the verifier after each pass, which is the default");
  add_verify_option(app, settings.verify);
  app.add_flag("--check-idempotent", settings.check_idempotent, "run each pass a second time");
  app.add_flag("--split-input-file", settings.split_input, "parts between `// -----` on their own");
  app.add_option("--seed", settings.seed, "of inputs and random choices")
      ->check(check_whole_number);
  app.add_option("--fill-seed", settings.fill_seed, "fill weights that the text leaves out")
      ->check(check_whole_number);
  add_debug_options(app, command);
  add_output_options(app, settings);
  add_run_options(app, settings);
  app.add_flag("--list-passes", command.list_passes, "names, promises and first sentences");
  app.add_option("--explain", command.explain, "all there is to say about a pass");
  app.add_option("--why-not", command.why_not,
                 "RULE or PASS, also with @LAYER: why rules do not apply, and where nearly");
  app.add_flag("--generate-docs", command.generate_docs, "print docs/passes.md");
}

// An option that another one leaves nothing to do.
struct IdleOption {
  std::string_view name;
  bool is_idle;
  std::string_view why;
};

// Nothing that is asked for is ignored without a word.
Result<void> check_idle_options(const CLI::App& app, const Command& command) {
  const Settings& settings = command.settings;
  const bool explains = !command.why_not.empty();
  const bool repeats = !settings.reproducer.empty();
  const bool is_model = is_onnx(settings.input);
  const bool writes_text =
      settings.output.empty() ? !settings.cost && !settings.run : !is_onnx(settings.output);
  constexpr std::string_view kHeld = "a reproducer holds its own";
  constexpr std::string_view kAnswer = "--why-not prints its answer only";
  constexpr std::string_view kText = "an ONNX model is no text";
  const IdleOption options[] = {
      {"input", repeats, "a reproducer holds its own graph"},
      {"--seed", repeats, kHeld},
      {"--verify", repeats, kHeld},
      {"--check-idempotent", repeats, kHeld},
      {"--reproducer-dir", repeats, "what is repeated is not kept again"},
      {"--split-input-file", is_model, kText},
      {"--fill-seed", is_model, kText},
      {"--run-inputs", !settings.run, "it goes with --run"},
      {"--run-outputs", !settings.run, "it goes with --run"},
      {"--weights", !writes_text, "no text is written beside it"},
      {"--output", explains, kAnswer},
      {"--cost", explains, kAnswer},
      {"--run", explains, kAnswer},
      {"--rule-limit", explains, kAnswer},
      {"--bisect-limit", explains, kAnswer},
  };
  Error error{ErrorKind::usage, {}};
  for (const IdleOption& option : options)
    if (option.is_idle && app.count(std::string(option.name)) > 0)
      error.diagnostics.push_back(
          {.message = fmt::format("{} would do nothing: {}", option.name, option.why)});
  if (!error.diagnostics.empty()) return fail(std::move(error));
  return {};
}

// What one option says about another.
Result<void> resolve(const CLI::App& app, Command& command) {
  Settings& settings = command.settings;
  RCC_TRY(check_idle_options(app, command));
  settings.has_seed = app.count("--seed") > 0;
  if (command.verify_each) settings.verify = std::max(settings.verify, Verify::structural);
  return {};
}

int print_result(const Result<std::string>& text) {
  if (text) return print_out(*text);
  print_error(text.error());
  return static_cast<int>(text.error().kind);
}

int run(Command& command) {
  auto catalog = load_pass_modules(command.settings.modules);
  if (!catalog) return print_result(fail(std::move(catalog).error()));
  command.settings.catalog = std::move(*catalog);
  if (command.list_passes) return print_result(list_passes(command.settings.catalog));
  if (command.generate_docs) return print_result(passes_page());
  if (!command.explain.empty())
    return print_result(explain_pass(command.explain, command.settings.catalog));
  if (!command.why_not.empty() && !command.settings.input.empty())
    return print_result(explain_rules(command.settings, command.why_not));
  return process(command.settings);
}

}  // namespace
}  // namespace rcc

int main(int argc, char** argv) {
  rcc::Command command;
  CLI::App app("One pipeline of passes over one file.", "rcc-opt");
  try {
    rcc::add_options(app, command);
    const auto parsed = rcc::parse_command_line(app, argc, argv);
    if (!parsed) return rcc::print_result(rcc::fail(parsed.error()));
    if (*parsed == rcc::Parsed::answer) return 0;
    if (const auto resolved = rcc::resolve(app, command); !resolved)
      return rcc::print_result(rcc::fail(resolved.error()));
    return rcc::run(command);
  } catch (const std::bad_alloc&) {
    std::fputs("error: out of memory\n", stderr);
    return static_cast<int>(rcc::ErrorKind::limit);
  }
}
