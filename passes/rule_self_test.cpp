#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ir/shape_inference.h"
#include "ir/text.h"
#include "ir/verifier.h"
#include "passes/rule.h"
#include "passes/rule_pass.h"

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

  // What went wrong and, where graphs differ, both.
  struct Problem {
    std::string message;
    std::vector<std::string> notes;
  };

  // Without a message: all is well.
  Problem run(const RuleTest& test) const {
    auto before = parse(test.before);
    if (!before) return {fmt::format("its graph: {}", before.error().message()), {}};
    Graph wanted = before->clone();
    if (!test.is_unchanged) {
      auto after = parse(test.after);
      if (!after) return {fmt::format("the graph it becomes: {}", after.error().message()), {}};
      wanted = std::move(*after);
    }
    Graph graph = std::move(*before);
    std::vector<std::string> declined;
    RuleRunSettings settings;
    settings.options = RuleOptionSet({&rules_, [](const RuleSet*) {}}).values();
    settings.verify = Verify::numeric;
    settings.declined = [&](const Node& node, std::string_view reason) {
      declined.push_back(fmt::format("{} declined: {}", node.label(), reason));
    };
    if (auto done = RuleRun(graph, rules_, std::move(settings)).run(); !done)
      return {done.error().message(), {}};
    if (auto valid = verify(graph); !valid) return {valid.error().message(), {}};
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
  static Problem compare(const Graph& graph, const Graph& wanted,
                         const std::vector<std::string>& declined) {
    const auto got = print_plain(graph);
    const auto expected = print_plain(wanted);
    if (!got || !expected) return {"a graph cannot be printed", {}};
    const std::string mine = sorted_constants(*got);
    const std::string other = sorted_constants(*expected);
    if (mine == other) return {};
    Problem problem{first_difference(mine, other), {}};
    problem.notes.push_back("it became\n" + without_last_newline(*got));
    problem.notes.push_back("instead of\n" + without_last_newline(*expected));
    problem.notes.insert(problem.notes.end(), declined.begin(), declined.end());
    return problem;
  }

  static std::string without_last_newline(std::string text) {
    if (text.ends_with('\n')) text.pop_back();
    return text;
  }

  static std::string first_difference(std::string_view mine, std::string_view other) {
    while (!mine.empty() || !other.empty()) {
      const std::string_view line = mine.substr(0, mine.find('\n'));
      const std::string_view expected = other.substr(0, other.find('\n'));
      if (line != expected) return fmt::format("`{}` instead of `{}`", trimmed(line), trimmed(expected));
      mine.remove_prefix(std::min(line.size() + 1, mine.size()));
      other.remove_prefix(std::min(expected.size() + 1, other.size()));
    }
    return "the graphs differ";
  }

  static std::string_view trimmed(std::string_view line) {
    const std::size_t first = line.find_first_not_of(' ');
    return first == std::string_view::npos ? std::string_view() : line.substr(first);
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
      RuleTestRunner::Problem problem = runner.run(test);
      if (problem.message.empty()) continue;
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
