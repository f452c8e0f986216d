#include "test/unit/rule_testing.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <utility>

#include "ir/text.h"
#include "ir/verifier.h"

namespace rcc {

std::shared_ptr<const RuleSet> load(std::string_view text, std::string_view file) {
  auto rules = load_rules(text, file, *OpTable::builtin());
  EXPECT_TRUE(rules) << text << (rules ? "" : render(rules.error().diagnostics.front()));
  return rules ? *rules : std::make_shared<RuleSet>();
}

Graph graph_of(std::string_view text) {
  auto graph = parse_graph(text);
  EXPECT_TRUE(graph) << text << (graph ? "" : render(graph.error().diagnostics.front()));
  return graph ? std::move(*graph) : Graph();
}

Graph chain_of(int pairs) {
  Graph graph;
  Value* value = &graph.add_input("x", Type(DType::f32, {Dim(2)}));
  for (int i = 0; i < pairs; ++i) {
    value = &graph.add(OpKind::relu, {value});
    value = &graph.add(OpKind::tanh, {value});
  }
  graph.add_output(*value);
  return graph;
}

std::vector<std::string> errors_of(std::string_view text,
                                   std::shared_ptr<const FunctionTable> functions) {
  const auto rules = load_rules(text, "t.rules", *OpTable::builtin(), std::move(functions));
  std::vector<std::string> result;
  if (rules) return result;
  for (const Diagnostic& d : rules.error().diagnostics)
    result.push_back(fmt::format("{}:{}: {}{}", d.span.line, d.span.column, d.message,
                                 d.help.empty() ? "" : " (" + d.help + ")"));
  return result;
}

std::string text_of(const Graph& graph) {
  PrintOptions options;
  options.with_locations = false;
  return print(graph, options).value();
}

RewriteOutcome rewrite(std::string_view rule_text, std::string_view graph_text, int times,
                       const LayerSelection& selection) {
  RewriteOutcome outcome;
  const auto rules = load(rule_text);
  Graph graph = graph_of(graph_text);
  for (int i = 0; i < times && outcome.error.empty(); ++i) {
    RuleRunSettings settings;
    settings.options = RuleOptionSet(rules).values();
    settings.verify = Verify::numeric;
    settings.selection = selection;
    settings.declined = [&](const Node& node, std::string_view reason) {
      outcome.declined.push_back(fmt::format("%{} {}", node.result()->name(), reason));
    };
    RuleRun run(graph, *rules, settings);
    if (const auto done = run.run(); !done) {
      outcome.error = done.error().message();
      outcome.place = done.error().diagnostics.front().span;
    }
    outcome.statistics = run.statistics();
    EXPECT_TRUE(verify(graph));
  }
  outcome.text = text_of(graph);
  return outcome;
}

}  // namespace rcc
