#include "tools/rcc_opt/process.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>

#include "ir/cost.h"
#include "ir/text.h"
#include "passes/pipeline.h"
#include "tools/rcc_opt/execute.h"
#include "tools/rcc_opt/graph_file.h"

namespace rcc {

namespace {

constexpr std::size_t kMostErrors = 20;

void print_err(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

class StderrSink final : public DiagnosticSink {
 public:
  explicit StderrSink(bool with_remarks) : with_remarks_(with_remarks) {}
  void report(Diagnostic diagnostic) override {
    if (with_remarks_ || diagnostic.severity <= Severity::warning) print_err(render(diagnostic));
  }

 private:
  bool with_remarks_;
};

// Passes by name, with the files of --rules first.
Result<PassInstance> make(const Settings& settings, std::string_view name,
                          const OptionTable& options, SourceSpan place) {
  for (const std::filesystem::path& path : settings.rules)
    if (path.stem() == name) return load_rules_pass(path, options, std::move(place));
  return settings.catalog.make(name, options, std::move(place));
}

// --passes, or for want of it the --rules in order.
Result<std::vector<PassInstance>> passes_of(const Settings& settings) {
  std::vector<PassInstance> passes;
  if (settings.passes.empty()) {
    for (const std::filesystem::path& path : settings.rules)
      passes.push_back(RCC_TRY(load_rules_pass(path, {})));
    return passes;
  }
  const auto factory = [&](std::string_view name, const OptionTable& options, SourceSpan place) {
    return make(settings, name, options, std::move(place));
  };
  return parse_pipeline(settings.passes, "--passes", factory);
}

// --print-ir-before, --print-ir-after.
Result<void> dump(const Graph& graph, std::string_view when, const std::string& wanted,
                  const std::string& pass, const Settings& settings) {
  if (wanted != "all" && wanted != pass) return {};
  PrintOptions options = print_options(settings);
  // The side file belongs to the result.
  options.weights_file.clear();
  print_err(fmt::format("// IR {} {}\n{}\n", when, pass, RCC_TRY(print(graph, options))));
  return {};
}

void print_step(const PipelineOptions::Step& step, const Settings& settings, StderrSink& sink) {
  if (!step.report.summary.empty())
    sink.report({.severity = Severity::remark,
                 .message = fmt::format("{}: {}", step.pass.name, step.report.summary)});
  if (!settings.timing) return;
  print_err(fmt::format("timing: {} {:.3f} ms, checks {:.3f} ms, {}\n", step.pass.name,
                        step.seconds * 1e3, step.check_seconds * 1e3,
                        step.changed ? "changed" : "unchanged"));
}

Result<void> transform(Graph& graph, const std::vector<PassInstance>& passes,
                       const Settings& settings, StderrSink& sink) {
  PipelineOptions options;
  options.verify = settings.verify;
  options.seed = settings.seed;
  options.check_idempotent = settings.check_idempotent;
  options.reproducer_folder = settings.reproducer_folder;
  options.after_pass = [&](const Graph& after, const PipelineOptions::Step& step) {
    print_step(step, settings, sink);
    return dump(after, "after", settings.print_after, step.pass.name, settings);
  };
  options.lookup = [&](const Graph& before, std::size_t,
                       const PassInstance& pass) -> Result<std::optional<Graph>> {
    RCC_TRY(dump(before, "before", settings.print_before, pass.name, settings));
    return std::nullopt;
  };
  return Pipeline(passes, options, sink).run(graph);
}

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

Result<std::string> process_graphs(std::vector<Graph> graphs,
                                   const std::vector<PassInstance>& passes,
                                   const Settings& settings, StderrSink& sink) {
  for (Graph& graph : graphs) RCC_TRY(transform(graph, passes, settings, sink));
  if (!settings.output.empty()) RCC_TRY(write_output(graphs, settings, sink));
  return result_text(graphs, settings);
}

Result<std::string> process_piece(const InputPiece& piece, const std::vector<PassInstance>& passes,
                                  const Settings& settings, StderrSink& sink) {
  return process_graphs(RCC_TRY(parse_piece(piece, settings)), passes, settings, sink);
}

int exit_code(const Error& error) {
  print_error(error);
  return static_cast<int>(error.kind);
}

// Every piece is processed, whatever becomes of the others; the first failure decides the exit
// code.
int process_text(const std::vector<PassInstance>& passes, const Settings& settings,
                 StderrSink& sink) {
  const auto pieces = read_text_pieces(settings);
  if (!pieces) return exit_code(pieces.error());
  if (pieces->size() > 1 && !settings.output.empty())
    return exit_code(
        fail(ErrorKind::usage, "--split-input-file prints to the standard output").value());
  int code = 0;
  std::string text;
  for (std::size_t i = 0; i < pieces->size(); ++i) {
    if (i > 0) text += "// -----\n";
    const auto result = process_piece((*pieces)[i], passes, settings, sink);
    if (result) {
      text += *result;
      continue;
    }
    const int failed = exit_code(result.error());
    if (code == 0) code = failed;
  }
  const int printed = print_out(text);
  return code == 0 ? printed : code;
}

}  // namespace

void print_error(const Error& error) {
  const std::size_t shown = std::min(error.diagnostics.size(), kMostErrors);
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) text += render(error.diagnostics[i]);
  if (shown < error.diagnostics.size())
    text += fmt::format("and {} more\n", error.diagnostics.size() - shown);
  print_err(text);
}

int print_out(const std::string& text) {
  const bool is_whole = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (is_whole && std::fflush(stdout) == 0) return 0;
  const Error error{
      ErrorKind::environment,
      {{.message = fmt::format("cannot write to the standard output: {}", std::strerror(errno))}}};
  return exit_code(error);
}

int process(const Settings& settings) {
  StderrSink sink(settings.remarks);
  const auto passes = passes_of(settings);
  if (!passes) return exit_code(passes.error());
  if (!is_onnx(settings.input)) return process_text(*passes, settings, sink);
  auto graphs = read_onnx(settings, sink);
  if (!graphs) return exit_code(graphs.error());
  const auto text = process_graphs(std::move(*graphs), *passes, settings, sink);
  return text ? print_out(*text) : exit_code(text.error());
}

}  // namespace rcc
