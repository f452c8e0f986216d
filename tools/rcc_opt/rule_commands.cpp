#include "tools/rcc_opt/rule_commands.h"

#include <vector>

#include "passes/rules/rule.h"
#include "passes/rules/why_not_run.h"
#include "tools/rcc_opt/graph_file.h"
#include "tools/rcc_opt/plan.h"

namespace rcc {

namespace {

Result<std::vector<Graph>> read_input(const Settings& settings) {
  CollectingSink sink;
  if (is_onnx(settings.input)) return read_onnx(settings, sink);
  std::vector<Graph> graphs;
  for (const InputPiece& piece : RCC_TRY(read_text_pieces(settings)))
    for (Graph& graph : RCC_TRY(parse_piece(piece, settings))) graphs.push_back(std::move(graph));
  return graphs;
}

PipelineOptions pipeline_options(const Plan& plan) {
  PipelineOptions options;
  options.seed = plan.recipe.seed;
  options.target = plan.recipe.target;
  return options;
}

}  // namespace

Result<std::string> explain_rules(const Settings& settings, const std::string& text) {
  const WhyNotQuestion question = parse_why_not(text);
  const Plan plan = RCC_TRY(make_plan(settings));
  const WhyNotSubject subject =
      RCC_TRY(find_subject(question, plan.recipe.passes, settings.catalog));
  std::vector<Graph> graphs = RCC_TRY(read_input(settings));
  CollectingSink sink;
  const WhyNotRun run{.passes = plan.recipe.passes, .options = pipeline_options(plan), .sink = sink};
  std::string answer;
  Result<void> found = fail(ErrorKind::usage, "the input has no graph");
  for (Graph& graph : graphs) {
    RCC_TRY(run_passes_before(graph, subject, run));
    WhyNot why_not(*subject.pass.def->rules, subject.rules);
    if (!question.node.empty()) {
      found = why_not.look_at(graph, question.node);
      if (!found) continue;
    }
    answer += RCC_TRY(follow_pass(graph, subject, run, why_not));
    if (!question.node.empty()) return answer;
  }
  if (!question.node.empty() || graphs.empty()) RCC_TRY(std::move(found));
  return answer;
}

}  // namespace rcc
