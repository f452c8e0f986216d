#include "passes/rules/why_not_run.h"

namespace rcc {

Result<void> run_passes_before(Graph& graph, const WhyNotSubject& subject, const WhyNotRun& run) {
  const auto begin = run.passes.begin();
  std::vector<PassInstance> before(begin, begin + static_cast<long>(subject.index));
  return Pipeline(std::move(before), run.options, run.sink, run.provider).run(graph, run.original);
}

Result<std::string> follow_pass(Graph& graph, const WhyNotSubject& subject, const WhyNotRun& run,
                                WhyNot& why_not) {
  RuleWatch watch;
  watch.attempted = [&](const RuleAttempt& attempt) { why_not.add(attempt); };
  PipelineOptions options = run.options;
  options.rule_watch = &watch;
  // The pass itself must run: a result from a cache has no reasons.
  options.lookup = {};
  options.after_pass = {};
  RCC_TRY(Pipeline({subject.pass}, options, run.sink, run.provider).run(graph, run.original));
  return why_not.answer();
}

}  // namespace rcc
