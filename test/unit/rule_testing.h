#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "passes/rules/rule.h"
#include "passes/rules/rule_pass.h"

namespace rcc {

// What tests of rules begin with. Rules and graphs that do not load fail the test.
std::shared_ptr<const RuleSet> load(std::string_view text, std::string_view file = "t.rules");
Graph graph_of(std::string_view text);
// relu and tanh, one after the other.
Graph chain_of(int pairs);

// "line:column: message (help)" of everything that is wrong with a rule file.
std::vector<std::string> errors_of(
    std::string_view text,
    std::shared_ptr<const FunctionTable> functions = FunctionTable::builtin());

// Without locations.
std::string text_of(const Graph& graph);

struct RewriteOutcome {
  std::string text;
  std::string error;
  SourceSpan place;
  // "%value reason".
  std::vector<std::string> declined;
  RuleRunStatistics statistics;
};
// Runs rules with numeric verification, `times` over.
RewriteOutcome rewrite(std::string_view rules, std::string_view graph, int times = 1,
                       const LayerSelection& selection = {});

}  // namespace rcc
