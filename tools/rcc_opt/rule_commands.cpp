#include "tools/rcc_opt/rule_commands.h"

#include <vector>

#include "passes/pipeline.h"
#include "passes/rules/rule.h"
#include "passes/rules/rule_watch.h"
#include "passes/rules/why_not.h"
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

// The graph as the pass that is asked about would get it.
Result<void> run_passes_before(Graph& graph, const Plan& plan, const WhyNotSubject& subject) {
  const auto begin = plan.recipe.passes.begin();
  const std::vector<PassInstance> before(begin, begin + static_cast<long>(subject.index));
  CollectingSink sink;
  return Pipeline(before, pipeline_options(plan), sink).run(graph);
}

// Runs the pass as it would run, with its reasons.
Result<std::string> follow(Graph& graph, const Plan& plan, const WhyNotSubject& subject,
                           WhyNot& why_not) {
  RuleWatch watch;
  watch.attempted = [&](const RuleAttempt& attempt) { why_not.add(attempt); };
  PipelineOptions options = pipeline_options(plan);
  options.rule_watch = &watch;
  CollectingSink sink;
  RCC_TRY(Pipeline({subject.pass}, options, sink).run(graph));
  return why_not.answer();
}

}  // namespace

Result<std::string> explain_rules(const Settings& settings, const std::string& text) {
  const WhyNotQuestion question = parse_why_not(text);
  const Plan plan = RCC_TRY(make_plan(settings));
  const WhyNotSubject subject =
      RCC_TRY(find_subject(question, plan.recipe.passes, settings.catalog));
  std::vector<Graph> graphs = RCC_TRY(read_input(settings));
  std::string answer;
  Result<void> found = fail(ErrorKind::usage, "the input has no graph");
  for (Graph& graph : graphs) {
    RCC_TRY(run_passes_before(graph, plan, subject));
    WhyNot why_not(*subject.pass.def->rules, subject.rules);
    if (!question.node.empty()) {
      found = why_not.look_at(graph, question.node);
      if (!found) continue;
    }
    answer += RCC_TRY(follow(graph, plan, subject, why_not));
    if (!question.node.empty()) return answer;
  }
  if (!question.node.empty() || graphs.empty()) RCC_TRY(std::move(found));
  return answer;
}

}  // namespace rcc
