#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ir/shape_inference.h"
#include "ir/text.h"
#include "ir/verifier.h"
#include "passes/rules/rule.h"
#include "passes/rules/rule_pass.h"

namespace rcc {

namespace {

Result<std::string> print_plain(const Graph& graph) {
  PrintOptions options;
  options.with_locations = false;
  return print(graph, options);
}

// Provenance is not what a test of a rule is about.
void forget_provenance(Graph& graph) {
  for (Node& node : graph.nodes()) graph.set_provenance(node, {});
}

class RuleTestRunner {
 public:
  RuleTestRunner(const RuleSet& rules, std::shared_ptr<const OpTable> ops)
      : rules_(rules), ops_(std::move(ops)) {}

  // The problem, or empty.
  std::string run(const RuleTest& test) const {
    auto before = parse(test.before);
    if (!before) return fmt::format("its graph: {}", before.error().message());
    Graph wanted = before->clone();
    if (!test.is_unchanged) {
      auto after = parse(test.after);
      if (!after) return fmt::format("the graph it becomes: {}", after.error().message());
      wanted = std::move(*after);
    }
    Graph graph = std::move(*before);
    std::string declined;
    RuleRunSettings settings;
    settings.options = RuleOptionSet({&rules_, [](const RuleSet*) {}}).values();
    settings.verify = Verify::numeric;
    settings.declined = [&](const Node& node, std::string_view reason) {
      declined += fmt::format("; {} declined: {}", node.label(), reason);
    };
    RuleRun run(graph, rules_, std::move(settings));
    if (auto done = run.run(); !done) return done.error().message();
    if (run.statistics().unchecked > 0)
      return fmt::format("it could not be checked numerically: {}",
                         run.statistics().unchecked_reason);
    if (auto valid = verify(graph); !valid) return valid.error().message();
    forget_provenance(graph);
    forget_provenance(wanted);
    return compare(graph, wanted, declined);
  }

 private:
  Result<Graph> parse(TextRange range) const {
    const std::string_view text = rules_.source->text();
    ParseOptions options;
    options.ops = ops_;
    return parse_graph(text.substr(range.begin, range.end - range.begin), rules_.source->file(),
                       options);
  }

  // Constants may stand in any order; nodes may not.
  static std::string compare(const Graph& graph, const Graph& wanted, const std::string& declined) {
    const auto got = print_plain(graph);
    const auto expected = print_plain(wanted);
    if (!got || !expected) return "a graph cannot be printed";
    if (sorted_constants(*got) == sorted_constants(*expected)) return {};
    return fmt::format("it became another graph{}\nit is\n{}and should be\n{}", declined, *got,
                       *expected);
  }

  static std::string sorted_constants(const std::string& text) {
    std::vector<std::string> constants;
    std::string rest;
    std::size_t at = 0;
    while (at < text.size()) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      std::string line = text.substr(at, end - at);
      if (line.find("= const ") != std::string::npos)
        constants.push_back(std::move(line));
      else
        rest += line + "\n";
      at = end + 1;
    }
    std::sort(constants.begin(), constants.end());
    for (const std::string& line : constants) rest += line + "\n";
    return rest;
  }

  const RuleSet& rules_;
  std::shared_ptr<const OpTable> ops_;
};

}  // namespace

Result<std::size_t> run_rule_tests(std::string_view text, std::string_view file,
                                   std::shared_ptr<const OpTable> ops) {
  const auto rules = RCC_TRY(load_rules(text, file, *ops));
  const RuleTestRunner runner(*rules, std::move(ops));
  std::size_t count = 0;
  Error failed{ErrorKind::usage, {}};
  for (const auto& rule : rules->rules) {
    for (const RuleTest& test : rule->tests) {
      ++count;
      const std::string problem = runner.run(test);
      if (problem.empty()) continue;
      // The first line says it, graphs follow.
      const std::size_t end = problem.find('\n');
      Diagnostic diagnostic;
      diagnostic.message = fmt::format("test \"{}\" of rule `{}` failed: {}", test.name, rule->name,
                                       problem.substr(0, end));
      if (end != std::string::npos) diagnostic.notes.push_back(problem.substr(end + 1));
      diagnostic.span = rules->source->span(test.range);
      failed.diagnostics.push_back(std::move(diagnostic));
    }
  }
  if (!failed.diagnostics.empty()) return fail(std::move(failed));
  return count;
}

}  // namespace rcc
