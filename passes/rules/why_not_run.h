#pragma once

#include <string>
#include <vector>

#include "passes/pipeline.h"
#include "passes/rules/why_not.h"

namespace rcc {

// How the passes run that a question is about; as for Pipeline.
struct WhyNotRun {
  const std::vector<PassInstance>& passes;
  PipelineOptions options;
  DiagnosticSink& sink;
  ServiceProvider* provider = nullptr;
  const Graph* original = nullptr;
};

// The graph as the pass that is asked about would get it.
Result<void> run_passes_before(Graph& graph, const WhyNotSubject& subject, const WhyNotRun& run);
// Runs that pass as it would run, with its reasons. The answer.
Result<std::string> follow_pass(Graph& graph, const WhyNotSubject& subject, const WhyNotRun& run,
                                WhyNot& why_not);

}  // namespace rcc
