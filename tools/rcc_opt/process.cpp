#include "tools/rcc_opt/process.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "frontends/recipe/recipe_text.h"
#include "ir/cost.h"
#include "ir/text.h"
#include "passes/instrumentation.h"
#include "passes/pipeline.h"
#include "tools/rcc_opt/execute.h"
#include "tools/rcc_opt/graph_file.h"
#include "tools/rcc_opt/messages.h"
#include "tools/rcc_opt/plan.h"
#include "tools/rcc_opt/rule_report.h"

namespace rcc {

namespace {

// How the passes of one run are watched and held to their promises.
class Transformation {
 public:
  Transformation(const Plan& plan, const Settings& settings, Messages& messages)
      : plan_(plan),
        messages_(messages),
        instrumentation_(shown(settings), print_err),
        rule_limit_(settings.watch.rule_limit),
        rules_(settings) {
    options_.verify = plan.verify;
    options_.seed = plan.recipe.seed;
    options_.target = plan.recipe.target;
    options_.check_idempotent = plan.check_idempotent;
    // What is repeated need not be kept again.
    if (settings.reproducer.empty()) options_.reproducer_folder = settings.watch.reproducer_folder;
    options_.rule_limit = settings.watch.rule_limit ? &rule_limit_ : nullptr;
    options_.rule_watch = rules_.watch();
    options_.before_pass = [this](const Graph& graph, const PassInstance& pass) {
      return instrumentation_.before_pass(graph, pass);
    };
    options_.after_pass = [this](const Graph& graph, const PipelineOptions::Step& step) {
      if (!step.report.summary.empty())
        messages_.report({.severity = Severity::remark,
                          .message = fmt::format("{}: {}", step.pass.name, step.report.summary)});
      return instrumentation_.after_pass(graph, step);
    };
  }
  Transformation(const Transformation&) = delete;
  Transformation& operator=(const Transformation&) = delete;

  Result<void> check() const { return instrumentation_.check(plan_.recipe.passes); }
  Result<void> run(Graph& graph) {
    messages_.enter_graph(graph.name());
    return Pipeline(plan_.recipe.passes, options_, messages_).run(graph);
  }
  // --rule-log and --rule-stats.
  Result<void> report_rules() {
    print_err(RCC_TRY(rules_.finish()));
    return {};
  }

 private:
  static InstrumentationOptions shown(const Settings& settings) {
    InstrumentationOptions options = instrumentation_options(settings.watch);
    options.print = print_options(settings);
    return options;
  }

  const Plan& plan_;
  Messages& messages_;
  Instrumentation instrumentation_;
  StepLimit rule_limit_;
  RuleReport rules_;
  PipelineOptions options_;
};

std::string cost_text(const Graph& graph) {
  const Cost cost = cost_with_zeros(graph);
  return fmt::format("cost @{}: params={} nonzero_params={} macs={} weight_bytes={}\n",
                     graph.name(), cost.params, cost.nonzero_params, cost.macs, cost.weight_bytes);
}

// What the standard output gets for the graphs of one piece.
Result<std::string> result_text(const std::vector<Graph>& graphs, const Settings& settings) {
  std::string text;
  for (const Graph& graph : graphs) {
    if (settings.cost) text += cost_text(graph);
    if (settings.run) text += RCC_TRY(execute(graph, settings));
    if (settings.cost || settings.run || !settings.output.empty()) continue;
    if (!text.empty()) text += '\n';
    text += RCC_TRY(print(graph, print_options(settings)));
  }
  return text;
}

Result<std::string> process_graphs(std::vector<Graph> graphs, Transformation& transformation,
                                   const Settings& settings, Messages& messages) {
  for (Graph& graph : graphs) RCC_TRY(transformation.run(graph));
  if (!settings.output.empty()) RCC_TRY(write_output(graphs, settings, messages));
  return result_text(graphs, settings);
}

Result<std::string> process_piece(const InputPiece& piece, Transformation& transformation,
                                  const Settings& settings, Messages& messages) {
  messages.enter_text(piece.text, piece.file);
  return process_graphs(RCC_TRY(parse_piece(piece, settings)), transformation, settings, messages);
}

// Every piece is processed, whatever becomes of the others. The text of those that went well.
Result<std::string> process_text(Transformation& transformation, const Settings& settings,
                                 Messages& messages) {
  const std::vector<InputPiece> pieces = RCC_TRY(read_text_pieces(settings));
  if (pieces.size() > 1 && !settings.output.empty())
    return fail(ErrorKind::usage, "--split-input-file prints to the standard output");
  std::string text;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (i > 0) text += "// -----\n";
    const auto result = process_piece(pieces[i], transformation, settings, messages);
    if (result)
      text += *result;
    else
      messages.fail(result.error());
  }
  return text;
}

Result<std::string> process_input(Transformation& transformation, const Settings& settings,
                                  Messages& messages) {
  if (!is_onnx(settings.input)) return process_text(transformation, settings, messages);
  return process_graphs(RCC_TRY(read_onnx(settings, messages)), transformation, settings, messages);
}

// What goes to the standard output.
Result<std::string> run(const Settings& settings, Messages& messages) {
  Settings resolved = settings;
  for (const std::filesystem::path& path : settings.rules) messages.add_rules(path);
  const Plan plan = RCC_TRY(make_plan(settings));
  for (const Diagnostic& warning : plan.recipe.warnings) messages.report(warning);
  if (!settings.watch.print_pipeline.empty()) return pipeline_text(plan.recipe, settings.watch.print_pipeline);
  if (!settings.reproducer.empty()) resolved.input = settings.reproducer.string();
  if (resolved.input.empty())
    return fail(ErrorKind::usage, "no input file", "rcc-opt INPUT.rir --passes='a,b'");
  resolved.seed = plan.recipe.seed;
  Transformation transformation(plan, resolved, messages);
  RCC_TRY(transformation.check());
  const Result<std::string> text = process_input(transformation, resolved, messages);
  // What rules did is of most use when something went wrong.
  RCC_TRY(transformation.report_rules());
  return text;
}

}  // namespace

int print_out(const std::string& text) {
  const bool is_whole = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (is_whole && std::fflush(stdout) == 0) return 0;
  print_error({ErrorKind::environment,
               {{.message = fmt::format("cannot write to the standard output: {}",
                                        std::strerror(errno))}}});
  return static_cast<int>(ErrorKind::environment);
}

int process(const Settings& settings) {
  const auto mode = settings.verify_diagnostics ? Messages::Mode::verify : Messages::Mode::print;
  Messages messages(mode, settings.remarks);
  const Result<std::string> text = run(settings, messages);
  if (!text) messages.fail(text.error());
  const int code = messages.finish();
  const int printed = text ? print_out(*text) : 0;
  return code == 0 ? printed : code;
}

}  // namespace rcc
